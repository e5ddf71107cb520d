//! Functions on values that one vendor alone writes so.

use chrono::DateTime;

use super::{Function, Registered, text_argument};
use crate::expr::Value;

struct FileTime;

/// Between 1601, where Windows begins to count, and 1970, in units of 100 ns.
const TO_1970: i64 = 116_444_736_000_000_000;

impl Function for FileTime {
    const NAME: &'static str = "filetime";
    const PARAMETERS: &'static [&'static str] = &["value"];
    const DOC: &'static str = "The moment that a Windows FILETIME means, as number or text; null for null, for an empty text and for the values that stand for never (0 and 9223372036854775807).";

    /// Source: "File Times" of the Win32 documentation; the sentinels are those of the attribute
    /// `accountExpires` of Active Directory.
    fn call(arguments: &[Value]) -> Result<Value, String> {
        let ticks = match &arguments[0] {
            Value::Null => return Ok(Value::Null),
            Value::Int(ticks) => *ticks,
            Value::Text(text) if text.trim().is_empty() => return Ok(Value::Null),
            Value::Text(text) => text
                .trim()
                .parse()
                .map_err(|_| "the text is no FILETIME".to_owned())?,
            other => return Err(format!("{} is no FILETIME", other.type_name())),
        };
        if matches!(ticks, 0 | i64::MAX) {
            return Ok(Value::Null);
        }
        let since_1970 = ticks - TO_1970;
        let nanoseconds = u32::try_from(since_1970.rem_euclid(10_000_000) * 100);
        let nanoseconds = nanoseconds.expect("less than a second");
        DateTime::from_timestamp(since_1970.div_euclid(10_000_000), nanoseconds)
            .filter(|_| ticks > 0)
            .map(|at| Value::Timestamp(at.fixed_offset()))
            .ok_or_else(|| "the number is no FILETIME".to_owned())
    }
}

inventory::submit! { Registered::of::<FileTime>() }

struct SalesforceId;

impl Function for SalesforceId {
    const NAME: &'static str = "salesforceId";
    const PARAMETERS: &'static [&'static str] = &["text"];
    const DOC: &'static str = "The id of 18 characters for a Salesforce id of 15 or 18: the short form tells upper from lower case, so two ids may differ in nothing else.";

    /// Each group of five characters gets one that says which of them are in upper case.
    fn call(arguments: &[Value]) -> Result<Value, String> {
        let id = text_argument(arguments, 0)?;
        let is_id = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match id.len() {
            18 if is_id => Ok(Value::Text(id.to_owned())),
            15 if is_id => {
                let suffix = id.as_bytes().chunks(5).map(|group| {
                    let bits = group.iter().enumerate();
                    let upper = bits.filter(|(_, byte)| byte.is_ascii_uppercase());
                    let code: usize = upper.map(|(bit, _)| 1 << bit).sum();
                    char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[code])
                });
                Ok(Value::Text(id.chars().chain(suffix).collect()))
            }
            _ => Err("the text is no id of 15 or 18 letters and digits".to_owned()),
        }
    }
}

inventory::submit! { Registered::of::<SalesforceId>() }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_times_are_read_and_never_is_null() {
        let read = |value: Value| match FileTime::call(&[value]) {
            Ok(Value::Timestamp(at)) => at.to_rfc3339(),
            Ok(other) => other.type_name().to_owned(),
            Err(message) => message,
        };
        assert_eq!(
            read(Value::Int(133_498_368_000_000_000)),
            "2024-01-16T00:00:00+00:00"
        );
        assert_eq!(
            read("116444736000000001".into()),
            "1970-01-01T00:00:00.000000100+00:00"
        );
        for never in [
            Value::Null,
            "".into(),
            Value::Int(0),
            "9223372036854775807".into(),
        ] {
            assert_eq!(read(never), "null");
        }
        assert_eq!(read(Value::Int(-5)), "the number is no FILETIME");
        assert_eq!(read("soon".into()), "the text is no FILETIME");
    }

    #[test]
    fn a_short_id_gets_its_checksum() {
        let read = |id: &str| SalesforceId::call(&[id.into()]);
        for (short, long) in [
            ("001000000000001", "001000000000001AAA"),
            ("a0Bx0000000AbCd", "a0Bx0000000AbCdEAK"),
            ("ABCDEABCDEABCDE", "ABCDEABCDEABCDE555"),
        ] {
            assert_eq!(read(short), Ok(long.into()));
            assert_eq!(read(long), Ok(long.into()));
        }
        assert!(read("00100").is_err() && read("00100000000000é").is_err());
    }
}
