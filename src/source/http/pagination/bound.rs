//! Bounds of the parts of a list: moments and numbers, read and written.

use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::Value as Json;

use crate::config::CompileContext;
use crate::config::decode::closed_set;
use crate::config::scalar::Text;
use crate::diagnostic::Diagnostic;

closed_set! {
    /// How bounds are written.
    pub enum Format {
        /// `2024-05-06T07:08:09Z`.
        Rfc3339 = "rfc3339",
        /// `2024-05-06`.
        Date = "date",
        /// Seconds since 1970.
        EpochSeconds = "epoch_seconds",
        /// Milliseconds since 1970.
        EpochMs = "epoch_ms",
        /// Numbers that are no times, for example ids.
        Number = "number",
    }
}

/// A bound as written, in the smallest unit of its format.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    At(i64),
    /// So long before the listing begins.
    Before(i64),
}

const DAY: i64 = 86_400;

impl Format {
    /// Reads a bound; what is none is noted.
    pub(super) fn read(self, written: &Text, cx: &mut CompileContext) -> Option<Moment> {
        let text = written.text.trim();
        let read = match (self, text.strip_prefix('-')) {
            (Format::Number, _) => text.parse().ok().map(Moment::At),
            (_, Some(ago)) => seconds(ago)
                .and_then(|ago| self.units(ago))
                .map(Moment::Before),
            (_, None) => moment(text)
                .and_then(|at| self.of_moment(at))
                .map(Moment::At),
        };
        if read.is_none() {
            let at = cx.at(written.span);
            let (what, help) = match self {
                Format::Number => ("a number", "write a whole number"),
                _ => (
                    "a moment",
                    "write `2015-01-01`, `2015-01-01T00:00:00Z`, or `-90d` for 90 days before now",
                ),
            };
            cx.note(
                Diagnostic::error("bad-bound", at, format!("`{text}` is not {what}")).help(help),
            );
        }
        read
    }

    /// The bound of a listing that begins now.
    pub(super) fn at(self, moment: &Moment, now: SystemTime) -> i64 {
        match moment {
            Moment::At(at) => *at,
            Moment::Before(length) => self.now(now).saturating_sub(*length),
        }
    }

    /// The present.
    pub(super) fn now(self, now: SystemTime) -> i64 {
        self.of_moment(DateTime::<Utc>::from(now))
            .unwrap_or(i64::MAX / 2)
    }

    /// A bound as it is sent.
    pub(super) fn write(self, bound: i64) -> Json {
        match self {
            Format::Rfc3339 => match DateTime::from_timestamp(bound, 0) {
                Some(at) => at.to_rfc3339_opts(SecondsFormat::Secs, true).into(),
                None => bound.into(),
            },
            Format::Date => match DateTime::from_timestamp(bound.saturating_mul(DAY), 0) {
                Some(at) => at.format("%Y-%m-%d").to_string().into(),
                None => bound.into(),
            },
            Format::EpochSeconds | Format::EpochMs | Format::Number => bound.into(),
        }
    }

    fn of_moment(self, at: DateTime<Utc>) -> Option<i64> {
        match self {
            Format::Rfc3339 | Format::EpochSeconds => Some(at.timestamp()),
            Format::Date => Some(at.timestamp().div_euclid(DAY)),
            Format::EpochMs => Some(at.timestamp_millis()),
            Format::Number => None,
        }
    }

    /// A length of time in the unit of the format, at least one.
    fn units(self, seconds: i64) -> Option<i64> {
        match self {
            Format::Rfc3339 | Format::EpochSeconds => Some(seconds),
            Format::Date => Some((seconds / DAY).max(1)),
            Format::EpochMs => seconds.checked_mul(1000),
            Format::Number => None,
        }
    }
}

/// Reads how long a part is; what is no length is noted.
pub(super) fn step(written: &Text, format: Format, cx: &mut CompileContext) -> Option<i64> {
    let text = written.text.trim();
    let read = match format {
        Format::Number => text.parse().ok().filter(|step| *step > 0),
        _ => seconds(text).and_then(|length| format.units(length)),
    };
    if read.is_none() {
        let at = cx.at(written.span);
        let help = match format {
            Format::Number => "write a whole number from 1 up",
            _ => "write `30d`, `12h`, `90m` or `1w`",
        };
        let message = format!("`{text}` is not the length of a part");
        cx.note(Diagnostic::error("bad-bound", at, message).help(help));
    }
    read
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day.and_hms_opt(0, 0, 0)?.and_utc());
    }
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    Some(at.with_timezone(&Utc))
}

/// A length of time in seconds: a number and one unit.
fn seconds(text: &str) -> Option<i64> {
    let unit = text.char_indices().next_back()?;
    let scale = match unit.1 {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => DAY,
        'w' => 7 * DAY,
        _ => return None,
    };
    let number: i64 = text[..unit.0].trim().parse().ok()?;
    number.checked_mul(scale).filter(|length| *length > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_moments_are_read() {
        assert_eq!(seconds("30d"), Some(30 * DAY));
        assert_eq!(seconds("90m"), Some(5400));
        for bad in ["", "d", "0d", "-1d", "1y", "9999999999999999d", "1é"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
        let at = moment("2024-02-29").expect("a day");
        assert_eq!(at, moment("2024-02-29T01:00:00+01:00").expect("a moment"));
        assert!(moment("2023-02-29").is_none() && moment("yesterday").is_none());
    }

    #[test]
    fn bounds_are_written_as_the_format_says() {
        let at = moment("2024-05-06T07:08:09Z").expect("a moment");
        let written = |format: Format| {
            let bound = format.of_moment(at).expect("a format of time");
            format.write(bound).to_string()
        };
        assert_eq!(written(Format::Rfc3339), "\"2024-05-06T07:08:09Z\"");
        assert_eq!(written(Format::Date), "\"2024-05-06\"");
        assert_eq!(written(Format::EpochSeconds), "1714979289");
        assert_eq!(written(Format::EpochMs), "1714979289000");
        assert_eq!(Format::Date.write(-1), Json::from("1969-12-31"));
    }
}
