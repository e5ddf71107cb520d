//! `strategy: window`: lists that an API cuts off, read in parts by time or by number.

use std::num::NonZeroU32;
use std::time::SystemTime;

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::bound::{Format, Moment, step};
use super::param::{Param, ParamsIn};
use super::signals::{Total, optional};
use super::{Paginate, Place, Turn, Unpaged, Verdict, not_ours};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Block, Kind, KindConfig};
use crate::config::scalar::{PathText, Text};
use crate::diagnostic::Diagnostic;
use crate::expr::{Map, Value};
use crate::source::http::request::base::safe;
use crate::source::http::request::parts::RequestParts;
use crate::source::{PartialReason, SourceError};

inventory::submit! { Kind::<HttpPaginationFamily>::of::<WindowConfig>("window") }

section! {
    /// Reads a list in parts, by time or by number: for APIs that bring only so many results of one
    /// search. An addition of rolecall.
    ///
    /// Each part is listed with the strategy under `pages`. A part with more than `cap` results is
    /// split in half, as often as it takes; a part that cannot be split any more makes the
    /// listing partial. The listing ends after the part that reaches `to`.
    pub struct WindowConfig {
        /// Where the list begins: a moment such as `2015-01-01` or `2015-01-01T00:00:00Z`, a time
        /// before now such as `-90d`, or with `format: number` a number.
        pub from: Text,
        /// Where it ends, in the same way. Not written: now. Needed with `format: number`.
        pub to: Option<Text>,
        /// How long a part is at most: `30d`, `12h`, `90m`, `1w`, or with `format: number` a number.
        /// Not written: the whole, which `cap` then splits.
        pub step: Option<Text>,
        /// How bounds are written: `rfc3339` (when not written), `date`, `epoch_seconds`, `epoch_ms`
        /// or `number`.
        pub format: Option<Format>,
        /// Parameter that carries the beginning of a part, for example `created_after`. Where a
        /// bound is a piece of something else, leave the parameters out and write
        /// `{{ .window.from }}` and `{{ .window.to }}` in the templates of the request.
        pub from_param: Option<Text>,
        /// Parameter that carries its end, for example `created_before`.
        pub to_param: Option<Text>,
        /// Where both parameters go: `query` (when not written), `header` or `body`.
        pub params_in: Option<ParamsIn>,
        /// The API counts the end to the part (`<=`), so the last moment before the next part is
        /// sent. Otherwise parts begin where the one before ends.
        pub to_included: bool = false,
        /// How many results the API brings of one search, for example 1000. Not written: parts are
        /// not split.
        pub cap: Option<NonZeroU32>,
        /// Path of the number of results of a part. With it nothing is read twice; without it a part
        /// is split when as many items came as `cap` says, and those come again.
        pub total_path: Option<PathText>,
        /// Header with the number of results of a part.
        pub total_header: Option<Text>,
        /// How each part is paged. Not written: in one request.
        pub pages: Option<Block<HttpPaginationFamily>>,
    }
}

