//! The binary form of a type → values.

use std::net::IpAddr;

use chrono::{NaiveDate, TimeDelta};
use sqlx::postgres::{PgStatement, PgTypeInfo, PgTypeKind, PgValueRef};
use sqlx::{Column, Statement as _, TypeInfo as _, ValueRef};

use super::super::super::{lexer, row};
use crate::expr::Value;
use crate::source::SourceError;

/// True when the binary form of the type is read here.
fn is_native(kind: &PgTypeInfo) -> bool {
    match kind.kind() {
        PgTypeKind::Enum(_) => true,
        PgTypeKind::Array(element) => is_native(element),
        PgTypeKind::Domain(base) => is_native(base),
        _ => kind.oid().is_some_and(|oid| {
            matches!(
                oid.0,
                16..=21
                    | 23
                    | 25
                    | 26
                    | 28
                    | 29
                    | 114
                    | 142
                    | 700
                    | 701
                    | 705
                    | 869
                    | 1042
                    | 1043
                    | 1082
                    | 1114
                    | 1184
                    | 1700
                    | 2278
                    | 2950
                    | 3802
                    | 5069
            )
        }),
    }
}

/// The query, with each column that we cannot read cast to text by the server.
pub fn readable(sql: &str, asked: &PgStatement) -> Result<String, SourceError> {
    let columns = asked.columns();
    if columns.iter().all(|column| is_native(column.type_info())) {
        return Ok(sql.to_owned());
    }
    let first = sql.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let word: String = first
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    let word = word.to_lowercase();
    // A query that changes rows on the way cannot be a part of another one.
    let is_whole = word != "with" || !changes_rows(sql);
    if !is_whole || !["select", "with", "values", "table"].contains(&word.as_str()) {
        let column = columns.iter().find(|column| !is_native(column.type_info()));
        let (name, kind) = column.map_or(("", ""), |c| (c.name(), c.type_info().name()));
        return Err(SourceError::Invalid(format!(
            "the column `{name}` is of the type {kind}, which cannot be read; cast it to text in the query"
        )));
    }
    let names: Vec<String> = (0..columns.len()).map(|n| format!("c{n}")).collect();
    let read: Vec<String> = columns
        .iter()
        .zip(&names)
        .map(|(column, name)| match column.type_info().kind() {
            _ if is_native(column.type_info()) => name.clone(),
            PgTypeKind::Array(_) => format!("{name}::text[]"),
            _ => format!("{name}::text"),
        })
        .collect();
    // The line break ends a comment that the query may end with.
    Ok(format!(
        "SELECT {} FROM (\n{sql}\n) AS q({})",
        read.join(", "),
        names.join(", ")
    ))
}

/// Whether some part of a query, however deep, changes rows.
fn changes_rows(sql: &str) -> bool {
    let regions = lexer::regions(sql, &super::LEXICON).unwrap_or_default();
    lexer::words(sql, &regions)
        .any(|word| ["insert", "update", "delete", "merge"].contains(&word.as_str()))
}

/// The value of a column.
pub fn value(raw: &PgValueRef<'_>) -> Result<Value, String> {
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let bytes = raw.as_bytes().map_err(|error| error.to_string())?;
    typed(&raw.type_info(), bytes)
}

fn typed(kind: &PgTypeInfo, bytes: &[u8]) -> Result<Value, String> {
    match kind.kind() {
        PgTypeKind::Enum(_) => return text(bytes),
        PgTypeKind::Domain(base) => return typed(base, bytes),
        PgTypeKind::Array(element) => return array(element, bytes),
        _ => {}
    }
    let oid = kind.oid().map_or(0, |oid| oid.0);
    Ok(match oid {
        16 => Value::Bool(bytes == [1]),
        17 => Value::Bytes(bytes.to_vec()),
        // A single byte that is a letter in every catalog.
        18 => Value::Text(
            bytes
                .iter()
                .filter(|b| **b != 0)
                .map(|b| char::from(*b))
                .collect(),
        ),
        20 => Value::Int(i64::from_be_bytes(sized(bytes)?)),
        21 => Value::Int(i16::from_be_bytes(sized(bytes)?).into()),
        23 => Value::Int(i32::from_be_bytes(sized(bytes)?).into()),
        26 | 28 | 29 => Value::Int(u32::from_be_bytes(sized(bytes)?).into()),
        5069 => row::unsigned(u64::from_be_bytes(sized(bytes)?)),
        700 => row::single(f32::from_be_bytes(sized(bytes)?)),
        701 => Value::Float(f64::from_be_bytes(sized(bytes)?)),
        1700 => Value::Text(numeric(bytes)?),
        114 => row::json(&utf8(bytes)?),
        // A byte with the version of the format comes first.
        3802 => row::json(&utf8(bytes.get(1..).unwrap_or_default())?),
        2950 => Value::Text(uuid::Uuid::from_bytes(sized(bytes)?).to_string()),
        1082 => date(i32::from_be_bytes(sized(bytes)?))?,
        1114 | 1184 => timestamp(i64::from_be_bytes(sized(bytes)?))?,
        19 | 25 | 142 | 705 | 1042 | 1043 => text(bytes)?,
        650 | 869 => Value::Text(address(bytes)?),
        2278 => Value::Null,
        _ => return Err(format!("its type is {}", kind.name())),
    })
}

/// The family, the bits of the network, whether it is one, the length of the address, the address.
/// A cast to text by the server would add `/32` to every host.
fn address(bytes: &[u8]) -> Result<String, String> {
    let [_, bits, is_network, _, address @ ..] = bytes else {
        return Err("the address is cut short".to_owned());
    };
    let (address, all_bits) = match address.len() {
        4 => (IpAddr::from(sized::<4>(address)?), 32),
        _ => (IpAddr::from(sized::<16>(address)?), 128),
    };
    Ok(match *is_network == 1 || *bits != all_bits {
        true => format!("{address}/{bits}"),
        false => address.to_string(),
    })
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes
        .try_into()
        .map_err(|_| format!("{N} bytes are needed, {} came", bytes.len()))
}

