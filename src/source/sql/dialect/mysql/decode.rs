//! The binary form of a type → values.

use chrono::{NaiveDate, NaiveTime};
use sqlx::mysql::{MySqlTypeInfo, MySqlValueRef};
use sqlx::{Decode, MySql, Type, TypeInfo as _, ValueRef};

use super::super::super::row;
use crate::expr::Value;

/// The value of a column.
pub fn value(raw: MySqlValueRef<'_>) -> Result<Value, String> {
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info().into_owned();
    let bytes = <&[u8] as Decode<MySql>>::decode(raw).map_err(|error| error.to_string())?;
    typed(&kind, bytes)
}

fn typed(kind: &MySqlTypeInfo, bytes: &[u8]) -> Result<Value, String> {
    let unsigned = <u64 as Type<MySql>>::compatible(kind);
    Ok(match kind.name() {
        // TINYINT(1) is what the server makes of BOOLEAN, and still a number: `.active == 1`.
        "BOOLEAN" | "TINYINT" | "TINYINT UNSIGNED" | "SMALLINT" | "SMALLINT UNSIGNED"
        | "MEDIUMINT" | "MEDIUMINT UNSIGNED" | "INT" | "INT UNSIGNED" | "BIGINT"
        | "BIGINT UNSIGNED" | "YEAR" => integer(bytes, unsigned)?,
        "BIT" => bits(bytes)?,
        "FLOAT" => row::single(f32::from_le_bytes(sized(bytes)?)),
        "DOUBLE" => Value::Float(f64::from_le_bytes(sized(bytes)?)),
        "DATE" | "DATETIME" | "TIMESTAMP" => moment(bytes)?,
        "TIME" => Value::Text(time(bytes)?),
        "DECIMAL" => text(bytes)?,
        "JSON" => row::json(std::str::from_utf8(bytes).map_err(|_| NOT_TEXT)?),
        "NULL" => Value::Null,
        "GEOMETRY" => Value::Bytes(bytes.to_vec()),
        // Whatever else is not of the binary character set is text, sets and enums included.
        _ if <str as Type<MySql>>::compatible(kind) || kind.name() == "SET" => text(bytes)?,
        _ => Value::Bytes(bytes.to_vec()),
    })
}

const NOT_TEXT: &str = "it is not UTF-8 text";

fn text(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| NOT_TEXT)?;
    Ok(Value::from(text))
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes
        .try_into()
        .map_err(|_| format!("{N} bytes are needed, {} came", bytes.len()))
}

/// Little-endian, as wide as the type.
fn integer(bytes: &[u8], unsigned: bool) -> Result<Value, String> {
    let mut wide = match bytes.last() {
        Some(last) if !unsigned && *last >= 0x80 => [0xFF; 8],
        _ => [0; 8],
    };
    wide.get_mut(..bytes.len())
        .ok_or("it has more than 64 bits")?
        .copy_from_slice(bytes);
    Ok(match unsigned {
        true => row::unsigned(u64::from_le_bytes(wide)),
        false => Value::Int(i64::from_le_bytes(wide)),
    })
}

/// Big-endian, as many bytes as the bits need.
fn bits(bytes: &[u8]) -> Result<Value, String> {
    if bytes.len() > 8 {
        return Err("it has more than 64 bits".to_owned());
    }
    let number = bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    Ok(row::unsigned(number))
}

/// The length, then year, month and day, hour, minute and second, microseconds, as far as they are
/// not zero. Zero dates, also those with a zero day or month, stand for no date.
fn moment(bytes: &[u8]) -> Result<Value, String> {
    let Some((&[year_low, year_high, month, day], rest)) = bytes
        .get(1..)
        .and_then(|fields| fields.split_first_chunk::<4>())
    else {
        return Ok(Value::Null);
    };
    let year = u16::from_le_bytes([year_low, year_high]);
    let date = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into());
    let time = match rest {
        [] => Some(NaiveTime::MIN),
        [hour, minute, second] => clock(*hour, *minute, *second, 0),
        [hour, minute, second, micros @ ..] => {
            clock(*hour, *minute, *second, u32::from_le_bytes(sized(micros)?))
        }
        _ => None,
    };
    let zero = year == 0 || month == 0 || day == 0;
    match date.zip(time) {
        Some((date, time)) if !zero => Ok(row::moment(date.and_time(time))),
        _ if zero => Ok(Value::Null),
        _ => Err(format!("{year}-{month}-{day} is no date")),
    }
}

fn clock(hour: u8, minute: u8, second: u8, micros: u32) -> Option<NaiveTime> {
    NaiveTime::from_hms_micro_opt(hour.into(), minute.into(), second.into(), micros)
}

/// The length, then the sign, days, hours, minutes, seconds, microseconds, as far as they are not
/// zero. A time may be longer than a day, and negative.
fn time(bytes: &[u8]) -> Result<String, String> {
    let Some((&[negative, d0, d1, d2, d3, hour, minute, second], micros)) = bytes
        .get(1..)
        .and_then(|fields| fields.split_first_chunk::<8>())
    else {
        return Ok("00:00:00".to_owned());
    };
    let sign = if negative == 1 { "-" } else { "" };
    let hours = u32::from_le_bytes([d0, d1, d2, d3]) * 24 + u32::from(hour);
    let text = format!("{sign}{hours:02}:{minute:02}:{second:02}");
    Ok(match micros {
        [] => text,
        micros => format!("{text}.{:06}", u32::from_le_bytes(sized(micros)?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_keep_sign_and_width() {
        assert_eq!(integer(&[0xFF], false), Ok(Value::Int(-1)));
        assert_eq!(integer(&[0xFF], true), Ok(Value::Int(255)));
        assert_eq!(integer(&[0, 1], false), Ok(Value::Int(256)));
        assert_eq!(integer(&[0xFF; 8], true), Ok(Value::UInt(u64::MAX)));
        assert_eq!(bits(&[1, 0]), Ok(Value::Int(256)));
    }

    #[test]
    fn zero_dates_are_no_dates() {
        for bytes in [&[0][..], &[4, 0, 0, 0, 0], &[4, 0xE8, 7, 5, 0]] {
            assert_eq!(moment(bytes), Ok(Value::Null), "{bytes:?}");
        }
        assert!(moment(&[4, 0xE8, 7, 2, 30]).is_err());
    }

    #[test]
    fn times_may_be_long_and_negative() {
        assert_eq!(time(&[0]).as_deref(), Ok("00:00:00"));
        assert_eq!(
            time(&[8, 1, 34, 0, 0, 0, 22, 59, 59]).as_deref(),
            Ok("-838:59:59")
        );
        assert_eq!(
            time(&[12, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0]).as_deref(),
            Ok("01:02:03.000004")
        );
    }
}
