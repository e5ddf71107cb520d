//! PHP's serialization format, in which WordPress and its kin keep lists of roles.
//!
//! Format: `a:COUNT:{KEY;VALUE;…}` with `s:BYTES:"…"`, `i:N`, `b:0|1`, `d:X`, `N` and nested arrays
//! (PHP manual, function `serialize`).

use super::{Function, Registered, TEXTUAL, text_argument};
use crate::expr::{Kind, Value};

struct Deserialize;

impl Function for Deserialize {
    const NAME: &'static str = "phpDeserializeStringArray";
    const PARAMETERS: &'static [&'static str] = &["text"];
    const DOC: &'static str = "The keys that are strings of a PHP-serialized array, sorted.";
    const TAKES: &'static [&'static [Kind]] = &[TEXTUAL];
    const GIVES: Kind = Kind::List;

    fn call(arguments: &[Value]) -> Result<Value, String> {
        let text = text_argument(arguments, 0)?;
        let mut reader = Reader {
            rest: text.as_bytes(),
        };
        let mut keys = reader
            .array()
            .ok_or("argument 1 is not a PHP-serialized array")?;
        keys.sort();
        Ok(Value::List(keys.into_iter().map(Value::Text).collect()))
    }
}

inventory::submit! { Registered::of::<Deserialize>() }

struct Serialize;

impl Function for Serialize {
    const NAME: &'static str = "phpSerializeStringArray";
    const PARAMETERS: &'static [&'static str] = &["texts"];
    const DOC: &'static str =
        "A PHP-serialized array with each text as key and `true` as value, sorted.";
    const TAKES: &'static [&'static [Kind]] = &[&[Kind::List]];
    const GIVES: Kind = Kind::Text;

    fn call(arguments: &[Value]) -> Result<Value, String> {
        let Value::List(items) = &arguments[0] else {
            return Err(format!(
                "argument 1 is {}, but a list is needed",
                arguments[0].type_name()
            ));
        };
        let mut texts = items
            .iter()
            .map(|item| match item {
                Value::Text(text) => Ok(text.as_str()),
                other => Err(format!(
                    "the list holds {}, but strings are needed",
                    other.type_name()
                )),
            })
            .collect::<Result<Vec<&str>, String>>()?;
        texts.sort_unstable();
        texts.dedup();
        let entries: String = texts
            .iter()
            .map(|text| format!("s:{}:\"{text}\";b:1;", text.len()))
            .collect();
        Ok(Value::Text(format!("a:{}:{{{entries}}}", texts.len())))
    }
}

inventory::submit! { Registered::of::<Serialize>() }

/// Reads as much of the format as is needed to find the keys of the outer array.
struct Reader<'a> {
    rest: &'a [u8],
}

/// Arrays inside arrays: deeper ones are refused rather than followed without end.
const MAX_DEPTH: usize = 32;

impl<'a> Reader<'a> {
    fn array(&mut self) -> Option<Vec<String>> {
        let keys = self.array_at(0)?;
        self.rest.is_empty().then_some(keys)
    }

    fn array_at(&mut self, depth: usize) -> Option<Vec<String>> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.expect(b"a:")?;
        let count: usize = self.until(b':')?.parse().ok()?;
        self.expect(b"{")?;
        let mut keys = Vec::new();
        for _ in 0..count {
            if self.rest.starts_with(b"s:") {
                keys.push(self.string()?);
            } else {
                self.expect(b"i:")?;
                self.until(b';')?;
            }
            self.skip_value(depth)?;
        }
        self.expect(b"}")?;
        Some(keys)
    }

    fn string(&mut self) -> Option<String> {
        self.expect(b"s:")?;
        let length: usize = self.until(b':')?.parse().ok()?;
        self.expect(b"\"")?;
        let text = std::str::from_utf8(self.rest.get(..length)?)
            .ok()?
            .to_owned();
        self.rest = &self.rest[length..];
        self.expect(b"\";")?;
        Some(text)
    }

    fn skip_value(&mut self, depth: usize) -> Option<()> {
        match self.rest.first()? {
            b's' => self.string().map(drop),
            b'a' => self.array_at(depth + 1).map(drop),
            b'N' => self.expect(b"N;"),
            b'i' | b'b' | b'd' => self.until(b';').map(drop),
            _ => None,
        }
    }

    fn expect(&mut self, bytes: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(bytes)?;
        Some(())
    }

    fn until(&mut self, end: u8) -> Option<&'a str> {
        let at = self.rest.iter().position(|&byte| byte == end)?;
        let text = std::str::from_utf8(&self.rest[..at]).ok()?;
        self.rest = &self.rest[at + 1..];
        Some(text)
    }
}
