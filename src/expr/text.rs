//! Value → text and truth value, by the rules that mappings follow.

use chrono::{SecondsFormat, TimeDelta};

use super::Value;

/// The value as a mapping writes it; `None` for null, which stands for absence and never becomes
/// the text of a null. Lists and maps have no text form.
pub fn to_text(value: &Value) -> Result<Option<String>, String> {
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) => value.to_string(),
        Value::Float(value) => float_text(*value),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => return Err("the result is bytes that are not UTF-8 text".to_owned()),
        },
        Value::Timestamp(at) => at
            .with_timezone(&chrono::Utc)
            .to_rfc3339_opts(SecondsFormat::AutoSi, true),
        Value::Duration(duration) => duration_text(*duration),
        Value::List(_) | Value::Map(_) => {
            return Err(format!(
                "the result is a {}, but text is needed",
                value.type_name()
            ));
        }
    }))
}

/// The shortest decimal that reads back as the same number, without a trailing `.0`.
fn float_text(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{value:.0}")
    } else {
        format!("{value}")
    }
}

/// A duration as Go writes it: `1h0m0s`, `1m30s`, `0.5s` as `500ms`.
fn duration_text(duration: TimeDelta) -> String {
    let nanos = duration.num_nanoseconds().unwrap_or(i64::MAX);
    let (sign, nanos) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    let fraction = |value: u64, unit: u64| {
        let text = format!("{}", value as f64 / unit as f64);
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    };
    let body = match nanos {
        0 => "0s".to_owned(),
        n if n < 1_000 => format!("{n}ns"),
        n if n < 1_000_000 => format!("{}µs", fraction(n, 1_000)),
        n if n < 1_000_000_000 => format!("{}ms", fraction(n, 1_000_000)),
        n => {
            let (seconds, rest) = (n / 1_000_000_000, n % 1_000_000_000);
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            let seconds = fraction((seconds % 60) * 1_000_000_000 + rest, 1_000_000_000);
            match (hours, minutes) {
                (0, 0) => format!("{seconds}s"),
                (0, minutes) => format!("{minutes}m{seconds}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
            }
        }
    };
    format!("{sign}{body}")
}

/// The value as a truth value: a bool, an integer other than 0, or one of the words that the
/// reference accepts.
pub fn to_bool(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::Int(value) => Ok(*value != 0),
        Value::UInt(value) => Ok(*value != 0),
        Value::Text(text) => match text.as_str() {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
            _ => Err("the result is text that is neither `true` nor `false`".to_owned()),
        },
        other => Err(format!(
            "the result is {}, but `true` or `false` is needed",
            other.type_name()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_the_text_that_mappings_write() {
        let text = |value: Value| to_text(&value).expect("has a text form");
        assert_eq!(text(Value::Null), None);
        assert_eq!(text(Value::Bool(true)).as_deref(), Some("true"));
        assert_eq!(text(Value::Float(1.5)).as_deref(), Some("1.5"));
        assert_eq!(text(Value::Float(3.0)).as_deref(), Some("3"));
        assert_eq!(text(Value::Bytes(b"abc".to_vec())).as_deref(), Some("abc"));
        assert_eq!(
            text(Value::Duration(TimeDelta::seconds(3600))).as_deref(),
            Some("1h0m0s")
        );
        assert_eq!(
            text(Value::Duration(TimeDelta::milliseconds(-1500))).as_deref(),
            Some("-1.5s")
        );
        let at =
            chrono::DateTime::parse_from_rfc3339("2024-05-06T09:08:09.12+02:00").expect("valid");
        assert_eq!(
            text(Value::Timestamp(at)).as_deref(),
            Some("2024-05-06T07:08:09.120Z")
        );
        assert!(to_text(&Value::List(vec![])).is_err());
        assert!(to_text(&Value::Bytes(vec![0xff])).is_err());
    }

    #[test]
    fn truth_values_are_read_as_the_reference_reads_them() {
        assert_eq!(to_bool(&Value::Int(-1)), Ok(true));
        assert_eq!(to_bool(&"T".into()), Ok(true));
        assert_eq!(to_bool(&"False".into()), Ok(false));
        assert!(to_bool(&"yes".into()).is_err());
        assert!(to_bool(&Value::Null).is_err());
    }
}