impl KindConfig<HttpPaginationFamily> for WindowConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        let format = self.format.unwrap_or(Format::Rfc3339);
        let from = format.read(&self.from, cx);
        let to = self.to.as_ref().map(|to| format.read(to, cx));
        let width = self.step.as_ref().map(|text| step(text, format, cx));
        let mut param = |name: Option<&Text>| {
            optional(name.map(|name| Param::compile(Some(name), "", self.params_in, cx)))
        };
        let (from_param, to_param) = (
            param(self.from_param.as_ref()),
            param(self.to_param.as_ref()),
        );
        let total = Total::compile(self.total_path.as_ref(), self.total_header.as_ref(), cx);
        let pages = match &self.pages {
            Some(block) if block.kind == "window" => cx.error(
                "not-in-set",
                block.span,
                "a window cannot be paged by windows",
            ),
            Some(block) => block.compile(cx),
            None => Some(Box::new(Unpaged) as Box<dyn Paginate>),
        };
        if format == Format::Number && to.is_none() {
            let at = cx.at(self.from.span);
            let message = "numbers have no present, so `window` needs `to`";
            let help = "write the largest number there can be";
            cx.note(Diagnostic::error("missing-field", at, message).help(help));
            return None;
        }
        if self.step.is_none() && self.cap.is_none() {
            let message = "without `step` and `cap` there is only one part";
            let help = "write how long a part is, or how many results the API brings of one";
            cx.warning("no-effect", cx.block, message, help);
        }
        let (from, to) = (from?, optional(to)?);
        if let (Moment::At(first), Some(Moment::At(last))) = (&from, &to)
            && first >= last
        {
            let at = self.to.as_ref().map_or(self.from.span, |to| to.span);
            return cx.error("conflicting-fields", at, "`to` is not after `from`");
        }
        Some(Box::new(Windows {
            from,
            to,
            width: optional(width)?,
            format,
            from_param: from_param?,
            to_param: to_param?,
            to_included: self.to_included,
            cap: self.cap.map(|cap| u64::from(cap.get())),
            total: total?,
            pages: pages?,
        }))
    }
}

/// The part of a list that is read now. Bounds are in the smallest unit of the format; the end is
/// not in the part.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Window {
    from: i64,
    to: i64,
    /// Where the last part ends.
    end: i64,
    /// Items of this part so far.
    items: u64,
    /// Fingerprint of the first page of this part, when it has items.
    first: Option<u64>,
    /// The same of the last part that had items, and how many before it had the same in a row.
    before: Option<u64>,
    again: u8,
    /// Where the paging of the part is.
    pub(super) page: Option<Place>,
}

impl Window {
    /// True when the page is one of a part that is paged by numbers, or the first page of a part
    /// after parts that began alike.
    pub(super) fn counts(&self) -> bool {
        match &self.page {
            Some(page) => page.counts(),
            None => self.again > 0,
        }
    }
}

#[derive(Debug)]
struct Windows {
    from: Moment,
    to: Option<Moment>,
    width: Option<i64>,
    format: Format,
    from_param: Option<Param>,
    to_param: Option<Param>,
    to_included: bool,
    cap: Option<u64>,
    total: Total,
    pages: Box<dyn Paginate>,
}

impl Paginate for Windows {
    fn start(&self, now: SystemTime) -> Option<Place> {
        let from = self.format.at(&self.from, now);
        // What happens in the present second, or today, belongs to the list.
        let end = match &self.to {
            Some(to) => self.format.at(to, now),
            None => self.format.now(now).saturating_add(1),
        };
        let end = end.max(from.saturating_add(1));
        Some(place(Window {
            from,
            to: self.reach(from, self.width, end),
            end,
            ..Window::default()
        }))
    }

    fn variable(&self, place: Option<&Place>) -> Option<(&'static str, Value)> {
        let (from, to) = self.bounds(window(place).ok()?);
        let bounds = [("from", from), ("to", to)];
        let bounds = bounds.map(|(name, value)| (name.to_owned(), Value::from(value)));
        Some(("window", Value::Map(Map::from_iter(bounds))))
    }

    fn prepare(
        &self,
        request: &mut RequestParts,
        place: Option<&Place>,
    ) -> Result<(), SourceError> {
        let window = window(place)?;
        let (from, to) = self.bounds(window);
        for (param, value) in [(&self.from_param, from), (&self.to_param, to)] {
            if let Some(param) = param {
                param.set(request, &value)?;
            }
        }
        self.pages.prepare(request, window.page.as_ref())
    }

