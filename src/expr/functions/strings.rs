//! Functions on text.

use regex::Regex;

use super::{Function, Registered, TEXTUAL, text_argument};
use crate::expr::{Kind, Value};

macro_rules! text_function {
    ($type:ident, $name:literal, $doc:literal, $body:expr) => {
        struct $type;

        impl Function for $type {
            const NAME: &'static str = $name;
            const PARAMETERS: &'static [&'static str] = &["text"];
            const DOC: &'static str = $doc;
            const TAKES: &'static [&'static [Kind]] = &[TEXTUAL];
            const GIVES: Kind = Kind::Text;

            fn call(arguments: &[Value]) -> Result<Value, String> {
                let body: fn(&str) -> String = $body;
                text_argument(arguments, 0).map(|text| Value::Text(body(text)))
            }
        }

        inventory::submit! { Registered::of::<$type>() }
    };
}

text_function!(
    ToLower,
    "toLower",
    "The text in lower case.",
    str::to_lowercase
);
text_function!(
    ToUpper,
    "toUpper",
    "The text in upper case.",
    str::to_uppercase
);
text_function!(
    Lowercase,
    "lowercase",
    "The text in lower case.",
    str::to_lowercase
);
text_function!(
    Uppercase,
    "uppercase",
    "The text in upper case.",
    str::to_uppercase
);
text_function!(
    TitleCase,
    "titleCase",
    "Each word with a capital first letter, the rest in lower case.",
    title_case
);
text_function!(
    Titlecase,
    "titlecase",
    "Each word with a capital first letter, the rest in lower case.",
    title_case
);
text_function!(
    Trim,
    "trim",
    "The text without white space around it.",
    |text| text.trim().to_owned()
);
text_function!(
    Slugify,
    "slugify",
    "Lower case; spaces and underscores become hyphens; everything but `a-z`, `0-9` and hyphens is dropped.",
    slugify
);

/// A word begins after anything but a letter, a digit, an underscore or an apostrophe.
fn title_case(text: &str) -> String {
    let mut inside_word = false;
    text.chars()
        .flat_map(|c| {
            let cased: Vec<char> = match inside_word {
                true => c.to_lowercase().collect(),
                false => c.to_uppercase().collect(),
            };
            inside_word = c.is_alphanumeric() || c == '_' || c == '\'';
            cased
        })
        .collect()
}

fn slugify(text: &str) -> String {
    let kept = text.to_lowercase().replace([' ', '_'], "-");
    kept.split('-')
        .map(|part| {
            part.chars()
                .filter(|c| c.is_ascii_alphanumeric())
                .collect::<String>()
        })
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

struct Match;

impl Function for Match {
    const NAME: &'static str = "match";
    const PARAMETERS: &'static [&'static str] = &["text", "pattern"];
    const DOC: &'static str = "Whether the regular expression is found anywhere in the text.";
    const TAKES: &'static [&'static [Kind]] = &[TEXTUAL, TEXTUAL];
    const GIVES: Kind = Kind::Truth;

    fn call(arguments: &[Value]) -> Result<Value, String> {
        let text = text_argument(arguments, 0)?;
        Ok(Value::Bool(pattern(arguments)?.is_match(text)))
    }
}

inventory::submit! { Registered::of::<Match>() }

struct Extract;

impl Function for Extract {
    const NAME: &'static str = "extract";
    const PARAMETERS: &'static [&'static str] = &["text", "pattern"];
    const DOC: &'static str = "What the first group of the regular expression matched, or the whole match when it has no group; empty text when nothing matched.";
    const TAKES: &'static [&'static [Kind]] = &[TEXTUAL, TEXTUAL];
    const GIVES: Kind = Kind::Text;

    fn call(arguments: &[Value]) -> Result<Value, String> {
        let text = text_argument(arguments, 0)?;
        let pattern = pattern(arguments)?;
        let found = pattern
            .captures(text)
            .and_then(|groups| groups.get(1).or_else(|| groups.get(0)));
        Ok(Value::Text(
            found
                .map(|found| found.as_str().to_owned())
                .unwrap_or_default(),
        ))
    }
}

inventory::submit! { Registered::of::<Extract>() }

thread_local! {
    /// The last pattern used on this thread: expressions nearly always have one, written out.
    static LAST_PATTERN: std::cell::RefCell<Option<(String, Regex)>> = const { std::cell::RefCell::new(None) };
}

fn pattern(arguments: &[Value]) -> Result<Regex, String> {
    let source = text_argument(arguments, 1)?;
    LAST_PATTERN.with_borrow_mut(|last| {
        if let Some((known, pattern)) = last
            && known == source
        {
            return Ok(pattern.clone());
        }
        let pattern = Regex::new(source)
            .map_err(|_| "argument 2 is not a valid regular expression".to_owned())?;
        *last = Some((source.to_owned(), pattern.clone()));
        Ok(pattern)
    })
}

struct Replace;

impl Function for Replace {
    const NAME: &'static str = "replace";
    const PARAMETERS: &'static [&'static str] = &["text", "changes"];
    const DOC: &'static str = "The text with every `changes.old` replaced by `changes.new`.";
    const TAKES: &'static [&'static [Kind]] = &[TEXTUAL, &[Kind::Map]];
    const GIVES: Kind = Kind::Text;

    fn call(arguments: &[Value]) -> Result<Value, String> {
        let text = text_argument(arguments, 0)?;
        match (arguments[1].get("old"), arguments[1].get("new")) {
            (Some(Value::Text(old)), Some(Value::Text(new))) => {
                Ok(Value::Text(text.replace(old.as_str(), new)))
            }
            _ => Err("argument 2 must be a map with the texts `old` and `new`".to_owned()),
        }
    }
}

inventory::submit! { Registered::of::<Replace>() }
