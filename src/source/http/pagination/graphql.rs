//! `strategy: graphql`: connections with `pageInfo`.

use std::num::NonZeroU32;

use serde_json::Value as Json;

use super::counted::PAGE_SIZE;
use super::param::{Param, ParamsIn};
use super::signals::optional;
use super::{Mark, Paginate, Place, Turn, Verdict, mark};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{PathText, Text};
use crate::source::http::paths::JsonPath;
use crate::source::http::request::base::safe;
use crate::source::http::request::parts::RequestParts;
use crate::source::{PartialReason, SourceError};

inventory::submit! { Kind::<HttpPaginationFamily>::of::<GraphqlConfig>("graphql") }

section! {
    /// Pages a GraphQL connection by its `pageInfo`. An addition of rolecall.
    ///
    /// The query declares the variables and asks for `pageInfo { hasNextPage endCursor }`. The first
    /// page is asked for without a cursor. The listing ends when `hasNextPage` is false or
    /// missing, and where it is not asked for, when `endCursor` is null.
    pub struct GraphqlConfig {
        /// Path of `pageInfo` in the answer, for example `data.organization.members.pageInfo`.
        pub page_info_path: PathText,
        /// The variable that takes the cursor. Not written: `after`.
        pub cursor_variable: Option<Text>,
        /// The variable that takes `page_size`, for example `first`. Not written: no size is sent.
        pub size_variable: Option<Text>,
        /// How many items a page has. Sent only with `size_variable`; not written: 100.
        pub page_size: Option<NonZeroU32>,
    }
}

impl KindConfig<HttpPaginationFamily> for GraphqlConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        let mut variable = |written: Option<&Text>, default: &str| {
            let name = written.map_or(default, Text::as_str);
            Param::compile(None, &format!("variables.{name}"), Some(ParamsIn::Body), cx)
        };
        let cursor = variable(self.cursor_variable.as_ref(), "after");
        let size = self.size_variable.as_ref();
        let size = optional(size.map(|name| variable(Some(name), "first")))?;
        Some(Box::new(Graphql {
            info: JsonPath::compile(&self.page_info_path, cx)?,
            cursor: cursor?,
            size: size.map(|param| (param, self.page_size.map_or(PAGE_SIZE, NonZeroU32::get))),
        }))
    }
}

#[derive(Debug)]
struct Graphql {
    info: JsonPath,
    cursor: Param,
    size: Option<(Param, u32)>,
}

impl Paginate for Graphql {
    fn prepare(
        &self,
        request: &mut RequestParts,
        place: Option<&Place>,
    ) -> Result<(), SourceError> {
        if let Some((param, size)) = &self.size {
            param.set(request, &Json::from(*size))?;
        }
        match place {
            Some(place) => self.cursor.set(request, &place.value()),
            None => Ok(()),
        }
    }

    fn next(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        let missing = |reason: &str| {
            Ok(Verdict {
                partial: Some(PartialReason {
                    code: "cursor-missing",
                    message: format!(
                        "a page of {} {reason} `page_info_path: {}`; correct the path, or ask for `pageInfo {{ hasNextPage endCursor }}` in the query",
                        safe(turn.asked),
                        self.info.text()
                    ),
                }),
                ..Verdict::end("there is no cursor")
            })
        };
        let info = match self.info.first(&turn.answer.body) {
            Some(Json::Object(info)) => info,
            // The object around the connection is null: there is nothing to page.
            _ if turn.count == 0 => {
                let because = "there is nothing to page: the connection is not in the answer";
                return Ok(Verdict::end(because));
            }
            _ => return missing("has items, but nothing is at"),
        };
        let more = info.get("hasNextPage").and_then(Json::as_bool);
        if more == Some(false) {
            return Ok(Verdict::end("`hasNextPage` is false"));
        }
        let cursor: Option<Mark> = mark(
            &self.info.then("endCursor"),
            "page_info_path",
            turn.answer,
            true,
        )?;
        let Some(cursor) = cursor else {
            return match more {
                Some(true) => missing("says that there is more, but no `endCursor` is at"),
                _ => Ok(Verdict::end("there is no `endCursor`")),
            };
        };
        match Place::follow(turn.place, cursor.text) {
            Some(place) => {
                let place = Place {
                    typed: cursor.typed,
                    ..place
                };
                Ok(Verdict::go_on(place, "there is an `endCursor`"))
            }
            None => Err(SourceError::Loop {
                reason: format!(
                    "{} answered an `endCursor` that it had answered before; does the query use the variable that `{}` names?",
                    safe(turn.asked),
                    self.cursor.name()
                ),
            }),
        }
    }
}
