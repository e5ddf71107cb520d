//! `strategy: scim`: lists of SCIM 2 (RFC 7644), by `startIndex` and `count`.

use std::num::NonZeroU32;

use super::Paginate;
use super::counted::{Counted, Fields};
use super::offset::Offset;
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{PathText, Text};

inventory::submit! { Kind::<HttpPaginationFamily>::of::<ScimConfig>("scim") }

section! {
    /// Lists as SCIM 2 does: `startIndex` counts from 1, `count` is the page size, and
    /// `totalResults` says when the end is reached. An addition of rolecall.
    ///
    /// A server may send fewer items than asked for: the next page begins after those that came.
    /// The listing ends when `totalResults` is reached, and at an empty page; a server that names no
    /// total is asked until a page is empty. The items are at `items_path: Resources`.
    pub struct ScimConfig {
        /// How many items to ask for, which the server may cut. Not written: 100.
        pub page_size: Option<NonZeroU32>,
        /// Path of the total. Not written: `totalResults`.
        pub total_path: Option<PathText>,
        /// How many items the server can reach at all. There no further page is asked for, and
        /// unless the list is known to end there, the listing is partial.
        pub ceiling: Option<NonZeroU32>,
    }
}

impl KindConfig<HttpPaginationFamily> for ScimConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        let text = |text: &str| Text {
            text: text.to_owned(),
            span: crate::diagnostic::Span::new(0, 0),
        };
        let (count, total) = (text("count"), PathText(text("totalResults")));
        let fields = Fields {
            param: (None, "startIndex"),
            value: None,
            params_in: None,
            start: 1,
            limit_param: Some(&count),
            page_size: self.page_size,
            total: (Some(self.total_path.as_ref().unwrap_or(&total)), None),
            pages: (None, None),
            more_path: None,
            ceiling: self.ceiling,
            until_empty: true,
            by_items: true,
        };
        Counted::compile(fields, cx).map(|counted| Box::new(Offset(counted)) as Box<dyn Paginate>)
    }
}
