//! What a record is made of, whichever system it came from.

use std::hash::{Hash, Hasher};

use chrono::{DateTime, FixedOffset, TimeDelta};
use indexmap::IndexMap;

/// Fields by name, in the order the system sent them.
pub type Map = IndexMap<String, Value>;

/// A value of a record or of an expression.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// SQL NULL, JSON null.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed integer; JSON integers too, also those beyond 2^53.
    Int(i64),
    /// An unsigned integer, where the system has such a type.
    UInt(u64),
    /// A binary fraction.
    Float(f64),
    /// Text. Decimals are text too, digit for digit.
    Text(String),
    /// Bytes that are not text.
    Bytes(Vec<u8>),
    /// A moment, with the offset it was given in.
    Timestamp(DateTime<FixedOffset>),
    /// A length of time.
    Duration(TimeDelta),
    /// Several values.
    List(Vec<Value>),
    /// Named values.
    Map(Map),
}

impl Value {
    /// The field `name`, when the value is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Map(map) => map.get(name),
            _ => None,
        }
    }

    /// The value, its texts changed; names stay.
    pub fn with_texts(self, change: &dyn Fn(&str) -> String) -> Value {
        match self {
            Value::Text(text) => Value::Text(change(&text)),
            Value::List(values) => {
                let values = values.into_iter();
                Value::List(values.map(|value| value.with_texts(change)).collect())
            }
            Value::Map(fields) => {
                let fields = fields.into_iter();
                let changed = fields.map(|(name, value)| (name, value.with_texts(change)));
                Value::Map(changed.collect())
            }
            value => value,
        }
    }

    /// What the value is, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::UInt(_) => "uint",
            Value::Float(_) => "double",
            Value::Text(_) => "string",
            Value::Bytes(_) => "bytes",
            Value::Timestamp(_) => "timestamp",
            Value::Duration(_) => "duration",
            Value::List(_) => "list",
            Value::Map(_) => "map",
        }
    }
}

impl Value {
    /// Adds the value to a hash by which two pages of records can be told apart. Equal values have
    /// equal hashes; the order of fields counts.
    pub fn hash_into(&self, hasher: &mut impl Hasher) {
        std::mem::discriminant(self).hash(hasher);
        match self {
            Value::Null => {}
            Value::Bool(value) => value.hash(hasher),
            Value::Int(value) => value.hash(hasher),
            Value::UInt(value) => value.hash(hasher),
            Value::Float(value) => value.to_bits().hash(hasher),
            Value::Text(text) => text.hash(hasher),
            Value::Bytes(bytes) => bytes.hash(hasher),
            Value::Timestamp(at) => at.hash(hasher),
            Value::Duration(duration) => duration.hash(hasher),
            Value::List(items) => items.iter().for_each(|item| item.hash_into(hasher)),
            Value::Map(map) => map.iter().for_each(|(name, value)| {
                name.hash(hasher);
                value.hash_into(hasher);
            }),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

/// JSON numbers without a fraction become integers, so that ids keep every digit and
/// `item.age + 1` works.
impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Value::Int(value),
                (None, Some(value)) => Value::UInt(value),
                (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Value::Text(text),
            serde_json::Value::Array(items) => {
                Value::List(items.into_iter().map(Value::from).collect())
            }
            serde_json::Value::Object(fields) => Value::Map(
                fields
                    .into_iter()
                    .map(|(key, value)| (key, Value::from(value)))
                    .collect(),
            ),
        }
    }
}

/// Timestamps become RFC 3339 text and bytes text where they are text, base64 elsewhere: JSON has
/// neither.
impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => (*value).into(),
            Value::UInt(value) => (*value).into(),
            Value::Float(value) => (*value).into(),
            Value::Text(text) => text.clone().into(),
            Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => text.into(),
                Err(_) => {
                    use base64::Engine as _;
                    base64::engine::general_purpose::STANDARD
                        .encode(bytes)
                        .into()
                }
            },
            Value::Timestamp(_) | Value::Duration(_) => super::to_text(value)
                .ok()
                .flatten()
                .unwrap_or_default()
                .into(),
            Value::List(items) => items.iter().map(serde_json::Value::from).collect(),
            Value::Map(map) => serde_json::Value::Object(
                map.iter()
                    .map(|(key, value)| (key.clone(), serde_json::Value::from(value)))
                    .collect(),
            ),
        }
    }
}
