//! Values → the binary form of the type that the server expects.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgTypeKind};
use sqlx::{Postgres, Type, TypeInfo as _};

use super::super::super::row;
use super::super::super::statement::{Binding, Parameter};
use super::Flavour;
use crate::expr::{Value, parse_time, to_text};
use crate::source::SourceError;

/// A value in the binary form of a type; `None` is NULL.
#[derive(Debug)]
pub struct Bound {
    kind: PgTypeInfo,
    bytes: Option<Vec<u8>>,
}

impl Type<Postgres> for Bound {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(25))
    }
}

impl Encode<'_, Postgres> for Bound {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let Some(bytes) = &self.bytes else {
            return Ok(IsNull::Yes);
        };
        buffer.extend_from_slice(bytes);
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.kind.clone())
    }
}

/// The types that values are converted to here; the server casts text to all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Native {
    Bool,
    Bytes,
    Char,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    Text,
    Json,
    Jsonb,
    Uuid,
    Date,
    Timestamp,
}

fn native(kind: &PgTypeInfo) -> Option<Native> {
    if matches!(kind.kind(), PgTypeKind::Enum(_)) {
        return Some(Native::Text);
    }
    // The numbers of the built-in types are part of the protocol.
    Some(match kind.oid()?.0 {
        16 => Native::Bool,
        17 => Native::Bytes,
        18 => Native::Char,
        20 => Native::Int8,
        21 => Native::Int2,
        23 => Native::Int4,
        26 => Native::Oid,
        700 => Native::Float4,
        701 => Native::Float8,
        1700 => Native::Numeric,
        19 | 25 | 705 | 1042 | 1043 => Native::Text,
        114 => Native::Json,
        3802 => Native::Jsonb,
        2950 => Native::Uuid,
        1082 => Native::Date,
        1114 | 1184 => Native::Timestamp,
        _ => return None,
    })
}

/// The name of the type that the server casts a text to, when we do not convert it ourselves.
pub fn cast(kind: &PgTypeInfo) -> Option<String> {
    native(kind).is_none().then(|| match kind.kind() {
        PgTypeKind::Array(element) => format!("{}[]", element.name()),
        _ => kind.name().to_owned(),
    })
}

/// Converts the value of a parameter.
pub fn bind(
    parameter: &Parameter,
    kind: &PgTypeInfo,
    flavour: Flavour,
) -> Result<Bound, SourceError> {
    let native = native(kind);
    let bytes = match &parameter.binding {
        Binding::Value(Value::Null) => None,
        Binding::Value(value) | Binding::Key(value) => {
            let bytes = match native {
                Some(native) => convert(value, native),
                None => text_form(value, matches!(kind.kind(), PgTypeKind::Array(_)))
                    .map(String::into_bytes),
            };
            Some(bytes.map_err(|problem| {
                SourceError::Invalid(format!(
                    "`?<{}>` is {} here, and {problem}",
                    parameter.name,
                    kind.name().to_lowercase()
                ))
            })?)
        }
        Binding::Least => Some(native.map_or_else(Vec::new, |native| match flavour {
            Flavour::Postgres => least(native),
            Flavour::Redshift => least_of_redshift(native),
        })),
    };
    let kind = match native {
        Some(_) => kind.clone(),
        None => PgTypeInfo::with_oid(Oid(25)),
    };
    Ok(Bound { kind, bytes })
}

