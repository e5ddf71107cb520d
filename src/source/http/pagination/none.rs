//! `strategy: none`: one request brings everything.

use super::{Paginate, Place, Turn, Verdict};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::source::SourceError;
use crate::source::http::request::parts::RequestParts;

inventory::submit! { Kind::<HttpPaginationFamily>::of::<NoneConfig>("none") }

section! {
    /// Makes one request: its answer holds everything.
    pub struct NoneConfig {}
}

impl KindConfig<HttpPaginationFamily> for NoneConfig {
    fn compile(&self, _: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        Some(Box::new(Unpaged))
    }
}

/// One request; also what a listing without `pagination` uses.
#[derive(Debug)]
pub(in crate::source::http) struct Unpaged;

impl Paginate for Unpaged {
    fn prepare(&self, _: &mut RequestParts, _: Option<&Place>) -> Result<(), SourceError> {
        Ok(())
    }

    fn next(&self, _: &Turn<'_>) -> Result<Verdict, SourceError> {
        Ok(Verdict::end("the listing has no paging"))
    }
}
