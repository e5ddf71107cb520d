//! `strategy: cursor`: each answer carries the cursor of the next page.

use std::num::NonZeroU32;

use super::counted::PAGE_SIZE;
use super::{Paginate, Place, Turn, Verdict, mark};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{PathText, Text};
use crate::source::http::base::safe;
use crate::source::http::paths::JsonPath;
use crate::source::http::request::RequestParts;
use crate::source::{PartialReason, SourceError};

inventory::submit! { Kind::<HttpPaginationFamily>::of::<CursorConfig>("cursor") }

section! {
    /// Follows a cursor that each answer carries.
    ///
    /// The listing ends when the cursor is missing, null, empty or `false`. A page may be empty and
    /// not be the last one.
    pub struct CursorConfig {
        /// Query parameter that carries `page_size`, for example `limit`. Not written: no size is
        /// sent.
        pub limit_param: Option<Text>,
        /// Query parameter that carries the cursor, for example `page[after]`. Not written:
        /// `cursor`.
        pub cursor_param: Option<Text>,
        /// Path of the next cursor in the answer, for example `meta.next_cursor`, or
        /// `data[-1].id` where the last item's id is the cursor.
        pub cursor_path: PathText,
        /// How many items a page has. Sent only with `limit_param`; not written: 100.
        pub page_size: Option<NonZeroU32>,
    }
}

impl KindConfig<HttpPaginationFamily> for CursorConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        let path = JsonPath::compile(&self.cursor_path, cx)?;
        Some(Box::new(Cursor {
            limit: self.limit_param.as_ref().map(|param| {
                (
                    param.text.clone(),
                    self.page_size.map_or(PAGE_SIZE, NonZeroU32::get),
                )
            }),
            param: self
                .cursor_param
                .as_ref()
                .map_or("cursor".to_owned(), |param| param.text.clone()),
            path,
        }))
    }
}

#[derive(Debug)]
struct Cursor {
    limit: Option<(String, u32)>,
    param: String,
    path: JsonPath,
}

impl Paginate for Cursor {
    fn prepare(
        &self,
        request: &mut RequestParts,
        place: Option<&Place>,
    ) -> Result<(), SourceError> {
        if let Some((param, size)) = &self.limit {
            request.set_query(param, &size.to_string());
        }
        if let Some(place) = place {
            request.set_query(&self.param, &place.at);
        }
        Ok(())
    }

    fn next(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        let Some(cursor) = mark(&self.path, "cursor_path", turn.answer)? else {
            return Ok(Verdict {
                partial: self.suspicion(turn),
                ..Verdict::end()
            });
        };
        match Place::follow(turn.place, cursor) {
            Some(place) => Ok(Verdict::go_on(place)),
            None => Err(SourceError::Loop {
                reason: format!(
                    "{} answered a cursor that it had answered before; does it read the cursor from the parameter `{}`?",
                    safe(turn.asked),
                    self.param
                ),
            }),
        }
    }
}

impl Cursor {
    /// A full first page without even the object that would hold the cursor: most likely the path
    /// is wrong and the rest of the list is never asked for.
    fn suspicion(&self, turn: &Turn<'_>) -> Option<PartialReason> {
        let full = self
            .limit
            .as_ref()
            .is_some_and(|(_, size)| turn.count >= *size as usize);
        let suspicious = turn.place.is_none() && full && !self.path.has_parent(&turn.answer.body);
        suspicious.then(|| PartialReason {
            code: "cursor-missing",
            message: format!(
                "the first page of {} is full, but nothing is at `cursor_path: {}`; correct the path if there are more pages",
                safe(turn.asked),
                self.path.text()
            ),
        })
    }
}
