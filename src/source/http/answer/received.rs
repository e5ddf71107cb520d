//! The bytes of an answer → JSON, or a message that says what came instead.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value as Json;
use url::Url;

use super::decoder::{self, DecodeError};
use crate::expr::{Inputs, Map, Value};
use crate::source::SourceError;
use crate::source::http::request::base::safe;
use crate::source::redact::Redactor;

/// A successful answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The URL that answered, after redirects.
    pub url: Url,
    /// The body; null when there is none.
    pub body: Json,
}

/// A successful answer whose body is coming in.
#[derive(Debug)]
pub(in crate::source::http) struct Incoming {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The URL that answers, after redirects.
    pub url: Url,
    /// The first bytes of the body; all of them when there are no more.
    pub start: Vec<u8>,
    /// What brings the others.
    pub more: Option<reqwest::Response>,
    /// Nobody looks at the body.
    pub unread: bool,
}

impl Incoming {
    /// An answer of which only status and headers matter.
    pub fn unread(response: &reqwest::Response, url: &Url) -> Self {
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            url: url.clone(),
            start: Vec::new(),
            more: None,
            unread: true,
        }
    }

    /// The answer, once its body was read.
    pub fn with_body(self, body: Json) -> Answer {
        Answer {
            status: self.status,
            headers: self.headers,
            url: self.url,
            body,
        }
    }

    /// The answer as JSON. Its content type is not trusted: much JSON is sent as text.
    pub fn json(self, redactor: &Redactor) -> Result<Answer, SourceError> {
        let bytes = self
            .start
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&self.start);
        let body = if self.unread || self.status == StatusCode::NO_CONTENT {
            Json::Null
        } else {
            serde_json::from_slice(bytes).map_err(|error| {
                let error = decoder::malformed(error);
                unreadable(&self, "JSON", bytes, bytes.len() as u64, &error, redactor)
            })?
        };
        Ok(self.with_body(body))
    }
}

impl Answer {
    /// The variables `response` and `headers` that the items of the answer share. `body` is what
    /// is left of the answer without its items.
    pub(in crate::source::http) fn shared(self) -> Inputs {
        let headers = self.header_values();
        variables(self.status, headers, Value::from(self.body))
    }

    /// The same of an answer that is still needed.
    pub(in crate::source::http) fn variables(&self) -> Inputs {
        variables(
            self.status,
            self.header_values(),
            Value::from(self.body.clone()),
        )
    }

    fn header_values(&self) -> Value {
        let mut headers = Map::new();
        for name in self.headers.keys().filter(|name| *name != "set-cookie") {
            let values = self.headers.get_all(name).iter();
            let values: Vec<_> = values
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
                .collect();
            headers.insert(name.as_str().to_owned(), Value::Text(values.join(", ")));
        }
        Value::Map(headers)
    }
}

fn variables(status: StatusCode, headers: Value, body: Value) -> Inputs {
    let response = Map::from_iter([
        (
            "status_code".to_owned(),
            Value::Int(i64::from(status.as_u16())),
        ),
        ("headers".to_owned(), headers.clone()),
        ("body".to_owned(), body),
    ]);
    Inputs::new()
        .with("response", Value::Map(response))
        .with("headers", headers)
}

/// A body that may be anything: JSON where it is, otherwise text. True for JSON.
pub(in crate::source::http) fn lenient(bytes: &[u8]) -> (Json, bool) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.trim_ascii() {
        [] => (Json::Null, true),
        text => match serde_json::from_slice(text) {
            Ok(json) => (json, true),
            Err(_) => (
                Json::String(String::from_utf8_lossy(text).into_owned()),
                false,
            ),
        },
    }
}

/// Describes a body that is not what it should be without repeating it: it may be a login page, a
/// stack trace, half a list of people. `start` are its first bytes, `read` how many were read.
pub(in crate::source::http) fn unreadable(
    incoming: &Incoming,
    expected: &'static str,
    start: &[u8],
    read: u64,
    error: &DecodeError,
    redactor: &Redactor,
) -> SourceError {
    let content_type = incoming
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.map_or("no content type".to_owned(), |text| {
        format!("`{}`", redactor.line(text))
    });
    let text = String::from_utf8_lossy(&start[..start.len().min(64 * 1024)]);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let xml = expected == "XML";
    let reason = if text.is_empty() {
        format!("the body is empty ({content_type})")
    } else if text.starts_with('<') && (!xml || is_html(text, xml)) {
        let markup = match is_html(text, xml) {
            true => "an HTML page",
            false => "XML",
        };
        let title = title(text).map(|title| format!(" titled `{}`", redactor.line(title)));
        format!(
            "it is {markup}{} ({content_type}); a login or maintenance page may have come instead of the API's answer",
            title.unwrap_or_default()
        )
    } else {
        match error {
            DecodeError::CutShort => {
                format!("it ends too early, after {read} bytes ({content_type})")
            }
            error => format!("{error} ({content_type})"),
        }
    };
    SourceError::Unreadable {
        url: safe(&incoming.url),
        expected,
        reason,
    }
}

