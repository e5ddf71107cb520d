//! What came of a request that changes something: an answer of any kind, or none.

use reqwest::StatusCode;
use serde_json::Value as Json;

use super::answer::body::{LARGEST_HELD, too_large_to_hold};
use super::answer::received::{self, Answer, Incoming, lenient};
use super::request::base::safe;
use super::request::parts::RequestParts;
use super::wire::exchange::Wire;
use super::wire::failure::Failure;
use super::wire::receive::Extent;
use crate::expr::{Inputs, Value};
use crate::source::SourceError;

/// How much of the answer to a change is read: it is a receipt, and not what was asked for.
const LONGEST_RECEIPT: usize = 4 * 1024 * 1024;

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
    /// What `error_handling.conditions` has against an answer with the status of a success.
    pub complaint: Option<Complaint>,
    /// True when the request was sent before without a clear answer.
    pub repeated: bool,
    /// False for a body that is no JSON.
    pub is_json: bool,
    /// Pre-requests that were made before it and may have changed something.
    pub written_before: Vec<Written>,
}

/// A pre-request that was made and may have changed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its name in the file.
    pub name: String,
    /// `POST https://api/tickets`.
    pub asked: String,
    /// False when no clear answer came.
    pub answered: bool,
}

/// What the file has against an answer with the status of a success.
#[derive(Debug)]
pub enum Complaint {
    /// It says that it failed.
    Failed(SourceError),
    /// It may have failed in part.
    Doubtful(String),
}

/// A request that has no answer.
#[derive(Debug)]
pub struct Unanswered {
    /// Why.
    pub error: SourceError,
    /// What was sent, as in an answer; `None` when nothing was: a pre-request failed, or a value of
    /// it.
    pub asked: Option<String>,
    /// False when it surely was not obeyed.
    pub may_have_arrived: bool,
    /// Pre-requests that were made before it and may have changed something.
    pub written_before: Vec<Written>,
}

impl Answered {
    pub(super) fn of(reply: Reply, asked: String) -> Self {
        Self {
            status: reply.answer.status.as_u16(),
            detail: reply.detail,
            is_json: reply.is_json,
            inputs: reply.answer.shared(),
            asked,
            complaint: None,
            repeated: false,
            written_before: Vec::new(),
        }
    }

    /// What conditions on the answer know: the values of the request, and the answer.
    pub fn known(&self, inputs: &Inputs) -> Inputs {
        let mut known = inputs.clone();
        for (name, value) in self.inputs.iter() {
            known.set(name, value.clone());
        }
        known
    }

    /// The body of the answer.
    pub fn body(&self) -> Option<&Value> {
        self.inputs.get("response")?.get("body")
    }

    /// True for a status from 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
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

    /// The answer of a request that should have found something, or why it is none.
    pub fn found(self) -> Result<Self, SourceError> {
        match self.complaint {
            Some(Complaint::Failed(error)) => Err(error),
            Some(Complaint::Doubtful(reason)) => Err(SourceError::Invalid(reason)),
            None => Ok(self),
        }
    }
}

/// What asking once came to.
pub(super) struct Heard {
    pub outcome: Result<Reply, Failure>,
    /// True when the request was sent more than once although it may have been obeyed before.
    pub unclear: bool,
}

/// An answer of any status, with a body of any kind.
pub(super) struct Reply {
    pub answer: Answer,
    /// What it says of itself.
    detail: String,
    is_json: bool,
}

impl Wire<'_> {
    /// Sends a request, and reads the answer, whatever its status and whatever its body is.
    pub(super) async fn hear(&self, request: &RequestParts) -> Heard {
        let course = self.until(request, extent(request)).await;
        Heard {
            unclear: course.unclear,
            outcome: match course.outcome {
                Ok(incoming) => self.reply(incoming, request).map_err(Failure::lost),
                Err(mut failure) => match (failure.status, failure.body.take()) {
                    (Some(status), Some(bytes)) => Ok(refusal(status, &bytes, failure, request)),
                    _ => Err(failure),
                },
            },
        }
    }

    fn reply(&self, incoming: Incoming, request: &RequestParts) -> Result<Reply, SourceError> {
        let is_long = incoming.more.is_some();
        if is_long && !request.changes {
            return Err(too_large_to_hold(&incoming.url));
        }
        let (body, is_json) = match is_long {
            false => lenient(&incoming.start),
            true => {
                let url = safe(&incoming.url);
                tracing::warn!(
                    url,
                    "the answer to the change is too long: its body is not looked at"
                );
                (Json::Null, false)
            }
        };
        Ok(Reply {
            detail: received::told(&body, self.redactor).unwrap_or_default(),
            is_json,
            answer: incoming.with_body(body),
        })
    }
}

/// How much of an answer is read.
fn extent(request: &RequestParts) -> Extent {
    match request.changes {
        true => Extent {
            start: LONGEST_RECEIPT,
            held: false,
        },
        false => Extent {
            start: LARGEST_HELD,
            held: true,
        },
    }
}

/// An answer with the status of a failure.
fn refusal(status: StatusCode, bytes: &[u8], failure: Failure, request: &RequestParts) -> Reply {
    let (body, is_json) = lenient(bytes);
    let detail = match failure.error {
        SourceError::Status { detail, .. } => detail.trim_start_matches([':', ';', ' ']).to_owned(),
        SourceError::Refused { reason, .. } => {
            let status = status.to_string();
            let reason = reason.strip_prefix(&status).unwrap_or(&reason);
            reason.trim_start_matches([':', ';', ' ']).to_owned()
        }
        error => error.to_string(),
    };
    Reply {
        detail,
        is_json,
        answer: Answer {
            status,
            headers: *failure.headers,
            url: request.url.clone(),
            body,
        },
    }
}
