//! `strategy: cursor`: each answer carries the cursor of the next page.

use std::num::NonZeroU32;

use reqwest::StatusCode;
use reqwest::header::HeaderName;
use serde_json::Value as Json;

use super::counted::PAGE_SIZE;
use super::later::{Later, LaterConfig};
use super::param::{Param, ParamsIn};
use super::signals::{More, Total, ended_before, header_name, optional};
use super::{Mark, Paginate, Place, Turn, Verdict, expired, mark};
use crate::config::CompileContext;
use crate::config::decode::{closed_set, section};
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{PathText, Text};
use crate::diagnostic::Diagnostic;
use crate::source::http::paths::JsonPath;
use crate::source::http::request::base::safe;
use crate::source::http::request::parts::RequestParts;
use crate::source::{PartialReason, SourceError};

inventory::submit! { Kind::<HttpPaginationFamily>::of::<CursorConfig>("cursor") }

section! {
    /// Follows a cursor that each answer carries.
    ///
    /// The listing ends when the cursor is missing, null, empty or `false`, when it is one of
    /// `end_values`, and when `more_path` or `end_path` says so. A page may be empty and not be the
    /// last one.
    pub struct CursorConfig {
        /// Query parameter that carries `page_size`, for example `limit`. Not written: no size is
        /// sent.
        pub limit_param: Option<Text>,
        /// Query parameter that carries the cursor, for example `page[after]`. Not written:
        /// `cursor`.
        pub cursor_param: Option<Text>,
        /// Path of the next cursor in the answer, for example `meta.next_cursor`, or
        /// `data[-1].id` where the last item's id is the cursor. Needed unless `cursor_header` is
        /// written.
        pub cursor_path: Option<PathText>,
        /// How many items a page has. Sent only with `limit_param`; not written: 100.
        pub page_size: Option<NonZeroU32>,
        /// Header of the answer with the next cursor, for example `X-Next-Cursor`. An addition of
        /// rolecall.
        pub cursor_header: Option<Text>,
        /// Where the cursor goes: `query` (when not written), `header` or `body`. In a JSON body dots
        /// lead into objects (`cursor_param: paging.after`), and the cursor keeps its type: a number
        /// stays a number, a list a list. An addition of rolecall.
        pub params_in: Option<ParamsIn>,
        /// Where the size goes. Not written: where the cursor goes, and with a cursor in a header,
        /// `query`. An addition of rolecall.
        pub limit_in: Option<ParamsIn>,
        /// Path of a truth value that says whether there are more pages, for example `has_more`.
        /// Where it is false the listing ends, whatever the cursor. An addition of rolecall.
        pub more_path: Option<PathText>,
        /// The opposite: path of a truth value that says that this is the last page, for example
        /// `end_of_stream`. An addition of rolecall.
        pub end_path: Option<PathText>,
        /// Texts that stand for no cursor, for example `["null"]`. An addition of rolecall.
        pub end_values: Vec<Text>,
        /// Which query parameters later pages keep: `all` (when not written), or `only_cursor` for
        /// APIs that refuse filters beside a cursor. An addition of rolecall.
        pub later_query: Option<LaterQuery>,
        /// Another request for every page but the first one, for scrolls that are begun and
        /// continued differently. An addition of rolecall.
        pub later_request: Option<LaterConfig>,
        /// The API keeps the place in the list itself, as scrolls do: each request moves on, and the
        /// cursor may stay the same. The listing then ends at an empty page too, and where a page
        /// fails, it begins anew, because nobody can ask for that page again; so does a later run. An
        /// addition of rolecall.
        pub scroll: bool = false,
        /// Path of the total number of items in the answer. A listing that ends before it is partial.
        /// An addition of rolecall.
        pub total_path: Option<PathText>,
        /// Header with the total number of items. An addition of rolecall.
        pub total_header: Option<Text>,
        /// Statuses that say that a cursor is no longer good, beside 410: the listing begins anew.
        /// An addition of rolecall.
        pub restart_on: Vec<u16>,
    }
}

closed_set! {
    /// Which query parameters later pages keep.
    pub enum LaterQuery {
        /// All of them.
        All = "all",
        /// The cursor and the page size.
        OnlyCursor = "only_cursor",
    }
}

impl KindConfig<HttpPaginationFamily> for CursorConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        let path = self.cursor_path.as_ref();
        let path = path.map(|path| JsonPath::compile(path, cx));
        let header = self.cursor_header.as_ref();
        let header = header.map(|header| header_name(header, cx));
        let limit_in = self.limit_in.or(match self.params_in {
            Some(ParamsIn::Header) => None,
            place => place,
        });
        let limit = self.limit_param.as_ref();
        let limit = limit.map(|limit| Param::compile(Some(limit), "", limit_in, cx));
        let param = Param::compile(self.cursor_param.as_ref(), "cursor", self.params_in, cx);
        let more = More::compile(self.more_path.as_ref(), self.end_path.as_ref(), cx);
        let total = Total::compile(self.total_path.as_ref(), self.total_header.as_ref(), cx);
        let later = self.later_request.as_ref();
        let later = later.map(|later| Later::compile(later, cx));
        let (path, header) = (optional(path)?, optional(header)?);
        if path.is_none() && header.is_none() {
            let at = cx.at(cx.block);
            let message = "the paging strategy `cursor` needs `cursor_path` or `cursor_header`";
            cx.note(Diagnostic::error("missing-field", at, message).help(
                "say where the next cursor is in the answer, for example `cursor_path: meta.next_cursor`",
            ));
            return None;
        }
        Some(Box::new(Cursor {
            limit: optional(limit)?,
            size: self.page_size.map_or(PAGE_SIZE, NonZeroU32::get),
            param: param?,
            path,
            header,
            more: more?,
            end_values: self.end_values.iter().map(|end| end.text.clone()).collect(),
            only_cursor: self.later_query == Some(LaterQuery::OnlyCursor),
            later: optional(later)?,
            scroll: self.scroll,
            total: total?,
            restart_on: self.restart_on.clone(),
        }))
    }
}

