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
    for layout in ZONED {
        if let Ok(at) = DateTime::parse_from_str(text, layout) {
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

    #[test]
    fn moments_are_read_in_every_documented_form() {
        let expect = |text: &str, rfc3339: &str| {
            let at = parse_time(&text.into()).expect(text).expect(text);
            assert_eq!(
                at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
                rfc3339,
                "{text}"
            );
        };
        expect("2024-05-06T07:08:09Z", "2024-05-06T07:08:09Z");
        expect("2024-05-06T07:08:09.120+02:00", "2024-05-06T05:08:09.120Z");
        expect("2024-05-06 07:08:09", "2024-05-06T07:08:09Z");
        expect(
            "2024-05-06 07:08:09.123456789",
            "2024-05-06T07:08:09.123456789Z",
        );
        expect("2024-05-06 07:08:09+00", "2024-05-06T07:08:09Z");
        expect(
            "2024-05-06 07:08:09.12 +0000 UTC",
            "2024-05-06T07:08:09.120Z",
        );
        expect("2024-05-06", "2024-05-06T00:00:00Z");
        expect("05/06/2024 07:08:09", "2024-05-06T07:08:09Z");
        expect("25/06/2024", "2024-06-25T00:00:00Z");
        expect("06-MAY-2024 07:08:09", "2024-05-06T07:08:09Z");
        expect("06-may-24", "2024-05-06T00:00:00Z");
        expect("May 06, 2024 07:08:09", "2024-05-06T07:08:09Z");
        expect("2024-05-06-07.08.09.123456", "2024-05-06T07:08:09.123456Z");
        expect("Mon, 06 May 2024 07:08:09 +0000", "2024-05-06T07:08:09Z");
        expect("Mon May  6 07:08:09 2024", "2024-05-06T07:08:09Z");
        expect("1714979289", "2024-05-06T07:08:09Z");
        expect("1714979289000", "2024-05-06T07:08:09Z");
        assert_eq!(parse_time(&"".into()), Ok(None));
        assert_eq!(parse_time(&Value::Null), Ok(None));
        assert!(parse_time(&"soon".into()).is_err());
        assert!(parse_time(&Value::Int(-1)).is_err());
    }
}
