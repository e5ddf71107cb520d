//! Cells of a row → values. Long ones are brought in parts, so that nothing is cut off and no buffer
//! is larger than it must be.

use chrono::{NaiveDate, NaiveDateTime};
use odbc_api::buffers::Indicator;
use odbc_api::parameter::{Binary, CElement, Text, VarCell, VarKind, WideText};
use odbc_api::sys::{Date, Timestamp};
use odbc_api::{Bit, CursorRow, Nullable};

use super::column::{Column, Reading};
use super::failure::Failure;
use crate::expr::{Value, parse_time};
use crate::source::SourceError;
use crate::source::sql::row;

/// Elements of a part of a long value.
const PART: usize = 4096;

/// The largest value that is brought: more than any directory keeps in a cell.
const LARGEST: usize = 256 << 20;

/// Room for the parts of values.
pub struct Buffers {
    wide: Vec<u16>,
    narrow: Vec<u8>,
}

impl Default for Buffers {
    fn default() -> Self {
        Self {
            wide: vec![0; PART],
            narrow: vec![0; PART],
        }
    }
}

/// The value of a column of the current row. Columns are read in order, each once.
pub fn read(
    cells: &mut CursorRow<'_>,
    number: u16,
    column: &Column,
    buffers: &mut Buffers,
) -> Result<Value, Failure> {
    let unreadable = |reason: String| {
        SourceError::Invalid(format!(
            "the column `{}` cannot be read: {reason}",
            column.name
        ))
    };
    let mut cell = Cell {
        cells,
        number,
        buffers,
    };
    let value = match column.reading {
        Reading::Integer => cell.digits()?.map(|digits| integer(&digits)),
        Reading::Decimal => cell.digits()?.map(Value::Text),
        Reading::Number => cell.digits()?.map(|digits| number_of(digits, column)),
        Reading::Single => cell.fixed::<f32>()?.map(row::single),
        Reading::Double => cell.fixed::<f64>()?.map(Value::Float),
        Reading::Truth => cell.fixed::<Bit>()?.map(|bit| Value::Bool(bit.as_bool())),
        Reading::Date => match cell.fixed::<Date>()? {
            Some(date) => day(date).map_err(unreadable)?,
            None => None,
        },
        Reading::Moment => match cell.fixed::<Timestamp>()? {
            Some(at) => moment(at).map_err(unreadable)?,
            None => None,
        },
        Reading::Uuid => {
            let text = cell.text().map_err(|error| error.or(unreadable))?;
            text.map(|text| Value::Text(text.to_lowercase()))
        }
        Reading::Text | Reading::WrittenMoment | Reading::WrittenTruth => {
            let text = cell.text().map_err(|error| error.or(unreadable))?;
            text.map(Value::Text)
        }
        Reading::Bytes => {
            let bytes = cell
                .parts::<Binary>()
                .map_err(|error| error.or(unreadable))?;
            bytes.map(Value::Bytes)
        }
    };
    Ok(value.unwrap_or(Value::Null))
}

/// A cell that has not been read.
struct Cell<'c, 'r, 's> {
    cells: &'r mut CursorRow<'s>,
    number: u16,
    buffers: &'c mut Buffers,
}

/// Why a cell cannot be read.
enum Unread {
    Driver(odbc_api::Error),
    Because(&'static str),
}

impl Unread {
    fn or(self, unreadable: impl Fn(String) -> SourceError) -> Failure {
        match self {
            Unread::Driver(error) => error.into(),
            Unread::Because(reason) => unreadable(reason.to_owned()).into(),
        }
    }
}

impl From<odbc_api::Error> for Unread {
    fn from(error: odbc_api::Error) -> Self {
        Unread::Driver(error)
    }
}

/// The buffer for elements of a kind.
trait Part: VarKind {
    fn buffer(buffers: &mut Buffers) -> &mut [Self::Element];
}

impl Part for WideText {
    fn buffer(buffers: &mut Buffers) -> &mut [u16] {
        &mut buffers.wide
    }
}

impl Part for Text {
    fn buffer(buffers: &mut Buffers) -> &mut [u8] {
        &mut buffers.narrow
    }
}

impl Part for Binary {
    fn buffer(buffers: &mut Buffers) -> &mut [u8] {
        &mut buffers.narrow
    }
}

impl Cell<'_, '_, '_> {
    fn fixed<T>(&mut self) -> Result<Option<T>, Failure>
    where
        T: odbc_api::Pod + Copy + Default,
        Nullable<T>: CElement + odbc_api::handles::CDataMut,
    {
        let mut cell = Nullable::<T>::null();
        self.cells.get_data(self.number, &mut cell)?;
        Ok(cell.into_opt())
    }

    /// A number as the driver writes it.
    fn digits(&mut self) -> Result<Option<String>, Failure> {
        let digits = self.parts::<Text>().map_err(|error| match error {
            Unread::Driver(error) => Failure::Driver(error),
            Unread::Because(reason) => SourceError::Invalid(reason.to_owned()).into(),
        })?;
        Ok(digits.map(|digits| String::from_utf8_lossy(&digits).trim().to_owned()))
    }

    fn text(&mut self) -> Result<Option<String>, Unread> {
        let Some(units) = self.parts::<WideText>()? else {
            return Ok(None);
        };
        let text = String::from_utf16(&units);
        text.map(Some).map_err(|_| Unread::Because("it is no text"))
    }

