//! The functions of templates: Go's, as far as requests need them, and a few that Go lacks.

use std::borrow::Cow;
use std::cmp::Ordering;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::parser::Expr;
use super::printf;
use crate::expr::{Map, Value, to_text};

/// A function that templates may call.
#[derive(Debug)]
pub(super) struct Function {
    pub name: &'static str,
    /// How it is called, for messages.
    pub usage: &'static str,
    least: usize,
    most: usize,
    /// What its result already is, so that it is not escaped twice.
    pub makes: Made,
    pub call: Call,
}

/// What a value has been made fit for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// For nothing yet.
    Plain,
    /// For a URL.
    Url,
    /// A piece of JSON.
    Json,
    /// For the inside of a JSON string.
    JsonText,
    /// For wherever the author put it.
    Raw,
}

/// How a function gets its arguments.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    /// All there: a missing one is an error before the call.
    Strict(fn(&[Cow<'_, Value>]) -> Result<Value, String>),
    /// Missing ones count as null.
    Lenient(fn(&[Cow<'_, Value>]) -> Result<Value, String>),
    /// The first that is false, or the last one.
    And,
    /// The first that is true, or the last one.
    Or,
    /// `index`: what is not there is missing.
    Index,
}

const ANY: usize = usize::MAX;

macro_rules! functions {
    ($($name:literal $least:literal..$most:tt $usage:literal $made:ident $call:expr;)+) => {
        &[$(Function { name: $name, usage: $usage, least: $least, most: $most, makes: Made::$made, call: $call },)+]
    };
}

static FUNCTIONS: &[Function] = functions! {
    "and" 1..ANY "`and .a .b` is the first that is empty, or the last" Plain Call::And;
    "b64enc" 1..1 "`b64enc .a` writes text in base64" Plain Call::Strict(|a| one_text(a, base64));
    "default" 2..2 "`.a | default \"none\"` stands in for what is missing or empty" Plain Call::Lenient(default);
    "eq" 2..ANY "`eq .a \"x\" \"y\"` is true when the first equals any of the others" Plain Call::Lenient(eq);
    "ge" 2..2 "`ge .a 1` compares two numbers or texts" Plain Call::Strict(|a| order(a, Ordering::is_ge));
    "gt" 2..2 "`gt .a 1` compares two numbers or texts" Plain Call::Strict(|a| order(a, Ordering::is_gt));
    "html" 1..1 "`html .a` escapes text for XML and HTML" Raw Call::Strict(|a| one_text(a, html));
    "index" 1..ANY "`index .list 0` and `index .map \"key\"` take one value" Plain Call::Index;
    "join" 2..2 "`.list | join \",\"` joins texts" Plain Call::Strict(join);
    "js" 1..1 "`js .a` escapes text for the inside of quotes" JsonText Call::Strict(|a| one_text(a, js));
    "json" 1..1 "`json .a` writes a value as JSON" Json Call::Strict(json);
    "le" 2..2 "`le .a 1` compares two numbers or texts" Plain Call::Strict(|a| order(a, Ordering::is_le));
    "len" 1..1 "`len .a` counts items, fields or bytes" Plain Call::Strict(len);
    "lower" 1..1 "`lower .a` is the text in lower case" Plain Call::Strict(|a| one_text(a, str::to_lowercase));
    "lt" 2..2 "`lt .a 1` compares two numbers or texts" Plain Call::Strict(|a| order(a, Ordering::is_lt));
    "ne" 2..2 "`ne .a \"x\"` is true when the two differ" Plain Call::Lenient(ne);
    "not" 1..1 "`not .a` is true when the value is false or empty" Plain Call::Lenient(|a| Ok(Value::Bool(!truth(&a[0]))));
    "or" 1..ANY "`or .a .b` is the first that is not empty, or the last" Plain Call::Or;
    "pathescape" 1..1 "`pathescape .a` writes text as one segment of a path" Url Call::Strict(|a| one_text(a, encode));
    "print" 0..ANY "`print .a .b` writes values one after the other, with a blank between two that are no texts" Plain Call::Strict(|a| print(a, false));
    "printf" 1..ANY "`printf \"%s-%d\" .a .b` knows %s, %d, %q, %v and %%" Plain Call::Strict(printf::printf);
    "println" 0..ANY "`println .a .b` writes values with blanks between them, and a line break" Plain Call::Strict(|a| print(a, true));
    "raw" 1..1 "`raw .a` writes a value that is a path or a URL itself, without escaping it" Raw Call::Strict(|a| one_text(a, str::to_owned));
    "replace" 3..3 "`.a | replace \"x\" \"y\"` puts y for every x" Plain Call::Strict(replace);
    "slice" 1..3 "`slice .a 1 3` is the part of a text or a list from 1 up to 3" Plain Call::Strict(slice);
    "toJson" 1..1 "`toJson .a` writes a value as JSON, like `json`" Json Call::Strict(json);
    "trim" 1..1 "`trim .a` drops the space around a text" Plain Call::Strict(|a| one_text(a, |text| text.trim().to_owned()));
    "upper" 1..1 "`upper .a` is the text in upper case" Plain Call::Strict(|a| one_text(a, str::to_uppercase));
    "urlquery" 1..1 "`urlquery .a` writes text as a query value" Url Call::Strict(|a| one_text(a, |text| encode(text).replace("%20", "+")));
};

/// The function of a name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// Every function, sorted by name.
pub(super) fn all() -> &'static [Function] {
    FUNCTIONS
}

/// Every name, sorted.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.name)
}

impl Function {
    /// Checks what can be known before rendering: the number of arguments, the format of `printf`.
    pub(super) fn check(&self, arguments: &[Expr]) -> Result<(), String> {
        if arguments.len() < self.least || arguments.len() > self.most {
            let wanted = match (self.least, self.most) {
                (least, ANY) => format!("at least {least}"),
                (least, _) => least.to_string(),
            };
            return Err(format!(
                "`{}` takes {wanted} argument{}, not {}",
                self.name,
                if wanted.ends_with('1') { "" } else { "s" },
                arguments.len()
            ));
        }
        match (self.name, arguments.first()) {
            ("printf", Some(Expr::Literal(Value::Text(format)))) => {
                printf::check(format, arguments.len() - 1)
            }
            _ => Ok(()),
        }
    }
}

/// Go's notion: false, zero, null and everything empty are false.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Int(value) => *value != 0,
        Value::UInt(value) => *value != 0,
        Value::Float(value) => *value != 0.0,
        Value::Text(text) => !text.is_empty(),
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Timestamp(_) => true,
        Value::Duration(duration) => !duration.is_zero(),
    }
}

/// The text of a value; null, lists and maps have none.
pub(super) fn text(value: &Value) -> Result<String, String> {
    match to_text(value)? {
        Some(text) => Ok(text),
        None => Err("the value is null; `| default \"…\"` gives it a text".to_owned()),
    }
}

/// Everything but what RFC 3986 calls unreserved, so that a value stays one segment or one query
/// value whatever it holds.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Percent-encodes a value for a path or a query.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The inside of a JSON string.
pub(super) fn json_text(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn one_text(arguments: &[Cow<'_, Value>], change: fn(&str) -> String) -> Result<Value, String> {
    text(&arguments[0]).map(|text| Value::Text(change(&text)))
}

fn default(arguments: &[Cow<'_, Value>]) -> Result<Value, String> {
    let [fallback, value] = arguments else {
        return Err("`default` takes 2 arguments".to_owned());
    };
    let chosen = if truth(value) { value } else { fallback };
    Ok(chosen.clone().into_owned())
}

fn eq(arguments: &[Cow<'_, Value>]) -> Result<Value, String> {
    for other in &arguments[1..] {
        if same(&arguments[0], other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn ne(arguments: &[Cow<'_, Value>]) -> Result<Value, String> {
    same(&arguments[0], &arguments[1]).map(|same| Value::Bool(!same))
}

/// Equality of values of one type; null equals only null. Text never equals a number: that it
/// looks the same is an accident that hides mistakes.
fn same(left: &Value, right: &Value) -> Result<bool, String> {
    match (left, right) {
        (Value::Null, other) | (other, Value::Null) => Ok(*other == Value::Null),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        _ => compare(left, right).map(|ordering| ordering == Some(Ordering::Equal)),
    }
}

fn order(arguments: &[Cow<'_, Value>], holds: fn(Ordering) -> bool) -> Result<Value, String> {
    compare(&arguments[0], &arguments[1]).map(|ordering| Value::Bool(ordering.is_some_and(holds)))
}

fn compare(left: &Value, right: &Value) -> Result<Option<Ordering>, String> {
    let integer = |value: &Value| match value {
        Value::Int(value) => Some(i128::from(*value)),
        Value::UInt(value) => Some(i128::from(*value)),
        _ => None,
    };
    let number = |value: &Value| match value {
        Value::Float(value) => Some(*value),
        other => integer(other).map(|value| value as f64),
    };
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => Ok(Some(a.cmp(b))),
        (Value::Timestamp(a), Value::Timestamp(b)) => Ok(Some(a.cmp(b))),
        _ => match (
            integer(left).zip(integer(right)),
            number(left).zip(number(right)),
        ) {
            (Some((a, b)), _) => Ok(Some(a.cmp(&b))),
            (None, Some((a, b))) => Ok(a.partial_cmp(&b)),
            (None, None) => Err(format!(
                "{} and {} cannot be compared",
                left.type_name(),
                right.type_name()
            )),
        },
    }
}

fn join(arguments: &[Cow<'_, Value>]) -> Result<Value, String> {
    let separator = text(&arguments[0])?;
    let Value::List(items) = arguments[1].as_ref() else {
        return Err(format!(
            "`join` needs a list, not {}",
            arguments[1].type_name()
        ));
    };
    let texts = items.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    Ok(Value::Text(texts.join(&separator)))
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// `print` puts a blank between two values where neither is text; with `all`, between any two, and
/// a line break at the end.
fn print(arguments: &[Cow<'_, Value>], all: bool) -> Result<Value, String> {
    let mut printed = String::new();
    for (index, value) in arguments.iter().enumerate() {
        let is_text = |value: &Value| matches!(value, Value::Text(_));
        let before = index.checked_sub(1).map(|before| &arguments[before]);
        if before.is_some_and(|before| all || !(is_text(before) || is_text(value))) {
            printed.push(' ');
        }
        printed.push_str(&text(value)?);
    }
    if all {
        printed.push('\n');
    }
    Ok(Value::Text(printed))
}

fn replace(arguments: &[Cow<'_, Value>]) -> Result<Value, String> {
    let [old, new, whole] = arguments else {
        return Err("`replace` takes 3 arguments".to_owned());
    };
    let (old, new) = (text(old)?, text(new)?);
    Ok(Value::Text(text(whole)?.replace(&old, &new)))
}

/// Counts bytes of a text, as Go does.
fn slice(arguments: &[Cow<'_, Value>]) -> Result<Value, String> {
    let length = match arguments[0].as_ref() {
        Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        other => return Err(format!("`slice` does not work on {}", other.type_name())),
    };
    let bound = |at: usize, otherwise: usize| match arguments.get(at).map(Cow::as_ref) {
        None => Ok(otherwise),
        Some(Value::Int(bound)) => usize::try_from(*bound)
            .ok()
            .filter(|bound| *bound <= length)
            .ok_or_else(|| format!("`slice` has no place {bound} in {length}")),
        Some(other) => Err(format!("`slice` needs numbers, not {}", other.type_name())),
    };
    let range = bound(1, 0)?..bound(2, length)?;
    match arguments[0].as_ref() {
        Value::Text(text) => match text.get(range) {
            Some(part) => Ok(Value::Text(part.to_owned())),
            None => Err("`slice` would cut a character, or ends before it begins".to_owned()),
        },
        Value::List(items) => match items.get(range) {
            Some(part) => Ok(Value::List(part.to_vec())),
            None => Err("`slice` ends before it begins".to_owned()),
        },
        other => Err(format!("`slice` does not work on {}", other.type_name())),
    }
}

fn json(arguments: &[Cow<'_, Value>]) -> Result<Value, String> {
    Ok(Value::Text(
        serde_json::Value::from(arguments[0].as_ref()).to_string(),
    ))
}

fn len(arguments: &[Cow<'_, Value>]) -> Result<Value, String> {
    let length = match arguments[0].as_ref() {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        other => return Err(format!("`len` does not work on {}", other.type_name())),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// Takes `key` from a list or a map; `None` when it is not there.
pub(super) fn index<'v>(value: &'v Value, key: &Value) -> Result<Option<&'v Value>, String> {
    match (value, key) {
        (Value::Null, _) => Ok(None),
        (Value::Map(map), Value::Text(key)) => Ok(Map::get(map, key)),
        (Value::List(items), Value::Int(at)) => {
            Ok(usize::try_from(*at).ok().and_then(|at| items.get(at)))
        }
        _ => Err(format!(
            "`index` does not work on {} with {}",
            value.type_name(),
            key.type_name()
        )),
    }
}

fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            '\0' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Line breaks and tabs are written as references, because attributes lose them; what XML cannot
/// hold at all becomes the replacement character.
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in html(text).chars() {
        match c {
            '\t' | '\n' | '\r' => escaped.push_str(&format!("&#{};", u32::from(c))),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Go writes an apostrophe as `\'`, which JSON does not know; `\u0027` suits both.
fn js(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in json_text(text).chars() {
        match c {
            '\'' | '<' | '>' | '&' | '=' => escaped.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}
