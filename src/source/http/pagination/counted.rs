//! What `offset` and `page` share: pages at numbers, and when they end.

use serde_json::Value as Json;

use super::{Place, Turn, Verdict};
use crate::source::http::base::safe;
use crate::source::http::paths::JsonPath;
use crate::source::{PartialReason, SourceError};

/// The page size when a listing has a parameter for it but says no number.
pub(super) const PAGE_SIZE: u32 = 100;

/// Paging by numbers.
#[derive(Debug)]
pub(super) struct Counted {
    /// The parameter that carries the number, for messages.
    pub param: String,
    /// How many items a full page has; `None` when nobody knows.
    pub size: Option<u64>,
    /// True when the size is sent: then the server may have a smaller one of its own.
    pub asks_for_size: bool,
    pub total: Option<JsonPath>,
}

impl Counted {
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
                next: None,
                partial: missing.map(|total| PartialReason {
                    code: "ended-before-total",
                    message: format!(
                        "{} said that there are {total} items, but its pages ended after {before}",
                        safe(turn.asked)
                    ),
                }),
            });
        }
        let fingerprint = (turn.fingerprint)();
        let probe = turn.place.is_some_and(|place| place.probe);
        if turn
            .place
            .is_some_and(|place| place.before == Some(fingerprint))
        {
            return match probe {
                // The list was complete, and the API ignores the number.
                true => Ok(Verdict::end()),
                false => Err(SourceError::Loop {
                    reason: format!(
                        "{} answered the same page twice, so it ignores the parameter `{}`",
                        safe(turn.asked),
                        self.param
                    ),
                }),
            };
        }
        let cap = turn.place.and_then(|place| place.cap);
        let full = cap.or(self.size);
        let short = full.is_some_and(|full| count < full);
        let items = before + count;
        let mut place = Place {
            at: next(items).to_string(),
            items,
            before: Some(fingerprint),
            cap,
            counts: true,
            ..Place::default()
        };
        match total {
            Some(total) if items >= total => return Ok(Verdict::end()),
            Some(_) => {}
            None if short
                && turn.place.is_none()
                && self.asks_for_size
                && looks_like_a_limit(count) =>
            {
                place.cap = Some(count);
                place.probe = true;
            }
            None if short => return Ok(Verdict::end()),
            None => {}
        }
        Ok(Verdict::go_on(place))
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
