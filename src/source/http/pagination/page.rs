//! `strategy: page`: pages have numbers.

use std::num::NonZeroU32;

use super::counted::{Counted, PAGE_SIZE};
use super::{Paginate, Place, Turn, Verdict};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{PathText, Text};
use crate::source::SourceError;
use crate::source::http::paths::JsonPath;
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
        let total = match &self.total_path {
            Some(path) => Some(JsonPath::compile(path, cx)?),
            None => None,
        };
        let limit = self.limit_param.as_ref().map(|param| param.text.clone());
        let sent = limit.as_ref().map(|_| PAGE_SIZE);
        let size = self.page_size.map(NonZeroU32::get).or(sent);
        Some(Box::new(PageNumber {
            limit: limit.zip(size),
            start: u64::from(self.page_start),
            counted: Counted {
                param: self
                    .page_param
                    .as_ref()
                    .map_or("page".to_owned(), |param| param.text.clone()),
                size: size.map(u64::from),
                asks_for_size: sent.is_some(),
                total,
            },
        }))
    }
}

#[derive(Debug)]
struct PageNumber {
    limit: Option<(String, u32)>,
    start: u64,
    counted: Counted,
}

impl Paginate for PageNumber {
    fn prepare(
        &self,
        request: &mut RequestParts,
        place: Option<&Place>,
    ) -> Result<(), SourceError> {
        if let Some((param, size)) = &self.limit {
            request.set_query(param, &size.to_string());
        }
        let first = self.start.to_string();
        request.set_query(&self.counted.param, place.map_or(&first, |place| &place.at));
        Ok(())
    }

    fn next(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        let present = match turn.place {
            Some(place) => place.at.parse().map_err(|_| {
                SourceError::Invalid("the page token is not one of this listing".to_owned())
            })?,
            None => self.start,
        };
        self.counted.next(turn, |_| present + 1)
    }
}
