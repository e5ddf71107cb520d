//! What the strategies share that count: pages at numbers, and when they end.

use std::cell::LazyCell;
use std::num::NonZeroU32;

use serde_json::Value as Json;

use super::param::{Param, ParamsIn};
use super::signals::{More, Total, ended_before, optional};
use super::{Place, Turn, Verdict};
use crate::config::CompileContext;
use crate::config::scalar::{PathText, TemplateText, Text};
use crate::expr::{Escape, Expression, Inputs, Value, Variables};
use crate::source::http::request::base::safe;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::request::texts::render;
use crate::source::{PartialReason, SourceError};

/// The page size when a listing has a parameter for it but says no number.
pub(super) const PAGE_SIZE: u32 = 100;

/// What the text of a number may be made of.
const VARIABLES: Variables = Variables::of(&["number", "size", "end"]);

/// Paging by numbers.
#[derive(Debug)]
pub(super) struct Counted {
    /// The parameter that carries the number.
    param: Param,
    /// What is sent as the number, where that is more than the number.
    value: Option<Expression>,
    /// The number of the first page.
    pub(super) start: u64,
    /// The parameter that carries the size. Where one is sent, the server may still have a smaller
    /// limit of its own.
    limit: Option<Param>,
    /// How many items a full page has; `None` when nobody knows.
    size: Option<u64>,
    total: Total,
    pages: Total,
    more: More,
    /// How many items the API can reach.
    ceiling: Option<u64>,
    /// Only an empty page is the end.
    until_empty: bool,
    /// Numbers count items, not pages.
    by_items: bool,
}

/// The fields that the strategies share, as written.
pub(super) struct Fields<'c> {
    pub param: (Option<&'c Text>, &'static str),
    pub value: Option<&'c TemplateText>,
    pub params_in: Option<ParamsIn>,
    pub start: u32,
    pub limit_param: Option<&'c Text>,
    pub page_size: Option<NonZeroU32>,
    pub total: (Option<&'c PathText>, Option<&'c Text>),
    pub pages: (Option<&'c PathText>, Option<&'c Text>),
    pub more_path: Option<&'c PathText>,
    pub ceiling: Option<NonZeroU32>,
    pub until_empty: bool,
    pub by_items: bool,
}

/// Whether a page is followed by another.
enum Onward {
    /// Why not.
    End(String),
    /// The page size that the server seems to allow, whether the next page is only asked for to be
    /// sure, and why it is.
    Next(Option<u64>, bool, String),
}

impl Counted {
    pub(super) fn compile(fields: Fields<'_>, cx: &mut CompileContext) -> Option<Self> {
        let (param, default) = fields.param;
        let param = Param::compile(param, default, fields.params_in, cx);
        let limit = fields.limit_param.map(|name| {
            // A page that a header names carries its size there.
            let place = fields.params_in.filter(|place| *place != ParamsIn::Header);
            Param::compile(Some(name), "", place, cx)
        });
        let value = fields.value.map(|value| cx.template(value, VARIABLES));
        let total = Total::compile(fields.total.0, fields.total.1, cx);
        let pages = Total::compile(fields.pages.0, fields.pages.1, cx);
        let more = More::compile(fields.more_path, None, cx);
        let sends_size = limit.is_some() || value.is_some();
        let size = fields.page_size.map(NonZeroU32::get);
        let size = size.or(sends_size.then_some(PAGE_SIZE)).map(u64::from);
        Some(Self {
            param: param?,
            value: optional(value)?,
            start: u64::from(fields.start),
            limit: optional(limit)?,
            size,
            total: total?,
            pages: pages?,
            more: more?,
            ceiling: fields.ceiling.map(|most| u64::from(most.get())),
            until_empty: fields.until_empty,
            by_items: fields.by_items,
        })
    }

