//! What `offset` and `page` share: pages at numbers, and when they end.

use std::cell::LazyCell;
use std::num::NonZeroU32;

use serde_json::Value as Json;

use super::{Place, Turn, Verdict};
use crate::config::CompileContext;
use crate::config::scalar::{PathText, Text};
use crate::source::http::base::safe;
use crate::source::http::paths::JsonPath;
use crate::source::http::request::RequestParts;
use crate::source::{PartialReason, SourceError};

/// The page size when a listing has a parameter for it but says no number.
pub(super) const PAGE_SIZE: u32 = 100;

/// Paging by numbers.
#[derive(Debug)]
pub(super) struct Counted {
    /// The parameter that carries the number.
    param: String,
    /// The number of the first page.
    pub(super) start: u64,
    /// The parameter that carries the size. Where one is sent, the server may still have a smaller
    /// limit of its own.
    limit: Option<String>,
    /// How many items a full page has; `None` when nobody knows.
    size: Option<u64>,
    total: Option<JsonPath>,
}

/// The fields that `offset` and `page` share, as written.
pub(super) struct Fields<'c> {
    pub param: (&'c Option<Text>, &'static str),
    pub start: u32,
    pub limit_param: &'c Option<Text>,
    pub page_size: Option<NonZeroU32>,
    pub total_path: &'c Option<PathText>,
}

impl Counted {
    pub(super) fn compile(fields: Fields<'_>, cx: &mut CompileContext) -> Option<Self> {
        let total = match fields.total_path {
            Some(path) => Some(JsonPath::compile(path, cx)?),
            None => None,
        };
        let (param, default) = fields.param;
        let limit = fields.limit_param.as_ref().map(|param| param.text.clone());
        let sent = limit.as_ref().map(|_| PAGE_SIZE);
        let size = fields.page_size.map(NonZeroU32::get).or(sent);
        Some(Self {
            param: param.as_ref().map_or(default, Text::as_str).to_owned(),
            start: u64::from(fields.start),
            limit,
            size: size.map(u64::from),
            total,
        })
    }

    /// Asks for the page at a place.
    pub(super) fn prepare(&self, request: &mut RequestParts, place: Option<&Place>) {
        if let (Some(param), Some(size)) = (&self.limit, self.size) {
            request.set_query(param, &size.to_string());
        }
        let first = self.start.to_string();
        request.set_query(&self.param, place.map_or(&first, |place| &place.at));
    }

    /// Decides whether there is a page after this one, which would be at the number `next` gives
    /// for the count of items so far.
    pub(super) fn next(
        &self,
        turn: &Turn<'_>,
        next: impl FnOnce(u64) -> u64,
    ) -> Result<Verdict, SourceError> {
        let count = turn.count as u64;
        let before = turn.place.map_or(0, |place| place.items);
        let total = self
            .total
            .as_ref()
            .and_then(|path| number(path.first(&turn.answer.body)?));
        if count == 0 {
            let missing = total.filter(|total| *total > before);
            return Ok(Verdict {
                partial: missing.map(|total| PartialReason {
                    code: "ended-before-total",
                    message: format!(
                        "{} said that there are {total} items, but its pages ended after {before}",
                        safe(turn.asked)
                    ),
                }),
                ..Verdict::end()
            });
        }
        // Reads every item, so only where it decides something.
        let fingerprint = LazyCell::new(turn.fingerprint);
        let known = turn.place.and_then(|place| place.before);
        if known.is_some_and(|known| known == *fingerprint) {
            return self.repeated(turn);
        }
        let cap = turn.place.and_then(|place| place.cap);
        let items = before.saturating_add(count);
        let full = cap.or(self.size);
        let first = turn.place.is_none() && self.limit.is_some();
        let (cap, probe) = match (total, full) {
            (Some(total), _) if items >= total => return Ok(Verdict::end()),
            (Some(_), _) | (None, None) => (cap, false),
            (None, Some(full)) if count < full => match first && looks_like_a_limit(count) {
                true => (Some(count), true),
                false => return Ok(Verdict::end()),
            },
            // More than was asked for: the API ignores the size, so most likely the number too.
            (None, Some(full)) => (cap, first && count > full),
        };
        Ok(Verdict::go_on(Place {
            at: next(items).to_string(),
            items,
            before: Some(*fingerprint),
            cap,
            probe,
            counts: true,
            ..Place::default()
        }))
    }

    /// The page before came again: the API ignores the number. Where the page was only asked for
    /// to be sure, the list was complete.
    fn repeated(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        match turn.place.is_some_and(|place| place.probe) {
            true => Ok(Verdict {
                repeated: true,
                ..Verdict::end()
            }),
            false => Err(SourceError::Loop {
                reason: format!(
                    "{} answered the same page twice, so it ignores the parameter `{}`",
                    safe(turn.asked),
                    self.param
                ),
            }),
        }
    }
}

/// A first page that is short by a round number is most often cut by a limit of the server, not
/// the end. One more request tells, and costs less than half a list.
fn looks_like_a_limit(count: u64) -> bool {
    count.is_multiple_of(10) || count.is_multiple_of(25)
}

fn number(value: &Json) -> Option<u64> {
    match value {
        Json::Number(number) => number.as_u64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
