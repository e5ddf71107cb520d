//! `request` of a change → one request that changes the system, or looks at what a change came to.

use std::sync::Arc;

use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value as Json;

use super::answer::body::too_large_to_hold;
use super::answer::received::{self, Answer};
use super::request::base::safe;
use super::request::kept::Kept;
use super::request::parts::RequestParts;
use super::request::pre_requests::{PreRequests, VARIABLE, check_names};
use super::request::template::{Purpose, RequestTemplate};
use super::source::HttpSource;
use super::wire::error_rules::ErrorRules;
use super::wire::exchange::Wire;
use crate::config::CompileContext;
use crate::config::http::RequestConfig;
use crate::expr::{Inputs, Map, Value, Variables};
use crate::source::SourceError;
use crate::source::redact::Redactor;

/// A compiled request that changes something, or that is made for the sake of a change.
#[derive(Debug)]
pub struct HttpChange {
    source: Arc<HttpSource>,
    request: RequestTemplate,
    before: Kept,
    rules: ErrorRules,
    redactor: Redactor,
    /// True for one that only reads: it may be made again at will.
    reads: bool,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// What the answer says of itself, for messages; empty when it says nothing useful.
    pub detail: String,
    /// The variables `response` and `headers`.
    pub inputs: Inputs,
    /// `POST https://api/groups`: method, host and path, without the query.
    pub asked: String,
}

/// A request that has no answer.
#[derive(Debug)]
pub struct Unanswered {
    /// Why.
    pub error: SourceError,
    /// False when it surely did not reach the system.
    pub may_have_arrived: bool,
    /// Pre-requests that were made before it and may have changed something.
    pub written_before: Vec<String>,
}

/// A request as people see it, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct RequestView {
    /// The method.
    pub method: String,
    /// The URL with its query; what the file says where it depends on an answer that nobody has yet.
    pub url: String,
    /// Headers, without those that credentials bring.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
}