    fn next(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        let mut window = window(turn.place)?.clone();
        let begins = window.page.is_none();
        let total = self.total.of(turn.answer);
        let too_many = self.cap.zip(total).is_some_and(|(cap, total)| total > cap);
        if too_many && begins && window.to - window.from > 1 {
            return Ok(self.split(window));
        }
        if begins && turn.count > 0 {
            window.first = Some((turn.fingerprint)());
        }
        let same = begins && window.first.is_some() && window.first == window.before;
        if same && window.again > 0 {
            return Err(ignored(turn));
        }
        let inner = Turn {
            place: window.page.as_ref(),
            ..*turn
        };
        let verdict = self.pages.next(&inner)?;
        if !verdict.repeated {
            window.items = window.items.saturating_add(turn.count as u64);
        }
        let at_cap = self.cap.is_some_and(|cap| window.items >= cap);
        if at_cap && total.is_none() && window.to - window.from > 1 {
            return Ok(self.split(window));
        }
        let cut = (too_many && begins) || (at_cap && total.is_none());
        let partial = cut.then(|| self.full(turn, &window));
        let next = match verdict.next.filter(|_| !at_cap) {
            Some(page) => Some(Window {
                page: Some(page),
                ..window.clone()
            }),
            None => self.after(&window),
        };
        Ok(Verdict {
            partial: partial.or(verdict.partial),
            repeated: verdict.repeated || same,
            because: match (&next, verdict.because) {
                (Some(next), because) if next.page.is_none() => {
                    format!("the part is over ({because}), and another one follows")
                }
                (_, because) => because,
            },
            next: next.map(place),
        })
    }

    fn restarts(&self, status: StatusCode) -> bool {
        self.pages.restarts(status)
    }

    fn size(&self) -> Option<u64> {
        self.pages.size()
    }

    fn moves_on(&self) -> bool {
        self.pages.moves_on()
    }
}

impl Windows {
    /// The bounds of a part as they are sent.
    fn bounds(&self, window: &Window) -> (Json, Json) {
        let to = window.to - i64::from(self.to_included);
        (self.format.write(window.from), self.format.write(to))
    }

    /// The end of a part that begins here.
    fn reach(&self, from: i64, width: Option<i64>, end: i64) -> i64 {
        width.map_or(end, |width| from.saturating_add(width.max(1)).min(end))
    }

    /// The first half of a part, whose items are not delivered: they come again.
    fn split(&self, window: Window) -> Verdict {
        let half = ((window.to - window.from) / 2).max(1);
        Verdict {
            repeated: true,
            ..Verdict::go_on(
                place(Window {
                    to: window.from + half,
                    items: 0,
                    first: None,
                    page: None,
                    ..window
                }),
                "the part has more items than can be reached, so it is read in halves",
            )
        }
    }

    /// The part that follows: twice as long as the one before, because what had to be split may have
    /// been an exception.
    fn after(&self, window: &Window) -> Option<Window> {
        let from = window.to;
        let width = (window.to - window.from).saturating_mul(2);
        let again = match window.first {
            None => window.again,
            same if same == window.before => window.again + 1,
            Some(_) => 0,
        };
        let width = self.width.map_or(width, |most| most.min(width));
        (from < window.end).then(|| Window {
            from,
            to: self.reach(from, Some(width), window.end),
            items: 0,
            first: None,
            before: window.first.or(window.before),
            again,
            page: None,
            ..window.clone()
        })
    }

    fn full(&self, turn: &Turn<'_>, window: &Window) -> PartialReason {
        let (from, to) = self.bounds(window);
        PartialReason {
            code: "window-full",
            message: format!(
                "{} has more results from {from} to {to} than the {} that it brings, and this part cannot be split any more; filter the list by something else too, or write a finer `format`",
                safe(turn.asked),
                self.cap.unwrap_or_default()
            ),
        }
    }
}

/// A part that begins as the one before it may do so once: where an API counts both ends, an item at
/// the border is in both. Twice in a row means that it ignores the bounds.
fn ignored(turn: &Turn<'_>) -> SourceError {
    SourceError::Loop {
        reason: format!(
            "{} answered the same for three parts of the list, so it ignores their bounds",
            safe(turn.asked)
        ),
    }
}

fn place(window: Window) -> Place {
    Place {
        window: Some(Box::new(window)),
        ..Place::default()
    }
}

fn window(place: Option<&Place>) -> Result<&Window, SourceError> {
    place
        .and_then(|place| place.window.as_deref())
        .ok_or_else(not_ours)
}