    /// Asks for the page at a place.
    pub(super) fn prepare(
        &self,
        request: &mut RequestParts,
        place: Option<&Place>,
    ) -> Result<(), SourceError> {
        let size = self.size_at(place);
        if let (Some(param), Some(size)) = (&self.limit, size) {
            param.set(request, &Json::from(size))?;
        }
        let number = self.number(place)?;
        let Some(value) = &self.value else {
            return self.param.set(request, &Json::from(number));
        };
        let size = size.unwrap_or_default();
        let inputs = [
            ("number", number),
            ("size", size),
            ("end", number.saturating_add(size).saturating_sub(1)),
        ];
        let inputs = inputs.into_iter().fold(Inputs::new(), |inputs, (name, n)| {
            inputs.with(name, Value::Int(i64::try_from(n).unwrap_or(i64::MAX)))
        });
        let text = render(value, &inputs, Escape::None)?.unwrap_or_default();
        self.param.set(request, &Json::from(text))
    }

    /// How many items a page is asked to have.
    pub(super) fn asked_size(&self) -> Option<u64> {
        self.size.filter(|_| self.limit.is_some())
    }

    /// The number of the page at a place.
    pub(super) fn number(&self, place: Option<&Place>) -> Result<u64, SourceError> {
        match place {
            None => Ok(self.start),
            Some(place) => place.at.parse().map_err(|_| super::not_ours()),
        }
    }

    /// The size that is asked for. The last page below a ceiling is smaller, because APIs refuse
    /// what reaches beyond.
    fn size_at(&self, place: Option<&Place>) -> Option<u64> {
        let before = place.map_or(0, |place| place.items);
        let room = self
            .ceiling
            .filter(|_| self.by_items && self.limit.is_some());
        let room = room.map(|most| most.saturating_sub(before).max(1));
        self.size
            .map(|size| room.map_or(size, |room| size.min(room)))
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
        let total = self.total.of(turn.answer);
        if count == 0 {
            let more = self.more.said(turn.answer) == Some(true);
            let partial = ended_before(total, before, turn.answer);
            return Ok(Verdict {
                partial: partial.or_else(|| more.then(|| more_of_nothing(turn))),
                ..Verdict::end("the page is empty")
            });
        }
        // Reads every item, so only where it decides something.
        let fingerprint = LazyCell::new(turn.fingerprint);
        let known = turn.place.and_then(|place| place.before);
        if known.is_some_and(|known| known == *fingerprint) {
            return self.repeated(turn);
        }
        let items = before.saturating_add(count);
        // Some APIs write 0 where they did not count.
        let total = total.filter(|total| *total > 0);
        let earlier = turn.place.and_then(|place| place.total);
        let told = turn.place.is_some_and(|place| place.told);
        let changed = match (earlier, total) {
            (Some(earlier), Some(total)) if earlier != total && !told => {
                Some(total_changed(turn, earlier, total))
            }
            _ => None,
        };
        let told = told || changed.is_some();
        let (cap, probe, because) = match self.onward(turn, items, total)? {
            Onward::Next(cap, probe, because) => (cap, probe, because),
            Onward::End(because) => {
                return Ok(Verdict {
                    partial: changed.or_else(|| ended_before(total, items, turn.answer)),
                    ..Verdict::end(because)
                });
            }
        };
        if let Some(ceiling) = self.ceiling.filter(|ceiling| items >= *ceiling) {
            return Ok(Verdict {
                partial: Some(at_the_ceiling(turn, ceiling, total)),
                ..Verdict::end(format!("the `ceiling` of {ceiling} items is reached"))
            });
        }
        Ok(Verdict {
            partial: changed,
            ..Verdict::go_on(
                Place {
                    at: next(items).to_string(),
                    items,
                    before: Some(*fingerprint),
                    cap,
                    probe,
                    counts: true,
                    total: earlier.or(total),
                    told,
                    ..Place::default()
                },
                because,
            )
        })
    }

