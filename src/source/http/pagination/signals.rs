//! What an answer says about the end of its listing: totals, and whether there is more.

use reqwest::header::HeaderName;
use serde_json::Value as Json;

use crate::config::CompileContext;
use crate::config::scalar::{PathText, Text};
use crate::source::PartialReason;
use crate::source::http::answer::received::Answer;
use crate::source::http::paths::JsonPath;
use crate::source::http::request::base::safe;

/// A number in the body or in a header.
#[derive(Debug, Default)]
pub(super) struct Total {
    path: Option<JsonPath>,
    header: Option<HeaderName>,
}

impl Total {
    pub(super) fn compile(
        path: Option<&PathText>,
        header: Option<&Text>,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let path = path.map(|path| JsonPath::compile(path, cx));
        let header = header.map(|header| header_name(header, cx));
        Some(Self {
            path: optional(path)?,
            header: optional(header)?,
        })
    }

    /// True when nothing is written.
    pub(super) fn is_unset(&self) -> bool {
        self.path.is_none() && self.header.is_none()
    }

    /// The number that an answer tells, when it tells one.
    pub(super) fn of(&self, answer: &Answer) -> Option<u64> {
        let in_body = self.path.as_ref().and_then(|path| path.first(&answer.body));
        in_body.and_then(number).or_else(|| {
            let value = answer.headers.get(self.header.as_ref()?)?.to_str().ok()?;
            // `Content-Range: users 0-24/156` ends with the total.
            value.rsplit('/').next()?.trim().parse().ok()
        })
    }
}

/// Whether there is more, where an answer says so outright.
#[derive(Debug, Default)]
pub(super) struct More {
    more: Option<JsonPath>,
    end: Option<JsonPath>,
}

impl More {
    pub(super) fn compile(
        more: Option<&PathText>,
        end: Option<&PathText>,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let more = more.map(|path| JsonPath::compile(path, cx));
        let end = end.map(|path| JsonPath::compile(path, cx));
        Some(Self {
            more: optional(more)?,
            end: optional(end)?,
        })
    }

    /// What the answer says; `None` when it says nothing.
    pub(super) fn said(&self, answer: &Answer) -> Option<bool> {
        let at = |path: &Option<JsonPath>| truth(path.as_ref()?.first(&answer.body)?);
        match at(&self.end) {
            Some(true) => Some(false),
            ended => at(&self.more).or(ended.map(|ended| !ended)),
        }
    }
}

/// The reason of a listing that brought fewer items than the API counts.
pub(super) fn ended_before(
    total: Option<u64>,
    items: u64,
    answer: &Answer,
) -> Option<PartialReason> {
    let total = total.filter(|total| *total > items)?;
    Some(PartialReason {
        code: "ended-before-total",
        message: format!(
            "{} said that there are {total} items, but its pages ended after {items}",
            safe(&answer.url)
        ),
    })
}

/// A header's name, checked where it is written.
pub(super) fn header_name(written: &Text, cx: &mut CompileContext) -> Option<HeaderName> {
    match HeaderName::from_bytes(written.text.as_bytes()) {
        Ok(name) => Some(name),
        Err(_) => cx.error(
            "bad-header",
            written.span,
            format!("`{}` is not the name of a header", written.text),
        ),
    }
}

/// Something optional that failed to compile is a failure; something absent is not.
pub(super) fn optional<T>(compiled: Option<Option<T>>) -> Option<Option<T>> {
    match compiled {
        None => Some(None),
        Some(compiled) => compiled.map(Some),
    }
}

fn number(value: &Json) -> Option<u64> {
    match value {
        Json::Number(number) => number.as_u64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// APIs write truth values as numbers and as text, too.
fn truth(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(value) => Some(*value),
        Json::Number(number) => number.as_i64().map(|number| number != 0),
        Json::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn truth_values_and_numbers_are_read_as_apis_write_them() {
        for (value, expected) in [
            (json!(true), Some(true)),
            (json!(0), Some(false)),
            (json!(1), Some(true)),
            (json!("True"), Some(true)),
            (json!("false"), Some(false)),
            (json!("maybe"), None),
            (json!(null), None),
            (json!([]), None),
        ] {
            assert_eq!(truth(&value), expected, "{value}");
        }
        assert_eq!(number(&json!("12")), Some(12));
        assert_eq!(number(&json!(-1)), None);
        assert_eq!(number(&json!(null)), None);
    }
}
