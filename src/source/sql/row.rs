//! Values that every database spells alike.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

use crate::expr::Value;

/// A moment. Zone-less ones are UTC.
pub fn moment(at: NaiveDateTime) -> Value {
    Value::Timestamp(at.and_utc().fixed_offset())
}

/// The first moment of a day, UTC.
pub fn day(date: NaiveDate) -> Value {
    moment(date.and_time(chrono::NaiveTime::MIN))
}

/// A single-precision number by its shortest decimal: 0.1 stays 0.1 rather than becoming
/// 0.10000000149011612.
pub fn single(number: f32) -> Value {
    Value::Float(number.to_string().parse().unwrap_or(f64::from(number)))
}

/// A 64-bit number without sign: signed where it fits, so that arithmetic with literals works.
pub fn unsigned(number: u64) -> Value {
    i64::try_from(number).map_or(Value::UInt(number), Value::Int)
}

/// JSON as nested values; text when it is none.
pub fn json(text: &str) -> Value {
    serde_json::from_str::<serde_json::Value>(text).map_or_else(|_| Value::from(text), Value::from)
}

/// A moment as databases without zones write it, in UTC.
pub fn moment_text(at: DateTime<Utc>) -> String {
    let text = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    text.trim_end_matches('Z').replacen('T', " ", 1)
}

/// Lists and maps as JSON text.
pub fn json_text(value: &Value) -> String {
    serde_json::Value::from(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_what_people_see() {
        assert_eq!(single(0.1), Value::Float(0.1));
        assert_eq!(unsigned(7), Value::Int(7));
        assert_eq!(unsigned(u64::MAX), Value::UInt(u64::MAX));
    }

    #[test]
    fn moments_are_written_as_databases_write_them() {
        let at = DateTime::parse_from_rfc3339("2024-05-06T09:08:09.5+02:00").expect("is a date");
        assert_eq!(
            moment_text(at.with_timezone(&Utc)),
            "2024-05-06 07:08:09.500"
        );
    }
}