/// Whether markup is a page for people, where XML is expected and where it is not.
fn is_html(text: &str, xml_expected: bool) -> bool {
    let start: String = text
        .chars()
        .take(14)
        .collect::<String>()
        .to_ascii_lowercase();
    match xml_expected {
        true => start.starts_with("<!doctype html") || start.starts_with("<html"),
        false => !start.starts_with("<?xml"),
    }
}

fn title(html: &str) -> Option<&str> {
    // ASCII lower case keeps every byte at its place.
    let lower = html.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    Some(html[start..end].trim()).filter(|title| !title.is_empty())
}

/// What a failed answer says about its reason, from the fields where APIs put it.
pub(in crate::source::http) fn reason(bytes: &[u8], redactor: &Redactor) -> Option<String> {
    told(&serde_json::from_slice(bytes).ok()?, redactor)
}

/// The same of a body that was read.
pub(in crate::source::http) fn told(json: &Json, redactor: &Redactor) -> Option<String> {
    let line = redactor.line(&spoken(json, 0)?);
    (!line.is_empty()).then_some(line)
}

fn spoken(json: &Json, depth: u8) -> Option<String> {
    match json {
        Json::String(text) if depth > 0 => Some(text.clone()),
        Json::Array(items) if depth < 3 => spoken(items.first()?, depth + 1),
        Json::Object(_) if depth < 3 => {
            let fields = [
                "message",
                "error_description",
                "errorSummary",
                "detail",
                "error",
                "errors",
                "description",
                "reason",
                "title",
                "errorMessages",
                "msg",
            ];
            fields
                .iter()
                .find_map(|field| spoken(json.get(field)?, depth + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_found_where_apis_put_it() {
        let cases = [
            (r#"{"message": "Bad  token\n"}"#, Some("Bad token")),
            (r#"{"error": "x", "error_description": "why"}"#, Some("why")),
            (r#"{"error": {"code": 5, "message": "deep"}}"#, Some("deep")),
            (
                r#"{"errors": [{"detail": "first"}, {"detail": "second"}]}"#,
                Some("first"),
            ),
            (r#"{"errorMessages": ["one"]}"#, Some("one")),
            (r#"{"users": ["ada"]}"#, None),
            ("<html>", None),
            (r#""just text""#, None),
        ];
        for (body, expected) in cases {
            assert_eq!(
                reason(body.as_bytes(), &Redactor::default()).as_deref(),
                expected,
                "{body}"
            );
        }
    }

    #[test]
    fn what_came_instead_of_json_is_described_but_not_repeated() {
        let describe = |body: &[u8], content_type: &str| {
            let headers =
                HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().expect("a value"))]);
            let url = Url::parse("https://h/x?token=secret").expect("a URL");
            let incoming = Incoming {
                status: StatusCode::OK,
                headers,
                url,
                start: body.to_vec(),
                more: None,
                unread: false,
            };
            incoming
                .json(&Redactor::default())
                .expect_err("no JSON")
                .to_string()
        };
        let html = describe(
            b"\n<!DOCTYPE html><head><TITLE>Sign in</TITLE></head>secret",
            "text/html",
        );
        assert!(
            html.contains("an HTML page titled `Sign in`") && !html.contains("secret"),
            "{html}"
        );
        let cut = describe(br#"[{"name": "ada"#, "application/json");
        assert!(
            cut.contains("ends too early, after 14 bytes") && !cut.contains("ada"),
            "{cut}"
        );
        assert!(describe(b"", "text/plain").contains("the body is empty"));
        assert!(
            describe(b"ada,42", "text/csv")
                .contains("stops being JSON at line 1 column 1 (`text/csv`)")
        );
        assert!(describe(b"<?xml version='1'?>", "text/xml").contains("it is XML"));
    }
}
