//! The functions, methods and macros that expressions have from CEL and its extensions, with what they
//! do: for editors and documents. What may be called is for `check` to say.

use super::FunctionDoc;

/// Functions and macros, by signature.
const FUNCTIONS: &[(&str, &str)] = &[
    (
        "size(value)",
        "The number of characters, bytes, items or keys.",
    ),
    (
        "int(value)",
        "A whole number, from text, another number or a timestamp (seconds since 1970).",
    ),
    ("uint(value)", "A whole number that is not negative."),
    ("double(value)", "A number with a fraction."),
    (
        "string(value)",
        "Text, of a number, a truth value, bytes, a timestamp. Null has none: ask with `!= null` first.",
    ),
    (
        "bool(value)",
        "A truth value, of the text `true` or `false`.",
    ),
    ("bytes(text)", "The bytes of a text."),
    (
        "timestamp(text)",
        "A moment, of text such as `2026-01-02T03:04:05Z`.",
    ),
    (
        "duration(text)",
        "A length of time, of text such as `1h30m`.",
    ),
    (
        "dyn(value)",
        "The value itself, whose kind is not checked before the run.",
    ),
    ("type(value)", "The kind of a value: `type(.x) == string`."),
    ("has(item.field)", "Whether a field is there."),
];

/// Methods and macros on a value, by signature.
const METHODS: &[(&str, &str)] = &[
    ("contains(text)", "Whether the text has another in it."),
    ("startsWith(text)", "Whether the text begins with another."),
    ("endsWith(text)", "Whether the text ends with another."),
    (
        "matches(pattern)",
        "Whether a regular expression is found in the text.",
    ),
    ("charAt(index)", "The character at a place, from 0."),
    (
        "indexOf(text)",
        "Where another text begins in it, from 0; -1 when it does not.",
    ),
    (
        "lastIndexOf(text)",
        "Where another text begins in it for the last time; -1 when it does not.",
    ),
    (
        "lowerAscii()",
        "The text with its letters from A to Z in lower case.",
    ),
    (
        "upperAscii()",
        "The text with its letters from a to z in upper case.",
    ),
    ("replace(old, new)", "The text with every `old` replaced."),
    ("split(separator)", "The list of texts between separators."),
    (
        "substring(start, end)",
        "The characters from `start` up to `end`, which may be left out.",
    ),
    ("trim()", "The text without white space around it."),
    (
        "join(separator)",
        "The texts of a list as one, with a separator between them.",
    ),
    (
        "format(values)",
        "The text with `%s`, `%d` … replaced by the values of a list.",
    ),
    ("reverse()", "The text or the list from its end."),
    (
        "all(x, condition)",
        "Whether the condition holds for every item.",
    ),
    (
        "exists(x, condition)",
        "Whether it holds for one item at least.",
    ),
    (
        "exists_one(x, condition)",
        "Whether it holds for exactly one item.",
    ),
    (
        "map(x, expression)",
        "The list of what becomes of each item.",
    ),
    (
        "filter(x, condition)",
        "The items for which the condition holds.",
    ),
    ("slice(start, end)", "The items from `start` up to `end`."),
    ("sort()", "The items in their order."),
    (
        "sortBy(x, expression)",
        "The items in the order of what becomes of each.",
    ),
    (
        "flatten()",
        "The items of the lists in a list, as one list.",
    ),
    ("distinct()", "The items, each once."),
    ("first()", "The first item, as an optional value."),
    ("last()", "The last item, as an optional value."),
    (
        "orValue(value)",
        "The value of an optional one, or another where it has none: `.?x.orValue('')`.",
    ),
    ("hasValue()", "Whether an optional value has one."),
    ("getFullYear()", "The year of a timestamp."),
    ("getMonth()", "The month of a timestamp, from 0."),
    ("getDate()", "The day of the month of a timestamp, from 1."),
    (
        "getDayOfMonth()",
        "The day of the month of a timestamp, from 0.",
    ),
    (
        "getDayOfWeek()",
        "The day of the week of a timestamp, from 0, which is Sunday.",
    ),
    (
        "getDayOfYear()",
        "The day of the year of a timestamp, from 0.",
    ),
    ("getHours()", "The hours of a timestamp, or of a duration."),
    (
        "getMinutes()",
        "The minutes of a timestamp, or of a duration.",
    ),
    (
        "getSeconds()",
        "The seconds of a timestamp, or of a duration.",
    ),
    (
        "getMilliseconds()",
        "The milliseconds of a timestamp, or of a duration.",
    ),
];

fn documented(table: &[(&str, &str)]) -> Vec<FunctionDoc> {
    let documented = table.iter().map(|(signature, description)| FunctionDoc {
        signature: (*signature).to_owned(),
        description: (*description).to_owned(),
    });
    documented.collect()
}

/// The functions of CEL.
pub fn standard_functions() -> Vec<FunctionDoc> {
    documented(FUNCTIONS)
}

/// What can be called on a value.
pub fn standard_methods() -> Vec<FunctionDoc> {
    documented(METHODS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{CelProgram, Variables};

    #[test]
    fn what_is_documented_can_be_called() {
        let name = |signature: &str| signature.split('(').next().unwrap_or_default().to_owned();
        for (signature, _) in FUNCTIONS {
            let call = match name(signature).as_str() {
                "has" => "has(item.x)".to_owned(),
                function => format!("{function}(item)"),
            };
            let compiled = CelProgram::compile(&call, Variables::of(&["item"]));
            assert!(compiled.is_ok(), "{call}: {:?}", compiled.err());
        }
        for (signature, _) in METHODS {
            let call = match signature.split_once("(x, ") {
                Some((method, _)) => format!("item.{method}(x, x == 1)"),
                None => format!("item.{signature}").replace("text", "'x'"),
            };
            let call = ["separator", "pattern", "old", "new"]
                .iter()
                .fold(call, |call, name| call.replace(name, "'x'"));
            let call =
                ["index", "start", "end", "values", "value"]
                    .iter()
                    .fold(call, |call, name| match *name {
                        // Not the end of `endsWith`.
                        "end" => call.replace(", end", ", 1"),
                        "index" => call.replace("(index", "(1"),
                        _ => call.replace(&format!("({name}"), "(1"),
                    });
            let compiled = CelProgram::compile(&call, Variables::of(&["item"]));
            assert!(compiled.is_ok(), "{call}: {:?}", compiled.err());
        }
    }
}
