//! `pre_requests`: requests that are made before others, which use their answers.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::base::{Base, safe};
use super::defaults::Defaults;
use super::parts::RequestParts;
use super::template::{Purpose, RequestTemplate};
use crate::config::decode::Named;
use crate::config::http::RequestConfig;
use crate::config::scalar::DurationText;
use crate::config::{Bare, CompileContext, Key, Wanted};
use crate::diagnostic::{Diagnostic, list, nearest};
use crate::expr::{Expression, Inputs, Map, Scope, Value, Variables};
use crate::source::http::answered::Written;
use crate::source::http::listing::Listing;
use crate::source::http::wire::conditions::Conditions;
use crate::source::http::wire::error_rules::ErrorRules;
use crate::source::http::wire::exchange::Wire;
use crate::source::http::wire::failure::Failure;
use crate::source::{SourceError, WaitReason};

/// What `until` may look at.
const ANSWER: Variables = Variables::of(&["response", "headers", "vars"]);

/// The variable that holds the answers.
pub(in crate::source::http) const VARIABLE: &str = "pre_requests";

/// Compiled requests, in the order they are made.
#[derive(Debug, Default)]
pub(in crate::source::http) struct PreRequests(Vec<PreRequest>);

#[derive(Debug)]
struct PreRequest {
    name: String,
    request: RequestTemplate,
    rules: Option<ErrorRules>,
    conditions: Conditions,
    until: Option<Until>,
    /// True for one that may change the system, and is made for the sake of a change.
    writes: bool,
}

/// What is waited for.
#[derive(Debug)]
struct Until {
    holds: Expression,
    every: Duration,
    at_most: Duration,
}

/// How long is waited before a job is looked at again.
const EVERY: Duration = Duration::from_secs(5);

/// How long is waited for a job at most.
const AT_MOST: Duration = Duration::from_secs(30 * 60);

impl PreRequests {
    /// Compiles the requests; each may use the answers of those before it and of `known`.
    pub(in crate::source::http) fn compile(
        configs: &Named<RequestConfig>,
        known: &[&str],
        base: &Base,
        conditions: &Conditions,
        variables: Variables,
        purpose: Purpose,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let mut known = known.to_vec();
        let mut compiled = Vec::new();
        for (name, config) in configs.iter() {
            if !config.pre_requests.is_empty() {
                let message = format!("the pre-request `{}` has `pre_requests` itself", name.text);
                let at = cx.at(name.span);
                cx.note(Diagnostic::error("conflicting-fields", at, message).help(
                    "write them beside it: they run in order, and each sees the answers before it",
                ));
            }
            let one = (name, config, known.as_slice());
            let pre = compile_one(one, base, variables, purpose, cx);
            compiled.push(pre.map(|pre| PreRequest {
                conditions: pre.conditions.or(conditions),
                ..pre
            }));
            known.push(&name.text);
        }
        compiled.into_iter().collect::<Option<_>>().map(Self)
    }

    /// Compiles requests that are made once a listing has come to its end.
    pub(in crate::source::http) fn compile_after(
        configs: &Named<RequestConfig>,
        known: &[&str],
        base: &Base,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let compiled = configs.iter().map(|(name, config)| {
            let request = RequestTemplate::compile(config, base, variables, Purpose::Change, cx)?;
            check_names(&request, config, known, cx);
            Some(PreRequest {
                name: name.text.clone(),
                writes: false,
                request,
                rules: None,
                conditions: Conditions::default(),
                until: None,
            })
        });
        let compiled: Vec<_> = compiled.collect();
        compiled.into_iter().collect::<Option<_>>().map(Self)
    }

