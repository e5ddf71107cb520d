//! `strategy: page`: pages have numbers.

use std::num::NonZeroU32;

use super::counted::{Counted, Fields};
use super::param::ParamsIn;
use super::{Paginate, Place, Turn, Verdict};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{PathText, TemplateText, Text};
use crate::source::SourceError;
use crate::source::http::request::parts::RequestParts;

inventory::submit! { Kind::<HttpPaginationFamily>::of::<PageConfig>("page") }

section! {
    /// Asks for pages by their number.
    ///
    /// The listing ends when `more_path` says so, when the total or the number of pages is reached,
    /// at an empty page, and without any of these at a page shorter than `page_size`. A first page
    /// that is short by a round number may be cut by the server, so one more is asked for.
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
        /// What is sent as the page, where that is more than a number: a template over `.number`
        /// and `.size`, for example `tmpl:application/json; page={{ .number }}` in an `Accept`
        /// header. An addition of rolecall.
        pub page_value: Option<TemplateText>,
        /// Where both parameters go: `query` (when not written), `body`, or `header`, which concerns
        /// the page only. In a JSON body, dots lead into objects: `page_param: paging.page`. An
        /// addition of rolecall.
        pub params_in: Option<ParamsIn>,
        /// Header with the total number of items, for example `X-Total-Count`. An addition of
        /// rolecall.
        pub total_header: Option<Text>,
        /// Path of the number of pages in the answer, for example `meta.last_page`. An addition of
        /// rolecall.
        pub total_pages_path: Option<PathText>,
        /// Header with the number of pages, for example `X-Total-Pages`. Where an answer leaves it
        /// out, the size of the page decides. An addition of rolecall.
        pub total_pages_header: Option<Text>,
        /// Path of a truth value that says whether there are more pages, for example `has_more`. It
        /// is believed over every count. An addition of rolecall.
        pub more_path: Option<PathText>,
        /// How many items the API can reach at all, for example 1000. There no further page is asked
        /// for, and unless the list is known to end there, the listing is partial. An addition of
        /// rolecall.
        pub ceiling: Option<NonZeroU32>,
        /// Only an empty page is the end: for APIs whose pages may be short anywhere. An addition
        /// of rolecall.
        pub until_empty: bool = false,
    }
}

impl KindConfig<HttpPaginationFamily> for PageConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        let fields = Fields {
            param: (self.page_param.as_ref(), "page"),
            value: self.page_value.as_ref(),
            params_in: self.params_in,
            start: self.page_start,
            limit_param: self.limit_param.as_ref(),
            page_size: self.page_size,
            total: (self.total_path.as_ref(), self.total_header.as_ref()),
            pages: (
                self.total_pages_path.as_ref(),
                self.total_pages_header.as_ref(),
            ),
            more_path: self.more_path.as_ref(),
            ceiling: self.ceiling,
            until_empty: self.until_empty,
            by_items: false,
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
        self.0.prepare(request, place)
    }

    fn next(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        let present = self.0.number(turn.place)?;
        self.0.next(turn, |_| present.saturating_add(1))
    }

    fn by_number(&self) -> bool {
        true
    }

    fn size(&self) -> Option<u64> {
        self.0.asked_size()
    }
}