    /// What the answer says decides; where it says nothing, the size of the page does.
    fn onward(
        &self,
        turn: &Turn<'_>,
        items: u64,
        total: Option<u64>,
    ) -> Result<Onward, SourceError> {
        let count = turn.count as u64;
        let cap = turn.place.and_then(|place| place.cap);
        match self.more.said(turn.answer) {
            Some(true) => {
                let because = "the answer says that there is more".to_owned();
                return Ok(Onward::Next(cap, false, because));
            }
            Some(false) => {
                let because = "the answer says that there is no more".to_owned();
                return Ok(Onward::End(because));
            }
            None => {}
        }
        if let Some(total) = total {
            return Ok(match items >= total {
                true => Onward::End(format!("all of the {total} items that are counted came")),
                false => {
                    let because = format!("{items} of {total} items came so far");
                    Onward::Next(cap, false, because)
                }
            });
        }
        if !self.pages.is_unset()
            && let Some(pages) = self.pages.of(turn.answer).filter(|pages| *pages > 0)
        {
            let present = self.number(turn.place)?.saturating_sub(self.start) + 1;
            return Ok(match present >= pages {
                true => Onward::End(format!("it is page {present} of {pages}")),
                false => {
                    let because = format!("it is page {present} of {pages}");
                    Onward::Next(cap, false, because)
                }
            });
        }
        let asked = self.size_at(turn.place);
        let full = cap.map_or(asked, |cap| Some(asked.map_or(cap, |asked| asked.min(cap))));
        let first = turn.place.is_none() && self.limit.is_some();
        Ok(match full {
            // A first page of another size than was asked for may be the whole list, of an API that
            // ignores paging.
            _ if self.until_empty => {
                let because = "only an empty page is the end".to_owned();
                Onward::Next(cap, first && full != Some(count), because)
            }
            None => {
                let because =
                    "nothing says how long a page is, so only an empty one is the end".to_owned();
                Onward::Next(cap, false, because)
            }
            Some(full) if count < full => match first && looks_like_a_limit(count) {
                true => {
                    let because = format!(
                        "{full} items were asked for and {count} came, which may be the most that the API gives"
                    );
                    Onward::Next(Some(count), true, because)
                }
                false => {
                    let because = format!("the page is short: {count} of at most {full} items");
                    Onward::End(because)
                }
            },
            // More than was asked for: the API ignores the size, so most likely the number too.
            Some(full) => {
                let because = match count > full {
                    true => format!("{full} items were asked for and {count} came"),
                    false => "the page is full".to_owned(),
                };
                Onward::Next(cap, first && count > full, because)
            }
        })
    }

    /// The page before came again: the API ignores the number. Where the page was only asked for
    /// to be sure, the list was complete.
    fn repeated(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        match turn.place.is_some_and(|place| place.probe) {
            true => Ok(Verdict {
                repeated: true,
                ..Verdict::end("the page before came again")
            }),
            false => Err(SourceError::Loop {
                reason: format!(
                    "{} answered the same page twice, so it ignores the parameter `{}`",
                    safe(turn.asked),
                    self.param.name()
                ),
            }),
        }
    }
}

fn more_of_nothing(turn: &Turn<'_>) -> PartialReason {
    PartialReason {
        code: "more-without-items",
        message: format!(
            "{} said that there is more, but its page is empty, so there is no number to go on from",
            safe(turn.asked)
        ),
    }
}

fn total_changed(turn: &Turn<'_>, earlier: u64, total: u64) -> PartialReason {
    PartialReason {
        code: "total-changed",
        message: format!(
            "{} counted {earlier} items at first and {total} later: the list changed while it was read, so items may have moved to pages that were read already; run again",
            safe(turn.asked)
        ),
    }
}

fn at_the_ceiling(turn: &Turn<'_>, ceiling: u64, total: Option<u64>) -> PartialReason {
    let counted = total.map_or(String::new(), |total| format!(" of {total}"));
    PartialReason {
        code: "ceiling-reached",
        message: format!(
            "{} brings at most {ceiling} items{counted} of a listing: list in parts, for example with `strategy: window`, or use the API's cursor where it has one",
            safe(turn.asked)
        ),
    }
}

/// A first page that is short by a round number is most often cut by a limit of the server, not
/// the end. One more request tells, and costs less than half a list.
fn looks_like_a_limit(count: u64) -> bool {
    count.is_multiple_of(10) || count.is_multiple_of(25)
}
