//! A request as people see it, before it is sent: without secrets.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::change::HttpChange;
use super::request::body::escape;
use super::request::parts::RequestParts;
use super::request::pre_requests::VARIABLE;
use super::wire::transport::carries_credential;
use crate::expr::{Escape, Inputs, Value};
use crate::source::SourceError;
use crate::source::redact::Redactor;

/// A request as people see it, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestView {
    /// The method.
    pub method: String,
    /// The URL with its query; what the file says where it depends on an answer that nobody has yet.
    pub url: String,
    /// Headers, without those that credentials bring.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
    /// What is added to it before it is sent and not shown here; empty when nothing is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub credentials: String,
}

/// A request, and those that are made before it and may change something.
#[derive(Debug)]
pub struct View {
    /// The request.
    pub view: RequestView,
    /// The others, by their names in the file.
    pub written_before: Vec<(String, RequestView)>,
    /// What fills in the rest of it, where nobody has that yet.
    pub waits_for: Option<String>,
}

/// Whether requests are made that only read, and whose answers another one is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// They are, so that the other one is shown as it would be sent.
    Now,
    /// They are not: the other one is shown as the file has it.
    Later,
}

/// What is shown instead of a value that may be secret.
const MASK: &str = "***";

/// What is said instead of credentials.
const CREDENTIALS: &str = "the credentials of `connect.auth`";

impl HttpChange {
    /// `POST` and the URL as the file has it.
    pub fn told(&self) -> String {
        let (method, url) = (self.request.method(), self.request.url().source());
        self.redactor.whole(&format!("{method} {}", url.trim()))
    }

    /// The request as people see it.
    pub async fn view(&self, inputs: &Inputs, asks: Asks) -> Result<RequestView, SourceError> {
        Ok(self.view_all(inputs, asks).await?.view)
    }

    /// The same with the requests before it that are not made.
    pub async fn view_all(&self, inputs: &Inputs, asks: Asks) -> Result<View, SourceError> {
        let mut inputs = inputs.clone();
        // What every request carries may be made of answers, too.
        let waits = self.request.mentions(VARIABLE) || !self.source.common.is_empty();
        if waits {
            if self.before.writes() || asks == Asks::Later {
                return Ok(
                    self.view_unfilled("the answers to its `pre_requests`, which are made first")
                );
            }
            let (wire, mut written) = (self.wire(), Vec::new());
            let before = self.before.answers_once(&wire, &inputs, &mut written);
            if let Some(answers) = before.await? {
                inputs.set(VARIABLE, Value::Map(answers));
            }
        }
        let request = self.build(&inputs)?;
        let own = self.source.base.is_own(&request.url) && self.source.authenticated;
        Ok(View {
            view: shown(&request, own, &self.redactor),
            written_before: self.views_before(),
            waits_for: None,
        })
    }

    /// The request as the file has it.
    pub fn view_unfilled(&self, waits_for: &str) -> View {
        View {
            view: self.request.unfilled(&self.redactor),
            written_before: self.views_before(),
            waits_for: Some(waits_for.to_owned()),
        }
    }

    fn views_before(&self) -> Vec<(String, RequestView)> {
        let writing = self.before.writing();
        let shown =
            writing.map(|(name, request)| (name.to_owned(), request.unfilled(&self.redactor)));
        shown.collect()
    }
}

/// Headers without credentials.
pub(super) fn headers(headers: &HeaderMap, redactor: &Redactor) -> Vec<(String, String)> {
    let shown = headers.iter().map(|(name, value)| {
        let value = match value.is_sensitive() || carries_credential(name.as_str()) {
            true => MASK.to_owned(),
            false => redactor.whole(&String::from_utf8_lossy(value.as_bytes())),
        };
        (name.as_str().to_owned(), value)
    });
    shown.collect()
}

/// A part of an answer without the connector's secrets.
pub(super) fn clean(json: Json, redactor: &Redactor) -> Value {
    Value::from(json).with_texts(&|text| redactor.whole(text))
}

/// A request without secrets. `own`: what the credentials of the connector are added to.
pub(super) fn shown(request: &RequestParts, own: bool, redactor: &Redactor) -> RequestView {
    let mut url = request.full_url();
    if let Some(query) = url.query().map(masked_pairs) {
        url.set_query(Some(&query));
    }
    let content_type = request.headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let escape = escape(content_type.unwrap_or_default());
    let body = request.body.as_deref().map(|body| match escape {
        Escape::Url => masked_pairs(body),
        Escape::Json => masked_json(body),
        _ => body.to_owned(),
    });
    RequestView {
        method: request.method.to_string(),
        url: redactor.whole(url.as_str()),
        headers: headers(&request.headers, redactor),
        body: body.map(|body| redactor.whole(&body)),
        credentials: match own {
            true => CREDENTIALS.to_owned(),
            false => String::new(),
        },
    }
}

/// The pairs of a query or a form, without the values of those that are named like a credential.
fn masked_pairs(pairs: &str) -> String {
    let masked = pairs.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if carries_credential(name) => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    });
    masked.collect::<Vec<_>>().join("&")
}

/// JSON without the values of fields that are named like a credential: the hash of a password, say,
/// that was read to be sent back. Anything else stays as it is written.
fn masked_json(body: &str) -> String {
    let Ok(mut json) = serde_json::from_str::<Json>(body) else {
        return body.to_owned();
    };
    match mask(&mut json) {
        true => json.to_string(),
        false => body.to_owned(),
    }
}

/// True when something was masked.
fn mask(json: &mut Json) -> bool {
    let mut masked = false;
    match json {
        Json::Array(items) => items.iter_mut().for_each(|item| masked |= mask(item)),
        Json::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Json::String(_) | Json::Number(_) if carries_credential(name) => {
                        *value = MASK.into();
                        masked = true;
                    }
                    value => masked |= mask(value),
                }
            }
        }
        _ => {}
    }
    masked
}

impl RequestView {
    /// The request as a line that a shell can run, with `curl`. Credentials are not in it.
    pub fn curl(&self) -> String {
        // A URL may hold what curl would take for a pattern.
        let mut line = format!("curl --globoff -X {}", quoted(&self.method));
        for (name, value) in &self.headers {
            // Without a value curl would leave the header out, unless it ends so.
            let header = match value.as_str() {
                "" => format!("{name};"),
                value => format!("{name}: {value}"),
            };
            line.push_str(&format!(" -H {}", quoted(&header)));
        }
        if let Some(body) = &self.body {
            line.push_str(&format!(" --data-raw {}", quoted(body)));
        }
        line.push_str(&format!(" {}", quoted(&self.url)));
        line
    }
}

/// A word that a shell takes as it is.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
