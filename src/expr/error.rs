//! What can be wrong with a program: before it runs, and when it does.

use std::ops::Range;

/// A program that cannot be compiled, or one that would not do what it seems to.
#[derive(Debug, Clone, PartialEq)]
pub struct ExprError {
    /// Stable name of the rule: `cel-syntax`, `unknown-function`, `unknown-variable` …
    pub code: &'static str,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// The bytes of the author's text that are meant.
    pub range: Range<usize>,
    /// The way out.
    pub help: Option<String>,
    /// What to write in place of a range, where that surely puts it right.
    pub fix: Option<(Range<usize>, String)>,
}

impl ExprError {
    /// A mistake whose way out is told, and no change that surely is one.
    pub fn new(
        code: &'static str,
        message: impl Into<String>,
        range: Range<usize>,
        help: impl Into<String>,
    ) -> Self {
        let help = help.into();
        Self {
            code,
            message: message.into(),
            range,
            help: (!help.is_empty()).then_some(help),
            fix: None,
        }
    }

    /// The same with what to write in place of the whole range.
    pub fn instead(self, text: impl Into<String>) -> Self {
        let range = self.range.clone();
        self.replacing(range, text)
    }

    /// The same with what to write in place of another range.
    pub fn replacing(mut self, range: Range<usize>, text: impl Into<String>) -> Self {
        self.fix = Some((range, text.into()));
        self
    }
}

/// A program that failed on one record.
#[derive(Debug, Clone, thiserror::Error, PartialEq)]
#[error("`{expression}`: {message}")]
pub struct EvalError {
    /// The expression as its author wrote it.
    pub expression: String,
    /// What went wrong, without any value of the record: values may be secret.
    pub message: String,
}

impl EvalError {
    /// Names the expression that failed and why.
    pub fn new(expression: &str, message: impl Into<String>) -> Self {
        Self {
            expression: expression.trim().to_owned(),
            message: message.into(),
        }
    }
}
