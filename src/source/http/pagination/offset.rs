//! `strategy: offset`: pages begin at a number of items.

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

inventory::submit! { Kind::<HttpPaginationFamily>::of::<OffsetConfig>("offset") }

section! {
    /// Asks for pages by the number of items to leave out.
    ///
    /// The next page begins after the items that came. The listing ends when `more_path` says so,
    /// when the total is reached, at an empty page, and without any of these at a page shorter than
    /// `page_size`. A first page that is short by a round number may be cut by the server, so one
    /// more is asked for.
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
        /// The number of the first item: 1 for APIs that count so. An addition of rolecall.
        pub offset_start: u32 = 0,
        /// What is sent as the offset, where that is more than a number: a template over `.number`,
        /// `.size` and `.end`, the number of the last item of the page. For example
        /// `tmpl:users {{ .number }}-{{ .end }}` for pages that a `Range` header names. An addition
        /// of rolecall.
        pub offset_value: Option<TemplateText>,
        /// Where both parameters go: `query` (when not written), `body`, or `header`, which concerns
        /// the offset only. In a JSON body, dots lead into objects: `offset_param: paging.offset`.
        /// An addition of rolecall.
        pub params_in: Option<ParamsIn>,
        /// Header with the total number of items, for example `X-Total-Count`, or `Content-Range`,
        /// which ends with it. An addition of rolecall.
        pub total_header: Option<Text>,
        /// Path of a truth value that says whether there are more pages, for example `more`. It is
        /// believed over every count. An addition of rolecall.
        pub more_path: Option<PathText>,
        /// How many items the API can reach at all, for example 10000. There no further page is
        /// asked for, and unless the list is known to end there, the listing is partial. An addition
        /// of rolecall.
        pub ceiling: Option<NonZeroU32>,
        /// Only an empty page is the end: for APIs whose pages may be short anywhere. An addition
        /// of rolecall.
        pub until_empty: bool = false,
    }
}

impl KindConfig<HttpPaginationFamily> for OffsetConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        let fields = Fields {
            param: (self.offset_param.as_ref(), "offset"),
            value: self.offset_value.as_ref(),
            params_in: self.params_in,
            start: self.offset_start,
            limit_param: self.limit_param.as_ref(),
            page_size: self.page_size,
            total: (self.total_path.as_ref(), self.total_header.as_ref()),
            pages: (None, None),
            more_path: self.more_path.as_ref(),
            ceiling: self.ceiling,
            until_empty: self.until_empty,
            by_items: true,
        };
        Counted::compile(fields, cx).map(|counted| Box::new(Offset(counted)) as Box<dyn Paginate>)
    }
}

/// Pages at a number of items.
#[derive(Debug)]
pub(super) struct Offset(pub Counted);

impl Paginate for Offset {
    fn prepare(
        &self,
        request: &mut RequestParts,
        place: Option<&Place>,
    ) -> Result<(), SourceError> {
        self.0.prepare(request, place)
    }

    fn next(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        self.0
            .next(turn, |items| self.0.start.saturating_add(items))
    }

    fn by_number(&self) -> bool {
        true
    }

    fn size(&self) -> Option<u64> {
        self.0.asked_size()
    }
}
