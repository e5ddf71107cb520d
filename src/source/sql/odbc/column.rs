//! The columns of a result, as a driver describes them, and how each is read.

use odbc_api::sys::SqlDataType;
use odbc_api::{ColumnDescription, DataType, ResultSetMetadata};

use super::System;
use super::failure::Failure;

/// A column of a result.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as the driver has it.
    pub data_type: DataType,
    /// Whether it is a number without sign.
    pub is_unsigned: bool,
    /// How it is read.
    pub reading: Reading,
}

/// How the values of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A whole number, from its digits: drivers differ in how many bits and signs they know.
    Integer,
    /// A decimal, digit for digit.
    Decimal,
    /// A decimal, or a whole number where it is one.
    Number,
    /// A single-precision number.
    Single,
    /// A double-precision number.
    Double,
    /// A truth value.
    Truth,
    /// A truth value that a number stands for, where the column may hold anything.
    WrittenTruth,
    /// A day.
    Date,
    /// A moment.
    Moment,
    /// A moment that a text describes, with its zone.
    WrittenMoment,
    /// Text of any length.
    Text,
    /// A UUID that servers write in small letters, whatever drivers do.
    Uuid,
    /// Bytes of any length.
    Bytes,
}

/// The columns of a prepared statement or a result; none when it has no result.
pub fn columns(
    described: &mut impl ResultSetMetadata,
    system: System,
) -> Result<Vec<Column>, Failure> {
    let count = u16::try_from(described.num_result_cols()?).unwrap_or_default();
    let mut description = ColumnDescription {
        name: Vec::with_capacity(256),
        ..ColumnDescription::default()
    };
    (1..=count)
        .map(|number| {
            described.describe_col(number, &mut description)?;
            let name = description.name_to_string().unwrap_or_default();
            let data_type = description.data_type;
            Ok(Column {
                name,
                // A driver that does not say has none.
                is_unsigned: described.column_is_unsigned(number).unwrap_or(false),
                data_type,
                reading: reading(data_type, system),
            })
        })
        .collect()
}

/// Types that ODBC leaves to drivers: SQL Server's moments with a zone, and those of ODBC 4.
const ZONED: [SqlDataType; 2] = [SqlDataType(-155), SqlDataType(95)];

/// What ODBC calls a UUID.
pub const GUID: SqlDataType = SqlDataType(-11);

fn reading(data_type: DataType, system: System) -> Reading {
    match data_type {
        DataType::TinyInt | DataType::SmallInt | DataType::Integer | DataType::BigInt => {
            Reading::Integer
        }
        DataType::Numeric { scale, .. } | DataType::Decimal { scale, .. } => {
            match system.counts_in_decimals() && scale <= 0 {
                true => Reading::Number,
                false => Reading::Decimal,
            }
        }
        DataType::Float { .. } | DataType::Double | DataType::Real
            if system.counts_in_decimals() =>
        {
            Reading::Number
        }
        DataType::Real | DataType::Float { precision: 1..=24 } => Reading::Single,
        DataType::Float { .. } | DataType::Double => Reading::Double,
        DataType::Bit if system.writes_moments() => Reading::WrittenTruth,
        DataType::Bit => Reading::Truth,
        DataType::Date | DataType::Timestamp { .. } if system.shows_moments() => {
            Reading::WrittenMoment
        }
        DataType::Date => Reading::Date,
        DataType::Timestamp { .. } => Reading::Moment,
        DataType::Binary { .. } | DataType::Varbinary { .. } | DataType::LongVarbinary { .. } => {
            Reading::Bytes
        }
        DataType::Other { data_type, .. } if ZONED.contains(&data_type) => Reading::WrittenMoment,
        DataType::Other { data_type, .. } if data_type == GUID && !system.shouts_uuids() => {
            Reading::Uuid
        }
        _ => Reading::Text,
    }
}
