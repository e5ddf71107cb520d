//! Values → parameters. The server does not say what it expects and coerces what it gets.

use std::str::FromStr;

use bigdecimal::BigDecimal;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use sqlx::mysql::{MySqlArguments, MySqlTypeInfo};
use sqlx::{Arguments, TypeInfo as _};

use super::super::super::row;
use super::super::super::statement::{Binding, Parameter, Statement};
use crate::expr::Value;
use crate::source::SourceError;

/// The texts to try as the least key, the next one when a query finds nothing. MariaDB shows UUIDs
/// as CHAR or BINARY, but nothing compares with one that is no UUID. Whatever text is greater than the second
/// one is greater than the first, so that the second try never finds more where the key is no UUID.
pub fn least_texts(
    statement: &Statement<'_>,
    key: Option<&MySqlTypeInfo>,
) -> &'static [&'static str] {
    let mut parameters = statement.parameters.iter();
    let begins = parameters.any(|parameter| parameter.binding == Binding::Least);
    match begins && key.is_some_and(|kind| matches!(kind.name(), "CHAR" | "BINARY")) {
        true => &["", "00000000-0000-0000-0000-000000000000"],
        false => &[""],
    }
}

/// Binds the value of a parameter. `key` is the type of the column that a cursor compares with.
pub fn bind(
    arguments: &mut MySqlArguments,
    parameter: &Parameter,
    key: Option<&MySqlTypeInfo>,
    least_text: &str,
) -> Result<(), SourceError> {
    let added = match &parameter.binding {
        Binding::Least => least(
            arguments,
            key.map_or("VARCHAR", |kind| kind.name()),
            least_text,
        ),
        Binding::Key(Value::Text(text)) => match decimal(text, key) {
            Some(decimal) => arguments.add(decimal),
            None => arguments.add(text.as_str()),
        },
        Binding::Value(value) | Binding::Key(value) => match value {
            Value::Null => arguments.add(None::<String>),
            Value::Bool(value) => arguments.add(i64::from(*value)),
            Value::Int(value) => arguments.add(*value),
            Value::UInt(value) => arguments.add(*value),
            Value::Float(value) => arguments.add(*value),
            Value::Text(text) => arguments.add(text.as_str()),
            Value::Bytes(bytes) => arguments.add(bytes.as_slice()),
            Value::Timestamp(at) => arguments.add(at.naive_utc()),
            Value::Duration(length) => arguments.add(length.as_seconds_f64()),
            Value::List(_) | Value::Map(_) => arguments.add(row::json_text(value)),
        },
    };
    added.map_err(|error| {
        SourceError::Invalid(format!("`?<{}>` cannot be bound: {error}", parameter.name))
    })
}

/// Decimals are text in a record. Compared as text the server would take them for floats, which
/// have too few digits to tell neighbours apart.
fn decimal(text: &str, key: Option<&MySqlTypeInfo>) -> Option<BigDecimal> {
    let compared = key.is_some_and(|kind| kind.name() == "DECIMAL");
    compared.then(|| BigDecimal::from_str(text).ok()).flatten()
}

/// The least value of the type of the key.
fn least(
    arguments: &mut MySqlArguments,
    kind: &str,
    least_text: &str,
) -> Result<(), sqlx::error::BoxDynError> {
    match kind {
        "DOUBLE" | "FLOAT" => arguments.add(f64::MIN),
        "DECIMAL" => arguments.add(BigDecimal::from_str(&format!("-{}", "9".repeat(65)))?),
        "DATE" | "DATETIME" | "TIMESTAMP" => arguments.add(NaiveDateTime::new(
            NaiveDate::from_ymd_opt(1000, 1, 1).expect("is a date"),
            NaiveTime::MIN,
        )),
        "TIME" => arguments.add("-838:59:59"),
        "BIT" | "YEAR" | "BOOLEAN" => arguments.add(-1_i64),
        kind if kind.contains("INT") => arguments.add(i64::MIN),
        _ => arguments.add(least_text),
    }
}