impl HttpSource {
    /// Compiles a request that changes something. Every mistake in it is noted.
    pub fn change(
        self: &Arc<Self>,
        request: &RequestConfig,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<HttpChange> {
        self.compile_change(request, variables, Purpose::Change, cx)
    }

    /// Compiles a request that only reads, and is made for the sake of a change.
    pub fn reading(
        self: &Arc<Self>,
        request: &RequestConfig,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<HttpChange> {
        self.compile_change(request, variables, Purpose::Listing, cx)
    }

    fn compile_change(
        self: &Arc<Self>,
        request: &RequestConfig,
        variables: Variables,
        purpose: Purpose,
        cx: &mut CompileContext,
    ) -> Option<HttpChange> {
        let mut known = self.common.known();
        let pre = &request.pre_requests;
        let before = PreRequests::compile(pre, &known, &self.base, &self.conditions, variables, cx);
        let compiled = RequestTemplate::compile(request, &self.base, variables, purpose, cx)?;
        known.extend(pre.iter().map(|(name, _)| name.text.as_str()));
        check_names(&compiled, request, &known, cx);
        let rules = ErrorRules::compile(request.error_handling.as_ref(), cx);
        let before = before?;
        let secrets = compiled.secrets().chain(before.secrets());
        Some(HttpChange {
            redactor: self.redactor.with(secrets),
            source: self.clone(),
            request: compiled,
            before: Kept::new(before),
            rules: rules.or(&self.errors),
            reads: purpose == Purpose::Listing,
        })
    }

    /// Keeps a secret that came while it ran, such as a new password, out of every message.
    pub fn keep_secret(&self, secret: &SecretString) {
        self.redactor.learn(secret);
    }
}

impl HttpChange {
    /// Whether the request depends on a variable.
    pub fn mentions(&self, variable: &str) -> bool {
        self.request.mentions(variable) || self.before.mentions(variable)
    }

    /// Whether making the request twice means the same as making it once, by its method.
    pub fn is_idempotent(&self) -> bool {
        self.request.method().is_idempotent()
    }

    fn wire(&self) -> Wire<'_> {
        Wire {
            source: &self.source,
            redactor: &self.redactor,
            rules: &self.rules,
        }
    }

    /// Makes the request, and those before it, once. A request that changes something is sent again
    /// only where it surely was not obeyed: because of a rate limit, or of credentials that ended.
    pub async fn send(&self, inputs: &Inputs) -> Result<Answered, Unanswered> {
        let wire = self.wire();
        let unanswered = |error| Unanswered {
            error,
            may_have_arrived: false,
            written_before: Vec::new(),
        };
        let mut inputs = inputs.clone();
        let before = self.before.answers(&wire, &inputs, true).await;
        if let Some(answers) = before.map_err(unanswered)? {
            inputs.set(VARIABLE, Value::Map(Map::clone(&answers)));
        }
        let mut request = self.build(&inputs).map_err(unanswered)?;
        request.once = !self.reads;
        let asked = format!("{} {}", request.method, safe(&request.url));
        let answer = match wire.answer(&request).await {
            Ok(answer) => answer,
            Err(error) => {
                return Err(Unanswered {
                    error,
                    may_have_arrived: true,
                    written_before: Vec::new(),
                });
            }
        };
        Ok(Answered {
            status: answer.status.as_u16(),
            detail: received::told(&answer.body, &self.redactor).unwrap_or_default(),
            inputs: answer.shared(),
            asked,
        })
    }

    /// The request as people see it.
    pub async fn view(&self, inputs: &Inputs) -> Result<RequestView, SourceError> {
        let mut inputs = inputs.clone();
        let before = self.before.answers(&self.wire(), &inputs, true).await?;
        if let Some(answers) = before {
            inputs.set(VARIABLE, Value::Map(Map::clone(&answers)));
        }
        let request = self.build(&inputs)?;
        let shown = |text: &str| self.redactor.whole(text);
        Ok(RequestView {
            method: request.method.to_string(),
            url: shown(request.full_url().as_str()),
            headers: request
                .headers
                .iter()
                .map(|(name, value)| {
                    let value = match value.is_sensitive() {
                        true => "***".to_owned(),
                        false => shown(&String::from_utf8_lossy(value.as_bytes())),
                    };
                    (name.as_str().to_owned(), value)
                })
                .collect(),
            body: request.body.as_deref().map(shown),
        })
    }

    fn build(&self, inputs: &Inputs) -> Result<RequestParts, SourceError> {
        let source = &self.source;
        self.request.build(inputs, &source.base, &source.defaults)
    }
}

impl Answered {
    /// The body of the answer.
    pub fn body(&self) -> Option<&Value> {
        self.inputs.get("response")?.get("body")
    }

    /// The answer as a failure.
    pub fn refused(&self) -> SourceError {
        let (method, url) = self.asked.split_once(' ').unwrap_or(("", &self.asked));
        let status = reqwest::StatusCode::from_u16(self.status);
        SourceError::Status {
            method: method.to_owned(),
            url: url.to_owned(),
            status: status.map_or(self.status.to_string(), |status| status.to_string()),
            detail: match self.detail.as_str() {
                "" => String::new(),
                detail => format!(": {detail}"),
            },
            transient: false,
            retry_after: None,
            by_rule: false,
        }
    }

    /// True for a status from 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// An answer whose body may be anything: JSON where it is, otherwise text.
pub(super) fn lenient(bytes: &[u8]) -> Json {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.trim_ascii() {
        [] => Json::Null,
        text => serde_json::from_slice(text)
            .unwrap_or_else(|_| Json::String(String::from_utf8_lossy(text).into_owned())),
    }
}

impl Wire<'_> {
    /// Sends a request, and reads the answer, whatever its status and whatever its body is.
    pub(super) async fn answer(&self, request: &RequestParts) -> Result<Answer, SourceError> {
        let incoming = match self.open(request, true).await {
            Ok(incoming) => incoming,
            Err(failure) => match (failure.status, failure.body) {
                (Some(status), Some(body)) => {
                    return Ok(Answer {
                        status,
                        headers: *failure.headers,
                        url: request.url.clone(),
                        body: lenient(&body),
                    });
                }
                _ => return Err(failure.error),
            },
        };
        if incoming.more.is_some() {
            return Err(too_large_to_hold(&incoming.url));
        }
        let body = lenient(&incoming.start);
        Ok(incoming.with_body(body))
    }
}
