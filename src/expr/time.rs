//! Text and numbers → moments, in every form that systems write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::Value;

/// Layouts with date and time, tried in order. Text without a zone is UTC. Month before day comes
/// first where the two cannot be told apart, as in the reference.
const ZONELESS: &[&str] = &[
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%m/%d/%Y %H:%M:%S%.f",
    "%d/%m/%Y %H:%M:%S%.f",
    "%b %d, %Y %H:%M:%S%.f",
    "%B %d, %Y %H:%M:%S%.f",
    "%d-%b-%Y %H:%M:%S%.f",
    "%d-%b-%y %H:%M:%S%.f",
    "%d-%m-%Y %H:%M:%S%.f",
    "%Y-%m-%d-%H.%M.%S%.f",
    "%a %b %e %H:%M:%S %Y",
];

/// Layouts that name their zone by offset.
const ZONED: &[&str] = &[
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f %#z",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f %z UTC",
    "%a %b %d %H:%M:%S %z %Y",
    "%d %b %y %H:%M %z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%A, %d-%b-%y %H:%M:%S %z",
];

const DATES: &[&str] = &[
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d-%m-%Y",
    "%d-%m-%y",
    "%b %d, %Y",
    "%B %d, %Y",
];

/// The latest moment an integer may mean in seconds: 2100-01-01. Larger ones are milliseconds.
const MAX_SECONDS: i64 = 4_102_444_800;

/// Reads a moment. `None` for null and empty text; an error for anything that is no moment.
pub fn parse_time(value: &Value) -> Result<Option<DateTime<Utc>>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Timestamp(at) => Ok(Some(at.with_timezone(&Utc))),
        Value::Int(number) => from_number(*number).map(Some),
        Value::UInt(number) => from_number(i64::try_from(*number).unwrap_or(i64::MAX)).map(Some),
        Value::Float(seconds) => from_float(*seconds).map(Some),
        Value::Text(text) => parse_text(text),
        Value::Bytes(bytes) => parse_text(&String::from_utf8_lossy(bytes)),
        other => Err(format!("{} is no date", other.type_name())),
    }
}

fn parse_text(text: &str) -> Result<Option<DateTime<Utc>>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(at) =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text))
    {
        return Ok(Some(at.with_timezone(&Utc)));
    }
    // Of the names of zones only these say the same everywhere.
    let offset = text.replace(" UTC", " +0000").replace(" GMT", " +0000");
    for layout in ZONED {
        let at = DateTime::parse_from_str(text, layout);
        if let Ok(at) = at.or_else(|_| DateTime::parse_from_str(&offset, layout)) {
            return Ok(Some(at.with_timezone(&Utc)));
        }
    }
    let utc = text
        .strip_suffix(" UTC")
        .or_else(|| text.strip_suffix('Z'))
        .unwrap_or(text);
    for layout in ZONELESS {
        if let Ok(at) = NaiveDateTime::parse_from_str(utc, layout)
            && plausible(at.date())
        {
            return Ok(Some(at.and_utc()));
        }
    }
    for layout in DATES {
        if let Ok(date) = NaiveDate::parse_from_str(text, layout)
            && plausible(date)
        {
            return Ok(date.and_hms_opt(0, 0, 0).map(|at| at.and_utc()));
        }
    }
    if let Some(at) = odata(text) {
        return at.map(Some);
    }
    match text.parse::<i64>() {
        Ok(number) => from_number(number).map(Some),
        Err(_) => Err("the text is no date in any known form".to_owned()),
    }
}

/// The library takes `24` for the year 24 where four digits are meant: leave it to the layouts with
/// two.
fn plausible(date: NaiveDate) -> bool {
    chrono::Datelike::year(&date) >= 1000
}

/// `/Date(1700000000000)/` and `/Date(1700000000000+0060)/`: milliseconds since 1970, and an offset
/// that does not change the moment. Source: OData version 2, JSON format.
fn odata(text: &str) -> Option<Result<DateTime<Utc>, String>> {
    let inside = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let end = inside.rfind(['+', '-']).filter(|at| *at > 0);
    let number = inside[..end.unwrap_or(inside.len())].parse();
    let at = number.ok().and_then(DateTime::from_timestamp_millis);
    Some(at.ok_or_else(|| "the text is no date in any known form".to_owned()))
}

/// Seconds since 1970 with a fraction, or milliseconds.
fn from_float(number: f64) -> Result<DateTime<Utc>, String> {
    let milliseconds = match number.abs() > MAX_SECONDS as f64 {
        true => number,
        false => number * 1000.0,
    };
    if !(0.0..=(MAX_SECONDS * 1000) as f64).contains(&milliseconds) {
        return Err("the number is neither seconds nor milliseconds since 1970".to_owned());
    }
    // In range, so nothing is cut off but parts of a millisecond.
    DateTime::from_timestamp_millis(milliseconds.round() as i64)
        .ok_or_else(|| "the number is no date".to_owned())
}

