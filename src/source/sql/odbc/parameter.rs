//! Values → what a driver binds, in the type that the parameter has, as far as it is known.

use bigdecimal::BigDecimal;
use chrono::Utc;
use odbc_api::parameter::{VarCharBox, VarWCharBox, WithDataType};
use odbc_api::sys::{Date, Timestamp};
use odbc_api::{Bit, DataType};

use super::System;
use super::bound::{Bound, bytes, date, decimal, moment, text, varchar};
use super::column::GUID;
use super::system::{Describes, Least, Truth};
use crate::expr::{Value, parse_time, to_text};
use crate::source::SourceError;
use crate::source::sql::row;
use crate::source::sql::statement::{Binding, Parameter};

/// What is known about the parameters of a statement.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The system.
    pub system: System,
    /// The type of the column that a cursor compares with.
    pub key: Option<DataType>,
    /// Whether that column has no negative numbers.
    pub key_is_unsigned: bool,
    /// Where a cursor of texts begins.
    pub least: Least,
}

/// The families of types that values are converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    Decimal,
    Double,
    Truth,
    Date,
    Moment,
    Uuid,
    Text,
    Bytes,
}

impl Form {
    fn of(data_type: DataType, system: System) -> Form {
        match data_type {
            DataType::TinyInt | DataType::SmallInt | DataType::Integer | DataType::BigInt => {
                Form::Whole
            }
            DataType::Numeric { .. } | DataType::Decimal { .. } => Form::Decimal,
            DataType::Float { .. } | DataType::Real | DataType::Double => Form::Double,
            DataType::Bit => Form::Truth,
            DataType::Date | DataType::Timestamp { .. } if system.writes_moments() => Form::Text,
            DataType::Date => Form::Date,
            DataType::Timestamp { .. } => Form::Moment,
            DataType::Binary { .. }
            | DataType::Varbinary { .. }
            | DataType::LongVarbinary { .. } => Form::Bytes,
            DataType::Other {
                data_type: GUID, ..
            } => Form::Uuid,
            _ => Form::Text,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Form::Whole => "a whole number",
            Form::Decimal => "a decimal",
            Form::Double => "a number",
            Form::Truth => "a truth value",
            Form::Date => "a date",
            Form::Moment => "a moment",
            Form::Uuid => "a UUID",
            Form::Text => "text",
            Form::Bytes => "bytes",
        }
    }
}

/// True when the least value of the key is that of a text, of which there may be several to try.
pub fn begins_with_text(key: Option<DataType>, system: System) -> bool {
    key.is_none_or(|key| Form::of(key, system) == Form::Text)
}

/// Converts the value of a parameter. `described` is what the driver says that it is.
pub fn bind(
    parameter: &Parameter,
    described: Option<DataType>,
    context: Context,
) -> Result<Bound, SourceError> {
    let data_type = wanted(parameter, described, context);
    let form = data_type.map(|data_type| Form::of(data_type, context.system));
    let bound = match (&parameter.binding, form) {
        (Binding::Value(Value::Null) | Binding::Key(Value::Null), _) => Ok(null(data_type)),
        (Binding::Least, form) => Ok(least(form.unwrap_or(Form::Text), data_type, context)),
        (Binding::Value(value) | Binding::Key(value), None) => Ok(as_it_is(value, context.system)),
        (Binding::Value(value) | Binding::Key(value), Some(form)) => {
            convert(value, form, data_type, context.system)
        }
    };
    bound.map_err(|problem| {
        let form = form.unwrap_or(Form::Text).name();
        SourceError::Invalid(format!(
            "`?<{}>` is {form} here, and {problem}",
            parameter.name
        ))
    })
}

/// The type to convert to; `None` when the value decides.
fn wanted(
    parameter: &Parameter,
    described: Option<DataType>,
    context: Context,
) -> Option<DataType> {
    let describes = context.system.describes();
    let is_text = |data_type: &DataType| Form::of(*data_type, context.system) == Form::Text;
    let counts = ["limit", "offset"].contains(&parameter.name.to_lowercase().as_str());
    match (&parameter.binding, describes) {
        (_, Describes::Exactly) if described.is_some() => described,
        // How many rows there are is never a text.
        (Binding::Value(_), Describes::Vaguely) => {
            described.filter(|data_type| !(counts && is_text(data_type)))
        }
        (Binding::Value(_), _) => None,
        (Binding::Key(_) | Binding::Least, Describes::Vaguely) => described
            .filter(|data_type| !is_text(data_type))
            .or(context.key),
        (Binding::Key(_) | Binding::Least, _) => context.key,
    }
}

fn null(data_type: Option<DataType>) -> Bound {
    match data_type {
        Some(data_type) => Box::new(WithDataType::new(VarWCharBox::null(), data_type)),
        None => Box::new(WithDataType::new(VarCharBox::null(), varchar(1))),
    }
}

