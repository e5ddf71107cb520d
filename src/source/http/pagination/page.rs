//! `strategy: page`: pages have numbers.

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

inventory::submit! { Kind::<HttpPaginationFamily>::of::<PageConfig>("page") }

section! {
    /// Asks for pages by their number.
    ///
    /// The listing ends when the total is reached, at an empty page, and without a total at a page
    /// shorter than `page_size`. A first page that is short by a round number may be cut by the
    /// server, so one more is asked for.
    pub struct PageConfig {
        /// Query parameter that carries `page_size`, for example `per_page`. Not written: no size
        /// is sent.
        pub limit_param: Option<Text>,
        /// Query parameter that carries the number of the page. Not written: `page`.
        pub page_param: Option<Text>,
        /// The number of the first page.
        pub page_start: u32 = 1,
        /// How many items a page has. Not written: 100 where `limit_param` is, otherwise unknown,
        /// and the listing goes on to an empty page.
        pub page_size: Option<NonZeroU32>,
        /// Path of the total number of items in the answer, for example `total_count`. It makes
        /// the end certain. An addition of rolecall.
        pub total_path: Option<PathText>,
    }
}

impl KindConfig<HttpPaginationFamily> for PageConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        let fields = Fields {
            param: (&self.page_param, "page"),
            start: self.page_start,
            limit_param: &self.limit_param,
            page_size: self.page_size,
            total_path: &self.total_path,
        };
        Counted::compile(fields, cx)
            .map(|counted| Box::new(PageNumber(counted)) as Box<dyn Paginate>)
    }
}

#[derive(Debug)]
struct PageNumber(Counted);

impl Paginate for PageNumber {
    fn prepare(
        &self,
        request: &mut RequestParts,
        place: Option<&Place>,
    ) -> Result<(), SourceError> {
        self.0.prepare(request, place);
        Ok(())
    }

    fn next(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        let present = match turn.place {
            Some(place) => place.at.parse().map_err(|_| {
                SourceError::Invalid("the page token is not one of this listing".to_owned())
            })?,
            None => self.0.start,
        };
        self.0.next(turn, |_| present.saturating_add(1))
    }
}