fn utf8(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "it is not UTF-8 text".to_owned())
}

fn text(bytes: &[u8]) -> Result<Value, String> {
    utf8(bytes).map(Value::Text)
}

/// Days since 2000-01-01. The infinities stand for "never", which is absence.
fn date(days: i32) -> Result<Value, String> {
    if days == i32::MIN || days == i32::MAX {
        return Ok(Value::Null);
    }
    epoch()
        .checked_add_signed(TimeDelta::days(days.into()))
        .map(row::day)
        .ok_or_else(|| "the date is too far away".to_owned())
}

/// Microseconds since 2000-01-01. The infinities stand for "never", which is absence.
fn timestamp(micros: i64) -> Result<Value, String> {
    if micros == i64::MIN || micros == i64::MAX {
        return Ok(Value::Null);
    }
    epoch()
        .and_time(chrono::NaiveTime::MIN)
        .checked_add_signed(TimeDelta::microseconds(micros))
        .map(row::moment)
        .ok_or_else(|| "the moment is too far away".to_owned())
}

fn epoch() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).expect("is a date")
}

/// A decimal digit for digit: the count of base-10000 digits, the weight of the first, the sign,
/// the number of decimals, the digits.
fn numeric(bytes: &[u8]) -> Result<String, String> {
    let words: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect();
    let [_, weight, sign, decimals, digits @ ..] = words.as_slice() else {
        return Err("the number is cut short".to_owned());
    };
    match sign {
        0xC000 => return Ok("NaN".to_owned()),
        0xD000 => return Ok("Infinity".to_owned()),
        0xF000 => return Ok("-Infinity".to_owned()),
        _ => {}
    }
    let weight = i32::from(weight.cast_signed());
    let digit = |index: i32| {
        let found = usize::try_from(index).ok().and_then(|at| digits.get(at));
        found.copied().unwrap_or(0)
    };
    let mut whole: String = (0..=weight).map(|i| format!("{:04}", digit(i))).collect();
    whole = whole.trim_start_matches('0').to_owned();
    if whole.is_empty() {
        whole.push('0');
    }
    if *sign == 0x4000 {
        whole.insert(0, '-');
    }
    let decimals = usize::from(*decimals);
    if decimals > 0 {
        let groups = i32::try_from(decimals.div_ceil(4)).expect("it fits 16 bits");
        let fraction: String = (1..=groups)
            .map(|i| format!("{:04}", digit(weight + i)))
            .collect();
        whole.push('.');
        whole.push_str(&fraction[..decimals]);
    }
    Ok(whole)
}

/// The number of dimensions, whether there are nulls, the type, the length and lower bound of each
/// dimension, then the elements, each after its length.
fn array(element: &PgTypeInfo, bytes: &[u8]) -> Result<Value, String> {
    let mut rest = bytes;
    let dimensions = word(&mut rest)?;
    word(&mut rest)?;
    word(&mut rest)?;
    let mut lengths = Vec::new();
    for _ in 0..dimensions {
        lengths.push(usize::try_from(word(&mut rest)?).map_err(|_| CUT_SHORT)?);
        word(&mut rest)?;
    }
    match lengths.is_empty() {
        true => Ok(Value::List(Vec::new())),
        false => elements(element, &lengths, &mut rest),
    }
}

const CUT_SHORT: &str = "the array is cut short";

fn word(rest: &mut &[u8]) -> Result<i32, String> {
    let (head, tail) = rest.split_first_chunk::<4>().ok_or(CUT_SHORT)?;
    *rest = tail;
    Ok(i32::from_be_bytes(*head))
}

fn elements(kind: &PgTypeInfo, lengths: &[usize], rest: &mut &[u8]) -> Result<Value, String> {
    let Some((length, inner)) = lengths.split_first() else {
        let Ok(length) = usize::try_from(word(rest)?) else {
            return Ok(Value::Null);
        };
        let (head, tail) = rest.split_at_checked(length).ok_or(CUT_SHORT)?;
        *rest = tail;
        return typed(kind, head);
    };
    let items: Result<Vec<Value>, String> =
        (0..*length).map(|_| elements(kind, inner, rest)).collect();
    items.map(Value::List)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(words: &[u16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn decimals_keep_every_digit() {
        for (words, text) in [
            (&[0, 0, 0, 0][..], "0"),
            (&[0, 0, 0, 2], "0.00"),
            (&[1, 0, 0, 2, 1], "1.00"),
            (&[2, 0, 0x4000, 2, 12, 3400], "-12.34"),
            (&[2, 1, 0, 0, 1, 2], "10002"),
            (&[1, 0xFFFF, 0, 4, 5], "0.0005"),
            (&[1, 0xFFFE, 0, 8, 5], "0.00000005"),
            (&[1, 1, 0, 0, 3], "30000"),
            (&[0, 0, 0xC000, 0], "NaN"),
        ] {
            assert_eq!(numeric(&wire(words)).as_deref(), Ok(text), "{words:?}");
        }
        assert!(numeric(&[0, 1]).is_err());
    }

    #[test]
    fn what_is_cut_short_is_no_panic() {
        let text = PgTypeInfo::with_name("text");
        for bytes in [
            &[][..],
            &[0, 0, 0, 1],
            &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 9, 0, 0, 0, 1],
        ] {
            assert!(array(&text, bytes).is_err());
        }
    }
}
