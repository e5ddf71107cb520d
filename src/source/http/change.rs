//! `request` of a change → one request that changes the system, or looks at what a change came to.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use super::answered::{Answered, Complaint, Unanswered, Written};
use super::request::base::safe;
use super::request::parts::RequestParts;
use super::request::pre_requests::{
    PreRequests, VARIABLE, check_names, check_waits, unknown_members,
};
use super::request::template::{Purpose, RequestTemplate};
use super::source::HttpSource;
use super::wire::conditions::Conditions;
use super::wire::error_rules::{ErrorRules, check_for_change};
use super::wire::exchange::Wire;
use super::wire::failure::Failure;
use crate::config::CompileContext;
use crate::config::http::RequestConfig;
use crate::expr::{Inputs, Value, Variables};
use crate::source::redact::Redactor;
use crate::source::{SourceError, WaitReason};

/// A compiled request that changes something, or that is made for the sake of a change.
#[derive(Debug)]
pub struct HttpChange {
    pub(super) source: Arc<HttpSource>,
    pub(super) request: RequestTemplate,
    pub(super) before: PreRequests,
    rules: ErrorRules,
    conditions: Conditions,
    pub(super) redactor: Redactor,
    /// True for one that only reads: it may be made again at will.
    reads: bool,
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
        self.compile_change(request, variables, Purpose::Look, cx)
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
        let before_purpose = match purpose {
            Purpose::Change => Purpose::BeforeChange,
            other => other,
        };
        let before = PreRequests::compile(
            pre,
            &known,
            &self.base,
            &self.conditions,
            variables,
            before_purpose,
            cx,
        );
        let compiled = RequestTemplate::compile(request, &self.base, variables, purpose, cx)?;
        known.extend(pre.iter().map(|(name, _)| name.text.as_str()));
        check_names(&compiled, request, &known, cx);
        let handling = request.error_handling.as_ref();
        check_waits(request, "write `wait` beside the request", cx);
        if let Some((name, _)) = request.after_requests.iter().next() {
            let message = "`after_requests` does nothing here: only a listing has them";
            let help = "write it as one of `requests`, which are made one after the other";
            cx.warning("no-effect", name.span, message, help);
        }
        if purpose == Purpose::Change {
            check_for_change(handling, compiled.method().is_idempotent(), cx);
        }
        let rules = ErrorRules::compile(handling, cx);
        let conditions = Conditions::compile(handling, cx);
        let before = before?;
        let secrets = compiled.secrets().chain(before.secrets());
        Some(HttpChange {
            redactor: self.redactor.with(secrets),
            source: self.clone(),
            reads: purpose == Purpose::Look || compiled.is_safe(),
            request: compiled,
            before,
            rules: rules.or(&self.errors),
            conditions: conditions.or(&self.conditions),
        })
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

    /// The members of an object that its programs mention and that are not `known`.
    pub(crate) fn unknown_members(&self, object: &str, known: &[&str]) -> Vec<String> {
        let programs = self.before.sources().chain(self.request.sources());
        unknown_members(programs, object, known)
    }

    /// Whether it only reads: by its method, or because that is what it is for.
    pub fn is_safe(&self) -> bool {
        self.reads
    }

    /// Keeps a secret that came while it ran, such as a new password, out of every message and every
    /// recording.
    pub fn keep_secret(&self, secret: &SecretString) {
        self.redactor.learn(secret);
    }

    /// The time, as the API's clock has it.
    pub fn now(&self) -> SystemTime {
        self.source.now()
    }

    /// Waits before a job is looked at again.
    pub async fn wait_for_job(&self, time: Duration) {
        self.source.clock.wait(WaitReason::Job, time).await;
    }

    pub(super) fn wire(&self) -> Wire<'_> {
        Wire {
            source: &self.source,
            redactor: &self.redactor,
            rules: &self.rules,
        }
    }

    /// Makes the request, and those before it. A request that changes something is sent again only
    /// where it surely was not obeyed, or where obeying it twice comes to the same.
    pub async fn send(&self, inputs: &Inputs) -> Result<Answered, Unanswered> {
        let mut written_before = Vec::new();
        let request = match self.prepare(inputs, &mut written_before).await {
            Ok(request) => request,
            Err(error) => {
                return Err(Unanswered {
                    error,
                    asked: None,
                    may_have_arrived: false,
                    written_before,
                });
            }
        };
        match self.ask(&request).await {
            Ok(answered) => Ok(Answered {
                written_before,
                ..answered
            }),
            Err((failure, unclear)) => Err(Unanswered {
                asked: Some(asked(&request)),
                may_have_arrived: unclear || failure.may_be_obeyed(),
                error: failure.error,
                written_before,
            }),
        }
    }

    async fn prepare(
        &self,
        inputs: &Inputs,
        written: &mut Vec<Written>,
    ) -> Result<RequestParts, SourceError> {
        let wire = self.wire();
        let mut inputs = inputs.clone();
        if let Some(answers) = self.before.answers_once(&wire, &inputs, written).await? {
            inputs.set(VARIABLE, Value::Map(answers));
        }
        let mut request = self.build(&inputs)?;
        request.changes = !self.reads;
        Ok(request)
    }

    /// Sends the request until its answer does not say that it failed for the moment. A failure comes
    /// with whether the request may have been obeyed before.
    async fn ask(&self, request: &RequestParts) -> Result<Answered, (Failure, bool)> {
        let wire = self.wire();
        let (mut failed, mut unclear) = (0, false);
        loop {
            let heard = wire.hear(request).await;
            unclear |= heard.unclear;
            let reply = heard.outcome.map_err(|failure| (failure, unclear))?;
            let answer = &reply.answer;
            let complaint = match answer.status.is_success() && !answer.body.is_null() {
                true => self.conditions.judge(answer, &self.redactor),
                false => Ok(None),
            };
            let complaint = match complaint {
                Ok(doubt) => doubt.map(|reason| Complaint::Doubtful(reason.message)),
                // What could not be judged may be either.
                Err(error @ SourceError::Expression(_)) if !self.reads => {
                    Some(Complaint::Doubtful(error.to_string()))
                }
                // The answer says that the request was not obeyed.
                Err(error) => match self.source.wait_or_give_up(&mut failed, error).await {
                    Ok(()) => continue,
                    Err(error) => Some(Complaint::Failed(error)),
                },
            };
            return Ok(Answered {
                complaint,
                repeated: unclear,
                ..Answered::of(reply, asked(request))
            });
        }
    }

    pub(super) fn build(&self, inputs: &Inputs) -> Result<RequestParts, SourceError> {
        let source = &self.source;
        self.request.build(inputs, &source.base, &source.defaults)
    }
}

/// Method, host and path, without the query.
fn asked(request: &RequestParts) -> String {
    format!("{} {}", request.method, safe(&request.url))
}