/// A value in its own type.
fn as_it_is(value: &Value, system: System) -> Bound {
    match value {
        Value::Null => null(None),
        Value::Bool(value) => match system.truth() {
            Truth::Bit => Box::new(Bit::from_bool(*value)),
            Truth::Number => whole(i64::from(*value), system),
            Truth::Text => text(if *value { "1" } else { "0" }, None),
        },
        Value::Int(number) => whole(*number, system),
        Value::UInt(number) => decimal(&BigDecimal::from(*number)),
        Value::Float(number) => Box::new(*number),
        Value::Text(value) => text(value, None),
        Value::Bytes(value) => bytes(value.clone()),
        Value::Timestamp(at) if system.writes_moments() => {
            text(&row::moment_text(at.with_timezone(&Utc)), None)
        }
        Value::Timestamp(at) => moment(at.with_timezone(&Utc), None),
        Value::Duration(length) => Box::new(length.as_seconds_f64()),
        Value::List(_) | Value::Map(_) => text(&row::json_text(value), None),
    }
}

fn convert(
    value: &Value,
    form: Form,
    data_type: Option<DataType>,
    system: System,
) -> Result<Bound, String> {
    match (form, value) {
        (Form::Bytes, Value::Bytes(value)) => return Ok(bytes(value.clone())),
        (Form::Date | Form::Moment, _) => {
            let at = parse_time(value)?.ok_or("the value is empty")?;
            return Ok(match form {
                Form::Date => Box::new(date(at)),
                _ => moment(at, data_type),
            });
        }
        (Form::Text, Value::List(_) | Value::Map(_)) => {
            return Ok(text(&row::json_text(value), data_type));
        }
        (Form::Text, Value::Timestamp(at)) if system.writes_moments() => {
            return Ok(text(&row::moment_text(at.with_timezone(&Utc)), data_type));
        }
        _ => {}
    }
    let written = to_text(value)
        .map_err(|_| format!("the value is a {}", value.type_name()))?
        .unwrap_or_default();
    // A truth value is the number 1 or 0 where a number is needed.
    let number = match value {
        Value::Bool(value) => if *value { "1" } else { "0" }.to_owned(),
        _ => written.trim().to_owned(),
    };
    let bound = match form {
        Form::Whole => match number.parse::<i64>() {
            Ok(number) => Some(whole(number, system)),
            Err(_) => number
                .parse::<u64>()
                .ok()
                .map(|number| decimal(&number.into())),
        },
        Form::Decimal => number.parse().ok().map(|number| decimal(&number)),
        Form::Double => number
            .parse::<f64>()
            .ok()
            .map(|number| Box::new(number) as Bound),
        Form::Truth => truth(&written).map(|value| Box::new(Bit::from_bool(value)) as Bound),
        Form::Bytes => Some(bytes(written.clone().into_bytes())),
        // As text: the servers read it, and few drivers do.
        Form::Uuid => uuid::Uuid::parse_str(&number)
            .ok()
            .map(|_| text(&number, None)),
        _ if matches!(value, Value::Bool(_)) && system.truth() != Truth::Bit => {
            Some(text(&number, data_type))
        }
        _ => Some(text(&written, data_type)),
    };
    bound.ok_or_else(|| format!("`{written}` cannot be converted to that"))
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "on" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The least value of a type.
fn least(form: Form, data_type: Option<DataType>, context: Context) -> Bound {
    let year = context.system.first_year();
    match form {
        Form::Whole => whole(least_whole(data_type, context), context.system),
        Form::Decimal if context.system == System::Sqlite => Box::new(f64::MIN),
        Form::Decimal => {
            let digits = digits_before_the_point(data_type, context.system);
            decimal(&-BigDecimal::new(1.into(), -digits))
        }
        Form::Double => Box::new(f64::MIN),
        Form::Truth => Box::new(Bit::from_bool(false)),
        Form::Date => Box::new(Date {
            year,
            month: 1,
            day: 1,
        }),
        Form::Moment => {
            let first = Timestamp {
                year,
                month: 1,
                day: 1,
                ..Timestamp::default()
            };
            Box::new(WithDataType::new(
                first,
                DataType::Timestamp { precision: 0 },
            ))
        }
        Form::Text => match context.least {
            Least::Text(least) => text(least, data_type),
            Least::Number => Box::new(f64::MIN),
        },
        Form::Uuid => text(&uuid::Uuid::nil().to_string(), None),
        Form::Bytes => bytes(Vec::new()),
    }
}

/// The least whole number of a type: some drivers refuse smaller ones. SQLite has one type for all.
fn least_whole(data_type: Option<DataType>, context: Context) -> i64 {
    match data_type {
        _ if context.system == System::Sqlite => i64::MIN,
        // Its object ids, of which none is zero, take negative numbers for very large ones.
        _ if context.system == System::Postgres && context.key_is_unsigned => 0,
        Some(DataType::TinyInt | DataType::SmallInt) => i16::MIN.into(),
        Some(DataType::Integer) => i32::MIN.into(),
        _ => i64::MIN,
    }
}

/// How many digits the least decimal has: one more than any of the type, as far as systems go.
fn digits_before_the_point(data_type: Option<DataType>, system: System) -> i64 {
    let (precision, scale) = match data_type {
        Some(DataType::Decimal { precision, scale } | DataType::Numeric { precision, scale }) => {
            (precision, scale)
        }
        _ => (38, 0),
    };
    match system {
        // Its decimals may be of any size, whatever the driver says.
        System::Postgres => 1000,
        System::Mysql => 64,
        _ => {
            let digits = i64::try_from(precision).unwrap_or(38) - i64::from(scale.max(0));
            digits.clamp(0, 37)
        }
    }
}

fn whole(number: i64, system: System) -> Bound {
    match system.counts_in_decimals() {
        true => decimal(&BigDecimal::from(number)),
        false => Box::new(number),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    fn bound(
        system: System,
        name: &str,
        binding: Binding,
        described: Option<DataType>,
        key: Option<DataType>,
    ) -> Result<DataType, String> {
        let parameter = Parameter {
            name: name.to_owned(),
            binding,
        };
        let context = Context {
            system,
            key,
            key_is_unsigned: false,
            least: Least::Text(""),
        };
        bind(&parameter, described, context)
            .map(|bound| bound.data_type())
            .map_err(|error| error.to_string())
    }

    const TEXT: Option<DataType> = Some(DataType::Varchar { length: None });

    fn wide(length: usize) -> DataType {
        DataType::WVarchar {
            length: NonZeroUsize::new(length),
        }
    }

    #[test]
    fn a_value_takes_the_type_that_the_driver_describes() {
        let id = || Binding::Value(Value::from("7"));
        let int = Some(DataType::Integer);
        assert_eq!(
            bound(System::SqlServer, "id", id(), int, None),
            Ok(DataType::BigInt)
        );
        assert_eq!(
            bound(System::SqlServer, "id", id(), TEXT, None),
            Ok(varchar(1))
        );
        assert_eq!(bound(System::Mysql, "id", id(), int, None), Ok(wide(1)));
        assert_eq!(
            bound(
                System::Postgres,
                "Group",
                Binding::Value("1 OR true".into()),
                int,
                None
            ),
            Err(
                "`?<Group>` is a whole number here, and `1 OR true` cannot be converted to that"
                    .into()
            )
        );
    }

    #[test]
    fn how_many_rows_there_are_is_never_a_text() {
        let limit = || Binding::Value(Value::Int(101));
        assert_eq!(
            bound(System::Other, "Limit", limit(), TEXT, None),
            Ok(DataType::BigInt)
        );
        assert_eq!(
            bound(System::Other, "size", limit(), TEXT, None),
            Ok(varchar(3))
        );
    }

    #[test]
    fn truth_values_and_whole_numbers_follow_the_system() {
        let yes = || Binding::Value(Value::Bool(true));
        for (system, data_type) in [
            (System::Oracle, wide(1)),
            (System::SqlServer, DataType::BigInt),
            (System::Hana, DataType::Bit),
        ] {
            assert_eq!(
                bound(system, "on", yes(), None, None),
                Ok(data_type),
                "{system:?}"
            );
        }
        let decimal = DataType::Decimal {
            precision: 3,
            scale: 0,
        };
        let number = Binding::Value(Value::Int(101));
        assert_eq!(
            bound(System::Oracle, "limit", number, None, None),
            Ok(decimal)
        );
    }

    #[test]
    fn a_cursor_compares_in_the_type_of_its_key() {
        let exact = Some(DataType::Decimal {
            precision: 10,
            scale: 2,
        });
        let nine = DataType::Decimal {
            precision: 9,
            scale: 0,
        };
        let moment = Some(DataType::Timestamp { precision: 3 });
        for (system, described, key, data_type) in [
            (System::Oracle, TEXT, exact, nine),
            (System::SqlServer, TEXT, exact, nine),
            (
                System::Db2,
                Some(DataType::SmallInt),
                exact,
                DataType::BigInt,
            ),
            (
                System::Hana,
                None,
                moment,
                DataType::Timestamp { precision: 0 },
            ),
            (System::Vertica, None, None, wide(1)),
        ] {
            let least = bound(system, "cursor", Binding::Least, described, key);
            assert_eq!(least, Ok(data_type), "{system:?}");
        }
    }
}
