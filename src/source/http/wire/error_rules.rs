//! `error_handling` → what is done about the status of an answer.

use std::time::Duration;

use reqwest::StatusCode;

use crate::config::error_handling::{ErrorAction, ErrorHandlingConfig, StatusRuleConfig};
use crate::config::{CompileContext, Key};
use crate::diagnostic::Diagnostic;
use crate::source::SourceError;

/// What is done about statuses, the rules of a request before those of the connector.
#[derive(Debug, Clone, Default)]
pub(in crate::source::http) struct ErrorRules(Vec<(Statuses, Rule)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statuses {
    One(u16),
    /// 4 for 400 to 499.
    Class(u16),
}

/// What is done about a status.
#[derive(Debug, Clone)]
pub(in crate::source::http) struct Rule {
    action: ErrorAction,
    retry_after: Option<Duration>,
    max_retries: Option<u32>,
    message: Option<String>,
}

impl ErrorRules {
    /// Compiles a section; every mistake in it is noted.
    pub fn compile(config: Option<&ErrorHandlingConfig>, cx: &mut CompileContext) -> Self {
        let mut rules = Vec::new();
        let entries = config
            .into_iter()
            .flat_map(|config| config.error_status_codes.iter());
        for (key, rule) in entries {
            let Some(statuses) = Statuses::read(&key.text) else {
                let at = cx.at(key.span);
                let message = format!("`{}` is no status of a failure", key.text);
                cx.note(Diagnostic::error("not-in-set", at, message).help(
                    "write a status from 300 to 599, such as `\"404\"`, or a class, `\"5xx\"`",
                ));
                continue;
            };
            check(key, rule, cx);
            rules.push((statuses, Rule::of(rule)));
        }
        Self(rules)
    }

    /// These rules, and where they say nothing, others.
    pub fn or(mut self, others: &Self) -> Self {
        self.0.extend(others.0.iter().cloned());
        self
    }

    /// The rule for a status: one that names it, or else one for its class.
    pub fn find(&self, status: StatusCode) -> Option<&Rule> {
        let number = status.as_u16();
        let of = |statuses: Statuses| {
            let found = self.0.iter().find(|(known, _)| *known == statuses);
            found.map(|(_, rule)| rule)
        };
        of(Statuses::One(number)).or_else(|| of(Statuses::Class(number / 100)))
    }
}

/// Notes rules of a request that changes something and that do nothing for it. `again`: it may be made
/// twice.
pub(in crate::source::http) fn check_for_change(
    config: Option<&ErrorHandlingConfig>,
    again: bool,
    cx: &mut CompileContext,
) {
    let entries = config
        .into_iter()
        .flat_map(|config| config.error_status_codes.iter());
    for (key, rule) in entries {
        let (does, help) = match rule.action {
            Some(ErrorAction::Ignore | ErrorAction::Warn) => (
                "excuses no failure of a change: it was not made all the same",
                "where the status means that nothing was left to do, write `already_condition: \"cel:response.status_code == …\"`",
            ),
            Some(ErrorAction::Retry) if !again && may_be_obeyed(&key.text) => (
                "does not send a change again: it may have been made in spite of the status",
                "a status from 400 to 499 or 503 may be tried again; otherwise the system is asked what became of it",
            ),
            _ => continue,
        };
        cx.warning(
            "no-effect",
            key.span,
            format!("`{}` {does}", key.text),
            help,
        );
    }
}

/// Whether a change may have been made where the API answers so and the file wants it sent again.
fn may_be_obeyed(text: &str) -> bool {
    match Statuses::read(text) {
        Some(Statuses::One(status)) => status == 408 || (status >= 500 && status != 503),
        Some(Statuses::Class(class)) => class == 5,
        None => false,
    }
}

/// Fields that do nothing beside the action that is written.
fn check(key: &Key, rule: &StatusRuleConfig, cx: &mut CompileContext) {
    let retries = rule.action == Some(ErrorAction::Retry);
    let fields = [
        ("max_retries", rule.max_retries.is_some()),
        ("retry_after", rule.retry_after.is_some()),
    ];
    for (field, _) in fields.iter().filter(|(_, written)| *written && !retries) {
        let message = format!(
            "`{field}` of `{}` does nothing: only a retry has it",
            key.text
        );
        cx.warning(
            "no-effect",
            key.span,
            message,
            "write `action: retry`, or remove it",
        );
    }
}

impl Statuses {
    fn read(text: &str) -> Option<Self> {
        if let Some(class) = text.to_lowercase().strip_suffix("xx") {
            let class = class.parse().ok().filter(|class| (3..=5).contains(class))?;
            return Some(Statuses::Class(class));
        }
        let status = text
            .parse()
            .ok()
            .filter(|status| (300..600).contains(status))?;
        Some(Statuses::One(status))
    }
}

impl Rule {
    fn of(config: &StatusRuleConfig) -> Self {
        Self {
            action: config.action.unwrap_or(ErrorAction::Fail),
            retry_after: config.retry_after.map(|wait| wait.0),
            max_retries: config.max_retries,
            message: config.message.as_ref().map(|message| message.text.clone()),
        }
    }

    /// The wait before the attempt after `failed` failed ones. `usual` is what would be waited
    /// without a rule, were the status one that may pass. `None` to give up.
    pub fn wait(&self, failed: u32, usual: Option<Duration>) -> Option<Duration> {
        if self.action != ErrorAction::Retry {
            return None;
        }
        match (self.max_retries, self.retry_after) {
            (Some(most), _) if failed > most => None,
            (Some(_), wait) => wait.or(usual).or(Some(Duration::ZERO)),
            (None, wait) => usual.map(|usual| wait.unwrap_or(usual)),
        }
    }

    /// True when the sync goes on without what could not be had.
    pub fn excuses(&self) -> bool {
        matches!(self.action, ErrorAction::Warn | ErrorAction::Ignore)
    }

    /// True when the status says that there is nothing: then nothing is missing.
    pub fn means_nothing(&self, status: StatusCode) -> bool {
        self.action == ErrorAction::Ignore
            && matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE)
    }

    /// The error, with what the author has to say of it.
    pub fn told(&self, mut error: SourceError) -> SourceError {
        match &mut error {
            SourceError::Status {
                detail, by_rule, ..
            } => {
                *by_rule = true;
                if let Some(message) = &self.message {
                    *detail = format!("{}; {message}", detail.trim_end_matches('.'));
                }
            }
            SourceError::Refused { reason, .. } => {
                if let Some(message) = &self.message {
                    reason.push_str(&format!("; {message}"));
                }
            }
            _ => {}
        }
        error
    }
}
