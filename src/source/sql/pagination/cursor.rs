//! `strategy: cursor`: each page starts after the last key of the one before.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, SecondsFormat};

use super::{PageSize, Paginate, column};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::SqlPaginationFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::Text;
use crate::expr::Value;
use crate::source::SourceError;
use crate::source::sql::statement::{Binding, Row};

inventory::submit! { Kind::<SqlPaginationFamily>::of::<CursorConfig>("cursor") }

section! {
    /// Starts each page after the last key of the one before:
    /// `… WHERE id > ?<cursor> ORDER BY id LIMIT ?<limit>`. The key is a number, text, bytes, a
    /// UUID or a moment; the first page starts before its least value.
    struct CursorConfig {
        /// The column that the query orders by, as the result names it.
        primary_key: Text,
        /// Rows per page, 1 to 1000. Not written: 100.
        page_size: PageSize = PageSize::default(),
    }
}

impl KindConfig<SqlPaginationFamily> for CursorConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        let page_size = self.page_size.compile(cx);
        let Some(primary_key) = column(Some(&self.primary_key)) else {
            let message = "`primary_key` must name the column that the query orders by";
            return cx.error("missing-field", self.primary_key.span, message);
        };
        Some(Box::new(Cursor {
            primary_key,
            page_size,
        }))
    }
}

#[derive(Debug)]
struct Cursor {
    primary_key: String,
    page_size: usize,
}

impl Paginate for Cursor {
    fn placeholder(&self) -> &'static str {
        "cursor"
    }

    fn page_size(&self) -> usize {
        self.page_size
    }

    fn primary_key(&self) -> Option<&str> {
        Some(&self.primary_key)
    }

    fn binding(&self, place: Option<&str>) -> Result<Binding, SourceError> {
        match place {
            None => Ok(Binding::Least),
            Some(place) => read(place).map(Binding::Key).ok_or_else(|| {
                SourceError::Invalid("the page token holds no key; start the sync afresh".into())
            }),
        }
    }

    fn next(&self, _place: Option<&str>, last: &Row) -> Result<String, SourceError> {
        let key = last.key.as_ref().unwrap_or(&Value::Null);
        write(key).ok_or_else(|| {
            SourceError::Invalid(format!(
                "the `primary_key` `{}` of a row is {}, after which no page can start; page by a column of text or numbers that is never null",
                self.primary_key,
                key.type_name(),
            ))
        })
    }
}

/// A key as the text of a place. Its type is kept, because databases order `10` and `'10'`
/// differently: numbers are bare, everything else is JSON that says what it is.
fn write(key: &Value) -> Option<String> {
    Some(match key {
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Float(number) if number.is_finite() => format!("{number:?}"),
        Value::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::Bytes(bytes) => serde_json::json!({ "bytes": BASE64.encode(bytes) }).to_string(),
        Value::Timestamp(at) => {
            let text = at.to_rfc3339_opts(SecondsFormat::AutoSi, false);
            serde_json::json!({ "time": text }).to_string()
        }
        _ => return None,
    })
}

fn read(place: &str) -> Option<Value> {
    match serde_json::from_str(place).ok()? {
        serde_json::Value::Object(tagged) => {
            let (tag, text) = tagged.into_iter().next()?;
            let text = text.as_str()?;
            match tag.as_str() {
                "bytes" => BASE64.decode(text).ok().map(Value::Bytes),
                "time" => DateTime::parse_from_rfc3339(text)
                    .ok()
                    .map(Value::Timestamp),
                _ => None,
            }
        }
        simple @ (serde_json::Value::Number(_) | serde_json::Value::String(_)) => {
            Some(Value::from(simple))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_as_it_was() {
        let at = DateTime::parse_from_rfc3339("2024-05-06T07:08:09.123456+02:00").expect("a date");
        for key in [
            Value::Int(i64::MIN),
            Value::UInt(u64::MAX),
            Value::Float(0.1),
            Value::Float(3.0),
            Value::from("100"),
            Value::from("a\"b\n"),
            Value::Bytes(vec![0, 255]),
            Value::Timestamp(at),
        ] {
            let place = write(&key).expect("can be a key");
            assert_eq!(read(&place), Some(key), "{place}");
        }
        assert_eq!(write(&Value::Int(100)).as_deref(), Some("100"));
    }

    #[test]
    fn what_cannot_be_compared_is_no_key() {
        for value in [Value::Null, Value::Bool(true), Value::List(Vec::new())] {
            assert_eq!(write(&value), None);
        }
        for place in ["", "null", "[1]", "{\"time\":\"x\"}"] {
            assert_eq!(read(place), None, "{place}");
        }
    }
}
