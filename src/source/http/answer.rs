//! The bytes of an answer → JSON, or a message that says what came instead.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value as Json;
use url::Url;

use super::base::safe;
use super::redact::Redactor;
use crate::expr::{Inputs, Map, Value};
use crate::source::SourceError;

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

impl Answer {
    /// Reads the body of an answer. Its content type is not trusted: much JSON is sent as text.
    pub(super) fn read(
        status: StatusCode,
        headers: HeaderMap,
        url: Url,
        bytes: &[u8],
        redactor: &Redactor,
    ) -> Result<Self, SourceError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let body = if status == StatusCode::NO_CONTENT {
            Json::Null
        } else {
            serde_json::from_slice(bytes).map_err(|error| SourceError::Unreadable {
                url: safe(&url),
                expected: "JSON",
                reason: what_came(bytes, &headers, &error, redactor),
            })?
        };
        Ok(Self {
            status,
            headers,
            url,
            body,
        })
    }

    /// An answer of which only status and headers matter.
    pub(super) fn unread(response: &reqwest::Response, url: &Url) -> Self {
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            url: url.clone(),
            body: Json::Null,
        }
    }

    /// The variables `response` and `headers` that the items of the answer share. `body` is what
    /// is left of the answer without its items.
    pub(super) fn shared(self) -> Inputs {
        let mut headers = Map::new();
        for name in self.headers.keys().filter(|name| *name != "set-cookie") {
            let values = self.headers.get_all(name).iter();
            let values: Vec<_> = values
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
                .collect();
            headers.insert(name.as_str().to_owned(), Value::Text(values.join(", ")));
        }
        let headers = Value::Map(headers);
        let response = Map::from_iter([
            (
                "status_code".to_owned(),
                Value::Int(i64::from(self.status.as_u16())),
            ),
            ("headers".to_owned(), headers.clone()),
            ("body".to_owned(), Value::from(self.body)),
        ]);
        Inputs::new()
            .with("response", Value::Map(response))
            .with("headers", headers)
    }
}

/// Describes a body that is no JSON without repeating it: it may be a login page, a stack trace,
/// half a list of people.
fn what_came(
    bytes: &[u8],
    headers: &HeaderMap,
    error: &serde_json::Error,
    redactor: &Redactor,
) -> String {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.map_or("no content type".to_owned(), |text| {
        format!("`{}`", redactor.line(text))
    });
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(64 * 1024)]);
    let start = text.trim_start();
    if start.is_empty() {
        return format!("the body is empty ({content_type})");
    }
    if start.starts_with('<') {
        let markup = match start
            .get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case("<?xml"))
        {
            true => "XML",
            false => "an HTML page",
        };
        let title = title(start).map(|title| format!(" titled `{}`", redactor.line(title)));
        return format!(
            "it is {markup}{} ({content_type}); a login or maintenance page may have come instead of the API's answer",
            title.unwrap_or_default()
        );
    }
    let position = match error.is_eof() {
        true => format!("it ends too early, after {} bytes", bytes.len()),
        false => format!(
            "it stops being JSON at line {} column {}",
            error.line(),
            error.column()
        ),
    };
    format!("{position} ({content_type})")
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
pub(super) fn reason(bytes: &[u8], redactor: &Redactor) -> Option<String> {
    let json: Json = serde_json::from_slice(bytes).ok()?;
    let text = spoken(&json, 0)?;
    let line = redactor.line(&text);
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
            Answer::read(StatusCode::OK, headers, url, body, &Redactor::default())
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