fn from_number(number: i64) -> Result<DateTime<Utc>, String> {
    let at = match number {
        0..=MAX_SECONDS => DateTime::from_timestamp(number, 0),
        _ if number > MAX_SECONDS && number <= MAX_SECONDS * 1000 => {
            DateTime::from_timestamp_millis(number)
        }
        _ => None,
    };
    at.ok_or_else(|| "the number is neither seconds nor milliseconds since 1970".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let at = parse_time(&text.into()).ok()??;
        Some(at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }

    #[test]
    fn dates_of_odata_and_fractions_of_seconds_are_read() {
        for (text, expected) in [
            ("/Date(1700000000123)/", Some("2023-11-14T22:13:20.123Z")),
            (
                "/Date(1700000000123+0060)/",
                Some("2023-11-14T22:13:20.123Z"),
            ),
            ("/Date(-1000)/", Some("1969-12-31T23:59:59Z")),
            ("/Date()/", None),
            ("/Date(x)/", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
        let at = |number: f64| {
            parse_time(&Value::Float(number)).map(|at| at.map(|at| at.timestamp_millis()))
        };
        assert_eq!(at(1_700_000_000.5), Ok(Some(1_700_000_000_500)));
        assert_eq!(at(1_700_000_000_500.0), Ok(Some(1_700_000_000_500)));
        assert!(at(-1.0).is_err() && at(f64::NAN).is_err() && at(1e300).is_err());
    }

    /// One moment in every form that the reference lists, in its order, as the systems write it.
    #[test]
    fn moments_are_read_in_every_documented_form() {
        let moment = "2024-05-06T07:08:09Z";
        let minute = "2024-05-06T07:08:00Z";
        let day = "2024-05-06T00:00:00Z";
        for (text, expected) in [
            // What each engine writes.
            ("2024-05-06 07:08:09", moment),
            ("2024-05-06 07:08:09.120", "2024-05-06T07:08:09.120Z"),
            ("2024-05-06 07:08:09.123456", "2024-05-06T07:08:09.123456Z"),
            ("2024-05-06 07:08:09+00", moment),
            ("2024-05-06 09:08:09+02", moment),
            (
                "2024-05-06 07:08:09.123456-07",
                "2024-05-06T14:08:09.123456Z",
            ),
            ("06-MAY-2024 07:08:09", moment),
            ("06-may-2024 07:08:09", moment),
            ("06-May-2024 07:08:09", moment),
            ("06-MAY-24 07:08:09", moment),
            // RFC 3339 and ISO 8601.
            ("2024-05-06T07:08:09Z", moment),
            ("2024-05-06T07:08:09.12Z", "2024-05-06T07:08:09.120Z"),
            ("2024-05-06T07:08:09.120+02:00", "2024-05-06T05:08:09.120Z"),
            ("2024-05-06T07:08:09", moment),
            (
                "2024-05-06 07:08:09.123456789",
                "2024-05-06T07:08:09.123456789Z",
            ),
            // Dates alone, and month before day where both could be meant.
            ("2024-05-06", day),
            ("05/06/2024 07:08:09", moment),
            ("25/06/2024 07:08:09", "2024-06-25T07:08:09Z"),
            ("05/06/2024", day),
            ("25/06/2024", "2024-06-25T00:00:00Z"),
            ("May 06, 2024 07:08:09", moment),
            ("Sep 06, 2024 07:08:09", "2024-09-06T07:08:09Z"),
            ("September 06, 2024 07:08:09", "2024-09-06T07:08:09Z"),
            ("06-MAY-2024", day),
            ("06-may-24", day),
            ("06-05-2024", day),
            ("06-05-24", day),
            ("2024-05-06-07.08.09.123456", "2024-05-06T07:08:09.123456Z"),
            // Of Unix, C and Ruby, and of letters.
            ("Mon May  6 07:08:09 UTC 2024", moment),
            ("Mon May  6 07:08:09 2024", moment),
            ("Mon May 06 07:08:09 +0000 2024", moment),
            ("06 May 24 07:08 UTC", minute),
            ("06 May 24 07:08 GMT", minute),
            ("06 May 24 09:08 +0200", minute),
            ("Monday, 06-May-24 07:08:09 UTC", moment),
            ("Mon, 06 May 2024 07:08:09 GMT", moment),
            ("Mon, 06 May 2024 07:08:09 UTC", moment),
            ("Mon, 06 May 2024 09:08:09 +0200", moment),
            // Text of a moment, as the Go connector makes it.
            (
                "2024-05-06 07:08:09.12 +0000 UTC",
                "2024-05-06T07:08:09.120Z",
            ),
            // White space around it, and numbers.
            (" 2024-05-06 07:08:09\n", moment),
            ("0", "1970-01-01T00:00:00Z"),
            ("1714979289", moment),
            ("4102444800", "2100-01-01T00:00:00Z"),
            ("4102444801", "1970-02-17T11:34:04.801Z"),
            ("1714979289000", moment),
            ("4102444800000", "2100-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_told_from_none_at_all() {
        assert_eq!(parse_time(&"".into()), Ok(None));
        assert_eq!(parse_time(&" ".into()), Ok(None));
        assert_eq!(parse_time(&Value::Null), Ok(None));
        // Without a year, nobody knows when it was.
        for text in [
            "soon",
            "never",
            "-1",
            "4102444800001",
            "0000-00-00 00:00:00",
            "May  6 07:08:09",
        ] {
            assert!(parse_time(&text.into()).is_err(), "{text}");
        }
        assert!(parse_time(&Value::Int(-1)).is_err());
        assert!(parse_time(&Value::Bool(true)).is_err());
    }
}