#[derive(Debug)]
struct Cursor {
    limit: Option<Param>,
    size: u32,
    param: Param,
    path: Option<JsonPath>,
    header: Option<HeaderName>,
    more: More,
    end_values: Vec<String>,
    only_cursor: bool,
    later: Option<Later>,
    scroll: bool,
    total: Total,
    restart_on: Vec<u16>,
}

impl Paginate for Cursor {
    fn prepare(
        &self,
        request: &mut RequestParts,
        place: Option<&Place>,
    ) -> Result<(), SourceError> {
        if let Some(place) = place {
            if self.only_cursor {
                request.clear_query();
            }
            if let Some(later) = &self.later {
                later.apply(request, place)?;
                // What is written for later pages has the cursor already.
                if later.says_all() {
                    return Ok(());
                }
            }
        }
        if let Some(param) = &self.limit {
            param.set(request, &Json::from(self.size))?;
        }
        match place {
            Some(place) => self.param.set(request, &place.value()),
            None => Ok(()),
        }
    }

    fn next(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        let before = turn.place.map_or(0, |place| place.items);
        let items = before.saturating_add(turn.count as u64);
        let more = self.more.said(turn.answer);
        let cursor = match more {
            Some(false) => None,
            None if self.scroll && turn.count == 0 => None,
            _ => self.cursor(turn)?,
        };
        let Some(cursor) = cursor else {
            let partial = self.suspicion(turn, more);
            let total = self.total.of(turn.answer);
            return Ok(Verdict {
                partial: partial.or_else(|| ended_before(total, items, turn.answer)),
                ..Verdict::end(match more {
                    Some(false) => "the answer says that there is no more".to_owned(),
                    None if self.scroll && turn.count == 0 => "the page is empty".to_owned(),
                    _ => format!("no cursor is at {}", self.place()),
                })
            });
        };
        let follow = match self.scroll {
            true => Place::scroll(turn, cursor.text),
            false => Place::follow(turn.place, cursor.text),
        };
        match follow {
            Some(place) => {
                let mut place = Place {
                    items,
                    typed: cursor.typed,
                    ..place
                };
                if let Some(later) = &self.later {
                    place.to = later.target(turn, &place)?;
                }
                let because = format!("a cursor is at {}", self.place());
                Ok(Verdict::go_on(place, because))
            }
            None => Err(SourceError::Loop {
                reason: format!(
                    "{} answered a {} that it had answered before; does it read the cursor from the parameter `{}`?{}",
                    safe(turn.asked),
                    if self.scroll { "page" } else { "cursor" },
                    self.param.name(),
                    match self.scroll {
                        true => "",
                        false => " Where it moves on under one cursor, write `scroll: true`",
                    },
                ),
            }),
        }
    }

    fn restarts(&self, status: StatusCode) -> bool {
        expired(status, &self.restart_on)
    }

    fn moves_on(&self) -> bool {
        self.scroll
    }

    fn size(&self) -> Option<u64> {
        self.limit.as_ref().map(|_| u64::from(self.size))
    }
}

impl Cursor {
    /// Where the file says that the cursor is.
    fn place(&self) -> String {
        match (&self.path, &self.header) {
            (Some(path), _) => format!("`cursor_path: {}`", path.text()),
            (None, Some(header)) => format!("`cursor_header: {header}`"),
            (None, None) => "`cursor_path`".to_owned(),
        }
    }

    fn cursor(&self, turn: &Turn<'_>) -> Result<Option<Mark>, SourceError> {
        let in_body = match &self.path {
            Some(path) => mark(path, "cursor_path", turn.answer, true)?,
            None => None,
        };
        let in_header = || {
            let value = turn.answer.headers.get(self.header.as_ref()?)?;
            let text = value.to_str().ok()?.trim();
            (!text.is_empty()).then(|| Mark {
                text: text.to_owned(),
                typed: false,
            })
        };
        let found = in_body.or_else(in_header);
        Ok(found.filter(|mark| !self.end_values.contains(&mark.text)))
    }

    /// There is no cursor although there should be one: the answer says that there is more, or the
    /// first page is full and has not even the object that would hold the cursor. Most likely the
    /// path is wrong and the rest of the list is never asked for.
    fn suspicion(&self, turn: &Turn<'_>, more: Option<bool>) -> Option<PartialReason> {
        let full = self.limit.is_some() && turn.count >= self.size as usize;
        let no_parent = |path: &JsonPath| !path.has_parent(&turn.answer.body);
        let nowhere = turn.place.is_none() && full && self.path.as_ref().is_some_and(no_parent);
        let what = match more {
            Some(true) => "says that there is more",
            Some(false) => return None,
            None if nowhere => "is full",
            None => return None,
        };
        let field = self.place();
        Some(PartialReason {
            code: "cursor-missing",
            message: format!(
                "a page of {} {what}, but nothing is at {field}; correct it if there are more pages",
                safe(turn.asked),
            ),
        })
    }
}