    /// Brings a value part by part.
    fn parts<K: Part>(&mut self) -> Result<Option<Vec<K::Element>>, Unread> {
        let size = size_of::<K::Element>();
        let mut whole: Vec<K::Element> = Vec::new();
        loop {
            let buffer = K::buffer(self.buffers);
            let room = buffer.len() - K::TERMINATING_ZEROES;
            buffer[room - 1..].fill(K::ZERO);
            let mut part = VarCell::<&mut [K::Element], K>::from_buffer(buffer, Indicator::NoTotal);
            self.cells.get_data(self.number, &mut part)?;
            let length = match part.indicator() {
                Indicator::Null => return Ok(None),
                Indicator::Length(bytes) => Some(bytes / size),
                Indicator::NoTotal => None,
            };
            let buffer = K::buffer(self.buffers);
            match length {
                Some(length) if length <= room => {
                    whole.extend_from_slice(&buffer[..length]);
                    return Ok(Some(whole));
                }
                _ => {
                    // A driver that does not split a character leaves one place empty.
                    let unsplit = K::TERMINATING_ZEROES > 0 && buffer[room - 1] == K::ZERO;
                    whole.extend_from_slice(&buffer[..room - usize::from(unsplit)]);
                }
            }
            if whole.len() > LARGEST / size {
                return Err(Unread::Because("it is larger than 256 MiB"));
            }
        }
    }
}

/// A whole number: with sign where it fits, so that arithmetic with literals works.
fn integer(digits: &str) -> Value {
    match (digits.parse::<i64>(), digits.parse::<u64>()) {
        (Ok(number), _) => Value::Int(number),
        (_, Ok(number)) => Value::UInt(number),
        _ => Value::from(digits),
    }
}

/// A number of a database that has one type for all of them.
fn number_of(digits: String, column: &Column) -> Value {
    let is_float = matches!(
        column.data_type,
        odbc_api::DataType::Float { .. } | odbc_api::DataType::Double | odbc_api::DataType::Real
    );
    match digits.parse::<i64>() {
        Ok(number) => Value::Int(number),
        Err(_) if is_float => digits.parse().map_or(Value::Text(digits), Value::Float),
        Err(_) => Value::Text(digits),
    }
}

/// Days with a zero in them stand for no date, as MySQL writes them.
fn day(date: Date) -> Result<Option<Value>, String> {
    if date.month == 0 || date.day == 0 {
        return Ok(None);
    }
    NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
        .map(|date| Some(row::day(date)))
        .ok_or_else(|| format!("{}-{}-{} is no date", date.year, date.month, date.day))
}

fn moment(at: Timestamp) -> Result<Option<Value>, String> {
    if at.month == 0 || at.day == 0 {
        return Ok(None);
    }
    let (hour, minute, second) = (at.hour.into(), at.minute.into(), at.second.into());
    NaiveDate::from_ymd_opt(at.year.into(), at.month.into(), at.day.into())
        .and_then(|date| date.and_hms_nano_opt(hour, minute, second, at.fraction))
        .map(|at: NaiveDateTime| Some(row::moment(at)))
        .ok_or_else(|| format!("{}-{}-{} is no date", at.year, at.month, at.day))
}

/// The value as people see it: a text that means a moment is one, and so are truth values.
pub fn shown(stored: Value, reading: Reading) -> Value {
    match (reading, stored) {
        (Reading::WrittenMoment, Value::Text(text)) => written_moment(text),
        (Reading::WrittenTruth, Value::Text(text)) => match text.as_str() {
            "0" => Value::Bool(false),
            "1" => Value::Bool(true),
            _ => Value::Text(text),
        },
        (_, stored) => stored,
    }
}

fn written_moment(text: String) -> Value {
    // SQL Server leaves a space before the zone.
    let joined = text.replace(" +", "+").replace(" -", "-");
    let value = Value::Text(text);
    // What never begins or ends is absent; one driver has no date for it.
    if joined.eq_ignore_ascii_case("infinity")
        || joined.eq_ignore_ascii_case("-infinity")
        || joined.starts_with("0000-00-00")
    {
        return Value::Null;
    }
    if !joined.contains('-') {
        return joined.parse().map_or(value, Value::Int);
    }
    if let Ok(at) = chrono::DateTime::parse_from_str(&joined, "%Y-%m-%d %H:%M:%S%.f%:z") {
        return Value::Timestamp(at);
    }
    match parse_time(&value) {
        Ok(Some(at)) => Value::Timestamp(at.fixed_offset()),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_sign_and_size() {
        assert_eq!(integer("-7"), Value::Int(-7));
        assert_eq!(integer("18446744073709551615"), Value::UInt(u64::MAX));
        assert_eq!(integer("1e3"), Value::from("1e3"));
    }

    #[test]
    fn moments_keep_their_zone() {
        let at = written_moment("2024-05-06 07:08:09.1234567 +02:00".into());
        let expected = chrono::DateTime::parse_from_rfc3339("2024-05-06T07:08:09.1234567+02:00");
        assert_eq!(at, Value::Timestamp(expected.expect("is a date")));
        assert_eq!(written_moment("soon".into()), Value::from("soon"));
    }

    #[test]
    fn zero_dates_are_no_dates() {
        let date = |year, month, day| Date { year, month, day };
        assert_eq!(day(date(0, 0, 0)), Ok(None));
        assert!(day(date(2024, 2, 30)).is_err());
        assert!(day(date(2024, 2, 29)).is_ok());
    }
}
