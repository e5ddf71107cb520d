//! Rendered text, each value escaped for the place it lands in.

use super::Escape;
use super::functions::{self, Made};
use crate::expr::Value;

/// The text so far, and what the next value must be escaped for.
pub(super) struct Output {
    pub text: String,
    escape: Escape,
    /// For JSON: the literal text so far leaves a string open.
    quoted: bool,
    /// For JSON: the last character was a backslash inside a string.
    escaped: bool,
}

impl Output {
    pub(super) fn new(escape: Escape) -> Self {
        Self {
            text: String::new(),
            escape,
            quoted: false,
            escaped: false,
        }
    }

    pub(super) fn literal(&mut self, text: &str) {
        self.text.push_str(text);
        if self.escape != Escape::Json {
            return;
        }
        for byte in text.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.quoted => self.escaped = true,
                b'"' => self.quoted = !self.quoted,
                _ => {}
            }
        }
    }

    pub(super) fn insert(&mut self, value: &Value, made: Made) -> Result<(), String> {
        let written = match (self.escape, made, self.quoted) {
            (_, Made::Raw, _) | (Escape::None, _, _) | (Escape::Url, Made::Url, _) => {
                readable(value)?
            }
            (Escape::Url, _, _) => functions::encode(&readable(value)?),
            (Escape::Xml, _, _) => functions::xml(&readable(value)?),
            (Escape::Json, Made::Json, false) | (Escape::Json, Made::JsonText, true) => {
                readable(value)?
            }
            (Escape::Json, _, true) => functions::json_text(&readable(value)?),
            (Escape::Json, _, false) => serde_json::Value::from(value).to_string(),
        };
        self.text.push_str(&written);
        Ok(())
    }
}

/// The text of a value, with the way out for those that have none.
fn readable(value: &Value) -> Result<String, String> {
    match value {
        Value::List(_) | Value::Map(_) => Err(format!(
            "a {} has no text; `| json` writes it",
            value.type_name()
        )),
        value => functions::text(value),
    }
}
