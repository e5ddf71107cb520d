//! `error_handling.conditions`: answers that say in their body that they failed.

use std::time::Duration;

use super::exchange::Wire;
use super::failure::Failure;
use crate::config::error_handling::{ConditionConfig, ErrorAction, ErrorHandlingConfig};
use crate::config::{Bare, CompileContext, Wanted};
use crate::expr::{Expression, Inputs, Scope, Variables};
use crate::source::http::answer::received::{self, Answer};
use crate::source::http::request::base::safe;
use crate::source::http::request::parts::RequestParts;
use crate::source::redact::Redactor;
use crate::source::{PartialReason, SourceError};

/// What a condition may look at.
const VARIABLES: Variables = Variables::of(&["response", "headers", "vars"]);

/// The conditions for the answers of one request.
#[derive(Debug, Clone, Default)]
pub(in crate::source::http) struct Conditions(Vec<Condition>);

#[derive(Debug, Clone)]
struct Condition {
    holds: Expression,
    action: ErrorAction,
    message: Option<Expression>,
    retry_after: Option<Expression>,
}

impl Conditions {
    /// Compiles the conditions of a section; every mistake is noted.
    pub fn compile(config: Option<&ErrorHandlingConfig>, cx: &mut CompileContext) -> Self {
        let configs = config.into_iter().flat_map(|config| &config.conditions);
        // What could not be compiled was noted, and nothing is sent then.
        Self(
            configs
                .filter_map(|config| Condition::compile(config, cx))
                .collect(),
        )
    }

    /// These conditions, then others.
    pub fn or(mut self, others: &Self) -> Self {
        self.0.extend(others.0.iter().cloned());
        self
    }

    /// Judges an answer whose items were taken out: an error when it failed, a reason when what came
    /// may be a part only.
    pub fn judge(
        &self,
        answer: &Answer,
        redactor: &Redactor,
    ) -> Result<Option<PartialReason>, SourceError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let inputs = answer.variables();
        let scope = Scope::new(&inputs, None);
        for condition in &self.0 {
            if condition.holds.truth(&scope)? {
                return condition.met(answer, &inputs, redactor);
            }
        }
        Ok(None)
    }
}

impl Conditions {
    /// Sends a request until its answer does not say that it failed for the moment.
    pub async fn send(
        &self,
        request: &RequestParts,
        wire: &Wire<'_>,
    ) -> Result<(Answer, Option<PartialReason>), Failure> {
        let mut failed = 0;
        loop {
            let answer = wire.send(request).await?;
            let error = match self.judge(&answer, wire.redactor) {
                Ok(reason) => return Ok((answer, reason)),
                Err(error) => error,
            };
            wire.source.wait_or_give_up(&mut failed, error).await?;
        }
    }
}

impl Condition {
    fn compile(config: &ConditionConfig, cx: &mut CompileContext) -> Option<Self> {
        let holds = cx.expression_for(Wanted::Truth, &config.r#if, Bare::Literal, VARIABLES);
        let mut other = |field: &Option<_>| {
            field
                .as_ref()
                .and_then(|field| cx.expression(field, Bare::Literal, VARIABLES))
        };
        let (message, retry_after) = (other(&config.message), other(&config.retry_after));
        Some(Self {
            holds: holds?,
            action: config.action.unwrap_or(ErrorAction::Fail),
            message,
            retry_after,
        })
    }

    fn met(
        &self,
        answer: &Answer,
        inputs: &Inputs,
        redactor: &Redactor,
    ) -> Result<Option<PartialReason>, SourceError> {
        let scope = Scope::new(inputs, None);
        let text = |expression: &Option<Expression>| match expression {
            Some(expression) => expression.text(&scope),
            None => Ok(None),
        };
        let message = match text(&self.message)? {
            Some(message) => redactor.line(&message),
            None => received::told(&answer.body, redactor).unwrap_or_default(),
        };
        let reason = match message.is_empty() {
            true => "it does not say why".to_owned(),
            false => message,
        };
        let seconds = text(&self.retry_after)?;
        let seconds = seconds.and_then(|text| text.trim().parse().ok());
        let error = SourceError::Failed {
            url: safe(&answer.url),
            reason,
            transient: self.action == ErrorAction::Retry,
            retry_after: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        };
        match self.action {
            ErrorAction::Fail | ErrorAction::Retry => Err(error),
            ErrorAction::Warn => Ok(Some(PartialReason {
                code: "error-excused",
                message: error.to_string(),
            })),
            ErrorAction::Ignore => Ok(None),
        }
    }
}