/// The least value of a type. Types that the server casts get the empty text, which those that are
/// like text take and others refuse.
fn least(native: Native) -> Vec<u8> {
    match native {
        Native::Bool | Native::Char => vec![0],
        Native::Bytes | Native::Text => Vec::new(),
        Native::Int2 => i16::MIN.to_be_bytes().to_vec(),
        Native::Int4 => i32::MIN.to_be_bytes().to_vec(),
        Native::Int8 => i64::MIN.to_be_bytes().to_vec(),
        Native::Oid => vec![0; 4],
        Native::Float4 => f32::NEG_INFINITY.to_be_bytes().to_vec(),
        Native::Float8 => f64::NEG_INFINITY.to_be_bytes().to_vec(),
        // -10^131068: older servers know no negative infinity. One digit of base 10000, its weight,
        // the sign, no decimals, the digit.
        Native::Numeric => [1, i16::MAX, 0x4000, 0, 1]
            .into_iter()
            .flat_map(i16::to_be_bytes)
            .collect(),
        Native::Json => b"null".to_vec(),
        Native::Jsonb => b"\x01null".to_vec(),
        Native::Uuid => vec![0; 16],
        // The wire form of minus infinity.
        Native::Date => i32::MIN.to_be_bytes().to_vec(),
        Native::Timestamp => i64::MIN.to_be_bytes().to_vec(),
    }
}

/// The least value of a type on Redshift, whose decimals have 38 digits and whose dates end.
fn least_of_redshift(native: Native) -> Vec<u8> {
    match native {
        Native::Numeric => format!("-{}", "9".repeat(38))
            .parse()
            .ok()
            .and_then(numeric)
            .unwrap_or_default(),
        // The first day of the year 1, before 2000-01-01.
        Native::Date => FIRST_DAY.to_be_bytes().to_vec(),
        Native::Timestamp => (i64::from(FIRST_DAY) * 86_400_000_000)
            .to_be_bytes()
            .to_vec(),
        Native::Float4 => f32::MIN.to_be_bytes().to_vec(),
        Native::Float8 => f64::MIN.to_be_bytes().to_vec(),
        native => least(native),
    }
}

const FIRST_DAY: i32 = -730_119;

fn convert(value: &Value, native: Native) -> Result<Vec<u8>, String> {
    match (native, value) {
        (Native::Bytes, Value::Bytes(bytes)) => return Ok(bytes.clone()),
        (Native::Json, _) => return Ok(json(value).into_bytes()),
        (Native::Jsonb, _) => return Ok(format!("\x01{}", json(value)).into_bytes()),
        (Native::Date | Native::Timestamp, _) => return convert_time(value, native),
        _ => {}
    }
    let text = to_text(value)
        .map_err(|_| format!("the value is a {}", value.type_name()))?
        .unwrap_or_default();
    // A truth value is the number 1 or 0 where a number is needed.
    let number = match value {
        Value::Bool(value) => if *value { "1" } else { "0" }.to_owned(),
        _ => text.trim().to_owned(),
    };
    let bytes = match native {
        Native::Bool => truth(&text).map(|value| vec![u8::from(value)]),
        Native::Int2 => number.parse::<i16>().ok().map(|n| n.to_be_bytes().to_vec()),
        Native::Int4 => number.parse::<i32>().ok().map(|n| n.to_be_bytes().to_vec()),
        Native::Int8 => number.parse::<i64>().ok().map(|n| n.to_be_bytes().to_vec()),
        Native::Oid => number.parse::<u32>().ok().map(|n| n.to_be_bytes().to_vec()),
        Native::Float4 => number.parse::<f32>().ok().map(|n| n.to_be_bytes().to_vec()),
        Native::Float8 => number.parse::<f64>().ok().map(|n| n.to_be_bytes().to_vec()),
        Native::Numeric => number.parse::<BigDecimal>().ok().and_then(numeric),
        Native::Uuid => uuid::Uuid::parse_str(&number)
            .ok()
            .map(|uuid| uuid.as_bytes().to_vec()),
        Native::Char => Some(text.bytes().take(1).collect()),
        _ => (!text.contains('\0')).then(|| text.clone().into_bytes()),
    };
    bytes.ok_or_else(|| format!("`{text}` cannot be converted to that"))
}

fn json(value: &Value) -> String {
    match value {
        // Text is taken for JSON when it is some, as the server would take it.
        Value::Text(text) if serde_json::from_str::<serde_json::Value>(text).is_ok() => {
            text.clone()
        }
        value => row::json_text(value),
    }
}

