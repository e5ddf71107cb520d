//! `strategy: offset`: pages begin at a number of items.

use std::num::NonZeroU32;

use super::counted::{Counted, Fields};
use super::{Paginate, Place, Turn, Verdict};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{PathText, Text};
use crate::source::SourceError;
use crate::source::http::request::RequestParts;

inventory::submit! { Kind::<HttpPaginationFamily>::of::<OffsetConfig>("offset") }

section! {
    /// Asks for pages by the number of items to leave out.
    ///
    /// The next page begins after the items that came. The listing ends when the total is reached,
    /// at an empty page, and without a total at a page shorter than `page_size`. A first page that
    /// is short by a round number may be cut by the server, so one more is asked for.
    pub struct OffsetConfig {
        /// Query parameter that carries `page_size`, for example `limit`. Not written: no size is
        /// sent.
        pub limit_param: Option<Text>,
        /// Query parameter that carries the number of items to leave out. Not written: `offset`.
        pub offset_param: Option<Text>,
        /// How many items a page has. Not written: 100 where `limit_param` is, otherwise unknown,
        /// and the listing goes on to an empty page.
        pub page_size: Option<NonZeroU32>,
        /// Path of the total number of items in the answer, for example `meta.total`. It makes the
        /// end certain.
        pub total_path: Option<PathText>,
        /// The number of the first item: 1 for APIs that count so, such as SCIM. An addition of
        /// rolecall.
        pub offset_start: u32 = 0,
    }
}

impl KindConfig<HttpPaginationFamily> for OffsetConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        let fields = Fields {
            param: (&self.offset_param, "offset"),
            start: self.offset_start,
            limit_param: &self.limit_param,
            page_size: self.page_size,
            total_path: &self.total_path,
        };
        Counted::compile(fields, cx).map(|counted| Box::new(Offset(counted)) as Box<dyn Paginate>)
    }
}

#[derive(Debug)]
struct Offset(Counted);

impl Paginate for Offset {
    fn prepare(
        &self,
        request: &mut RequestParts,
        place: Option<&Place>,
    ) -> Result<(), SourceError> {
        self.0.prepare(request, place);
        Ok(())
    }

    fn next(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        self.0
            .next(turn, |items| self.0.start.saturating_add(items))
    }
}