    /// Makes the requests. What they are for is done already, so a failure is only told.
    pub(in crate::source::http) async fn run_after(
        &self,
        listing: &Listing,
        inputs: &Inputs,
        before: Option<Arc<Map>>,
    ) {
        let mut inputs = inputs.clone();
        if let Some(answers) = before {
            inputs.set(VARIABLE, Value::Map(Map::clone(&answers)));
        }
        let source = &listing.source;
        for after in &self.0 {
            let sent = match after.request.build(&inputs, &source.base, &source.defaults) {
                Ok(request) => {
                    let sent = listing.wire().open(&request, true).await;
                    sent.map(drop).map_err(|failure| failure.error)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = sent {
                tracing::warn!(name = after.name, %error, "a request after a listing failed");
            }
        }
    }

    pub(in crate::source::http) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them waits for a job.
    pub(super) fn is_job(&self) -> bool {
        self.0.iter().any(|pre| pre.until.is_some())
    }

    /// Whether one of them depends on a variable.
    pub(in crate::source::http) fn mentions(&self, variable: &str) -> bool {
        self.0.iter().any(|pre| pre.request.mentions(variable))
    }

    /// The texts of their programs.
    pub(in crate::source::http) fn sources(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|pre| pre.request.sources())
    }

    /// Whether one of them may change the system.
    pub(in crate::source::http) fn writes(&self) -> bool {
        self.0.iter().any(|pre| pre.writes)
    }

    /// Those that may change the system, by name.
    pub(in crate::source::http) fn writing(
        &self,
    ) -> impl Iterator<Item = (&str, &RequestTemplate)> {
        let writing = self.0.iter().filter(|pre| pre.writes);
        writing.map(|pre| (pre.name.as_str(), &pre.request))
    }

    /// Values that came from the environment.
    pub(in crate::source::http) fn secrets(&self) -> impl Iterator<Item = SecretString> {
        self.0.iter().flat_map(|pre| pre.request.secrets())
    }

    /// Makes the requests, one after the other, beginning with the answers that are there.
    pub(super) async fn run(
        &self,
        wire: &Wire<'_>,
        defaults: &Defaults,
        inputs: &Inputs,
        answers: Map,
    ) -> Result<Map, SourceError> {
        let mut written = Vec::new();
        self.run_noting(wire, defaults, inputs, answers, &mut written)
            .await
    }

    /// The same; `written` comes to hold those that may have changed the system.
    pub(super) async fn run_noting(
        &self,
        wire: &Wire<'_>,
        defaults: &Defaults,
        inputs: &Inputs,
        mut answers: Map,
        written: &mut Vec<Written>,
    ) -> Result<Map, SourceError> {
        for pre in &self.0 {
            let inputs = inputs.clone().with(VARIABLE, Value::Map(answers.clone()));
            let named = |error: SourceError| SourceError::PreRequest {
                name: pre.name.clone(),
                cause: Box::new(error),
            };
            let request = pre.request.build(&inputs, &wire.source.base, defaults);
            let mut request = request.map_err(named)?;
            request.changes = pre.writes;
            let wire = Wire {
                rules: pre.rules.as_ref().unwrap_or(wire.rules),
                ..*wire
            };
            let asked = pre.ask(&request, &wire).await;
            let obeyed = asked.as_ref().map_or_else(Failure::may_be_obeyed, |_| true);
            if pre.writes && obeyed {
                written.push(Written {
                    name: pre.name.clone(),
                    asked: format!("{} {}", request.method, safe(&request.url)),
                    answered: asked.is_ok(),
                });
            }
            let answer = match asked {
                Ok(answer) => Some(answer),
                Err(failure) => {
                    let status = failure.status.filter(|status| {
                        let rule = wire.rules.find(*status);
                        rule.is_some_and(|rule| rule.excuses())
                    });
                    let Some(status) = status else {
                        return Err(named(failure.error));
                    };
                    let status = Value::Int(i64::from(status.as_u16()));
                    Some(Value::Map(Map::from_iter([
                        ("status_code".to_owned(), status),
                        ("headers".to_owned(), Value::Map(Map::new())),
                        ("body".to_owned(), Value::Null),
                    ])))
                }
            };
            answers.insert(pre.name.clone(), answer.unwrap_or_default());
        }
        Ok(answers)
    }
}

impl PreRequest {
    /// Asks, again and again where a job is waited for. Returns the variable `response`.
    async fn ask(&self, request: &RequestParts, wire: &Wire<'_>) -> Result<Value, Failure> {
        let clock = &wire.source.clock;
        let mut waited = Duration::ZERO;
        loop {
            let (answer, _) = self.conditions.send(request, wire).await?;
            let url = safe(&answer.url);
            let inputs = answer.shared();
            let done = match &self.until {
                Some(until) => {
                    let holds = until.holds.truth(&Scope::new(&inputs, None));
                    holds.map_err(SourceError::from)?
                }
                None => true,
            };
            let Some(until) = self.until.as_ref().filter(|_| !done) else {
                return Ok(inputs.get("response").cloned().unwrap_or_default());
            };
            if waited >= until.at_most {
                let reason = format!(
                    "`until` does not hold after {} seconds",
                    until.at_most.as_secs_f64()
                );
                return Err(SourceError::Failed {
                    url,
                    reason,
                    transient: false,
                    retry_after: None,
                }
                .into());
            }
            let wait_ms = until.every.as_millis();
            tracing::info!(name = self.name, wait_ms, "waiting for a job");
            clock.wait(WaitReason::Job, until.every).await;
            waited += until.every.max(Duration::from_millis(1));
        }
    }
}

/// Compiles one, which may use the answers of those that are `known`.
fn compile_one(
    (name, config, known): (&Key, &RequestConfig, &[&str]),
    base: &Base,
    variables: Variables,
    purpose: Purpose,
    cx: &mut CompileContext,
) -> Option<PreRequest> {
    let request = RequestTemplate::compile(config, base, variables, purpose, cx)?;
    check_names(&request, config, known, cx);
    let rules = config.error_handling.as_ref();
    let until = config.until.as_ref().map(|until| {
        let holds = cx.expression_for(Wanted::Truth, until, Bare::Literal, ANSWER)?;
        let length =
            |written: Option<DurationText>, usual| written.map_or(usual, |length| length.0);
        Some(Until {
            holds,
            every: length(config.every, EVERY),
            at_most: length(config.at_most, AT_MOST),
        })
    });
    Some(PreRequest {
        conditions: Conditions::compile(rules, cx),
        until: match until {
            Some(until) => Some(until?),
            None => None,
        },
        name: name.text.clone(),
        writes: purpose == Purpose::BeforeChange && !request.is_safe(),
        request,
        rules: rules.map(|rules| ErrorRules::compile(Some(rules), cx)),
    })
}

/// The members of an object that programs mention and that are not `known`.
pub(in crate::source::http) fn unknown_members<'s>(
    programs: impl Iterator<Item = &'s str>,
    object: &str,
    known: &[&str],
) -> Vec<String> {
    let begins = format!("{object}.");
    let mut unknown: Vec<String> = Vec::new();
    for source in programs {
        for (at, _) in source.match_indices(&begins) {
            let rest = &source[at + begins.len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            let name = &rest[..end.unwrap_or(rest.len())];
            if !name.is_empty() && !known.contains(&name) && !unknown.iter().any(|n| n == name) {
                unknown.push(name.to_owned());
            }
        }
    }
    unknown
}

/// Notes fields of a request that only pre-requests have.
pub(in crate::source::http) fn check_waits(
    config: &RequestConfig,
    help: &str,
    cx: &mut CompileContext,
) {
    let waits = [
        ("until", config.until.is_some()),
        ("every", config.every.is_some()),
        ("at_most", config.at_most.is_some()),
    ];
    for (field, _) in waits.iter().filter(|(_, written)| *written) {
        let message = format!("`{field}` does nothing here: only a pre-request waits");
        cx.warning("no-effect", config.url.0.span, message, help);
    }
}

/// Notes the names of pre-requests that a request mentions but that are not there for it.
pub(in crate::source::http) fn check_names(
    request: &RequestTemplate,
    config: &RequestConfig,
    known: &[&str],
    cx: &mut CompileContext,
) {
    for name in unknown_members(request.sources(), VARIABLE, known) {
        let at = cx.at(config.url.0.span);
        let message =
            format!("this request uses the pre-request `{name}`, which is not made before it");
        let help = match (nearest(&name, known.iter().copied()), known) {
            (Some(close), _) => format!("did you mean `{close}`?"),
            (None, []) => format!("write it under `pre_requests: {{{name}: {{url: …}}}}`"),
            (None, known) => format!("those made before it are {}", list(known)),
        };
        cx.note(Diagnostic::error("unknown-member", at, message).help(help));
    }
}