fn numeric(value: BigDecimal) -> Option<Vec<u8>> {
    let mut buffer = PgArgumentBuffer::default();
    let encoded = Encode::<Postgres>::encode_by_ref(&value, &mut buffer);
    encoded.is_ok().then(|| buffer.to_vec())
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "on" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Days or microseconds since 2000-01-01.
fn convert_time(value: &Value, native: Native) -> Result<Vec<u8>, String> {
    let at: DateTime<Utc> = parse_time(value)?.ok_or("the value is empty")?;
    let epoch = NaiveDate::from_ymd_opt(2000, 1, 1).expect("is a date");
    let too_far = || "the value is too far away".to_owned();
    if native == Native::Date {
        let days = at.date_naive().signed_duration_since(epoch).num_days();
        let days = i32::try_from(days).map_err(|_| too_far())?;
        return Ok(days.to_be_bytes().to_vec());
    }
    let epoch = Utc.from_utc_datetime(&epoch.and_time(chrono::NaiveTime::MIN));
    let micros = at.signed_duration_since(epoch).num_microseconds();
    Ok(micros.ok_or_else(too_far)?.to_be_bytes().to_vec())
}

/// The value as text that the server casts; a list as the literal of an array.
fn text_form(value: &Value, is_array: bool) -> Result<String, String> {
    match value {
        Value::List(items) if is_array => {
            let items: Result<Vec<String>, String> = items
                .iter()
                .map(|item| match item {
                    Value::Null => Ok("NULL".to_owned()),
                    Value::List(_) => text_form(item, true),
                    item => {
                        let text = text_form(item, false)?;
                        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
                        Ok(format!("\"{escaped}\""))
                    }
                })
                .collect();
            Ok(format!("{{{}}}", items?.join(",")))
        }
        Value::List(_) | Value::Map(_) => Err(format!("the value is a {}", value.type_name())),
        value => Ok(to_text(value)?.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_the_type_of_the_parameter() {
        assert_eq!(convert(&"7".into(), Native::Int4), Ok(vec![0, 0, 0, 7]));
        assert_eq!(convert(&Value::Bool(true), Native::Int2), Ok(vec![0, 1]));
        assert_eq!(convert(&"yes".into(), Native::Bool), Ok(vec![1]));
        assert_eq!(convert(&Value::Int(7), Native::Text), Ok(b"7".to_vec()));
        assert_eq!(
            convert(&"2000-01-02".into(), Native::Date),
            Ok(vec![0, 0, 0, 1])
        );
        assert_eq!(
            convert(&"2000-01-01T00:00:00.000001Z".into(), Native::Timestamp),
            Ok(vec![0, 0, 0, 0, 0, 0, 0, 1])
        );
    }

    #[test]
    fn the_least_values_of_redshift_are_its_own() {
        let first = NaiveDate::from_ymd_opt(1, 1, 1).expect("is a date");
        let first = row::day(first);
        for native in [Native::Date, Native::Timestamp] {
            assert_eq!(Ok(least_of_redshift(native)), convert(&first, native));
        }
        let decimal = Value::from(format!("-{}", "9".repeat(38)));
        assert_eq!(
            Ok(least_of_redshift(Native::Numeric)),
            convert(&decimal, Native::Numeric)
        );
    }

    #[test]
    fn what_cannot_be_converted_is_said() {
        let problem = convert(&"seven".into(), Native::Int4);
        assert_eq!(problem, Err("`seven` cannot be converted to that".into()));
    }

    #[test]
    fn lists_become_array_literals() {
        let list = Value::List(vec!["a\"b\\".into(), Value::Int(1), Value::Null]);
        assert_eq!(
            text_form(&list, true).as_deref(),
            Ok(r#"{"a\"b\\","1",NULL}"#)
        );
        assert!(text_form(&list, false).is_err());
    }
}
