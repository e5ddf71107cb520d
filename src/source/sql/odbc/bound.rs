//! Plain values → what a driver takes: the value, how it lies in memory, the type it is sent as.

use std::num::NonZeroUsize;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Datelike, Timelike, Utc};
use odbc_api::DataType;
use odbc_api::parameter::{InputParameter, VarBinaryBox, VarCharBox, VarWCharBox, WithDataType};
use odbc_api::sys::{Date, Timestamp};

/// A value that a driver can take.
pub type Bound = Box<dyn InputParameter>;

/// A decimal as its digits: drivers differ in the binary forms that they know.
pub fn decimal(number: &BigDecimal) -> Bound {
    let written = number.to_plain_string();
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let scale = written
        .split_once('.')
        .map_or(0, |(_, fraction)| digits(fraction));
    let data_type = DataType::Decimal {
        precision: digits(&written).max(1),
        scale: i16::try_from(scale).unwrap_or(i16::MAX),
    };
    Box::new(WithDataType::new(
        VarCharBox::from_string(written),
        data_type,
    ))
}

/// A text, as wide characters. Where the column has narrow ones and the text needs no others, the
/// parameter has too, so that an index is of use.
pub fn text(text: &str, described: Option<DataType>) -> Bound {
    let value = VarWCharBox::from_str_slice(text);
    let length = text.encode_utf16().count();
    let data_type =
        match described {
            Some(
                DataType::Char { .. } | DataType::Varchar { .. } | DataType::LongVarchar { .. },
            ) if text.is_ascii() => varchar(length),
            _ => {
                let length = NonZeroUsize::new(length.max(1));
                match length.is_some_and(|length| length.get() > 4000) {
                    true => DataType::WLongVarchar { length },
                    false => DataType::WVarchar { length },
                }
            }
        };
    Box::new(WithDataType::new(value, data_type))
}

/// A narrow text of a length.
pub fn varchar(length: usize) -> DataType {
    let length = NonZeroUsize::new(length.max(1));
    match length.is_some_and(|length| length.get() > 8000) {
        true => DataType::LongVarchar { length },
        false => DataType::Varchar { length },
    }
}

/// Bytes of any length.
pub fn bytes(value: Vec<u8>) -> Bound {
    let length = NonZeroUsize::new(value.len().max(1));
    let data_type = match length.is_some_and(|length| length.get() > 8000) {
        true => DataType::LongVarbinary { length },
        false => DataType::Varbinary { length },
    };
    Box::new(WithDataType::new(VarBinaryBox::from_vec(value), data_type))
}

/// A day.
pub fn date(at: DateTime<Utc>) -> Date {
    Date {
        year: i16::try_from(at.year()).unwrap_or(i16::MAX),
        month: u16::try_from(at.month()).expect("a month is small"),
        day: u16::try_from(at.day()).expect("a day is small"),
    }
}

/// A moment with as many decimals of a second as the parameter has; six where nobody says.
pub fn moment(at: DateTime<Utc>, described: Option<DataType>) -> Bound {
    let precision = match described {
        Some(DataType::Timestamp { precision }) if (0..=9).contains(&precision) => precision,
        _ => 6,
    };
    let step = 10_u32.pow(9 - u32::try_from(precision).unwrap_or(6));
    let day = date(at);
    let small = |number: u32| u16::try_from(number).expect("parts of a day are small");
    let value = Timestamp {
        year: day.year,
        month: day.month,
        day: day.day,
        hour: small(at.hour()),
        minute: small(at.minute()),
        second: small(at.second()),
        fraction: at.nanosecond().min(999_999_999) / step * step,
    };
    Box::new(WithDataType::new(value, DataType::Timestamp { precision }))
}
