//! `error_handling`: what the statuses of an API mean to a sync.

use super::decode::{Named, closed_set, section};
use super::scalar::{DurationText, ExprText, Text};

section! {
    /// What answers with certain statuses mean. Statuses that are not named are met as usual: those
    /// that may pass are tried again, the others end the sync.
    pub struct ErrorHandlingConfig {
        /// Rules by status, for example `"404"`; `"5xx"` is a rule for all of a class (an addition of
        /// rolecall).
        pub error_status_codes: Named<StatusRuleConfig>,
        /// Answers that say in their body that they failed, although their status is a success: the
        /// first condition that holds decides. Those of a request come before those of the connector.
        /// An addition of rolecall.
        pub conditions: Vec<ConditionConfig>,
    }
}

section! {
    /// When an answer with the status of a success is a failure all the same.
    pub struct ConditionConfig {
        /// Whether it is, for example `cel: response.body.ok == false` or
        /// `cel: has(response.body.errors)`. Items are no longer in `response.body` here.
        pub r#if: ExprText,
        /// What is done. Not written: `fail`. With `warn` the items that came are kept, and the
        /// listing is *partial*; with `ignore` it is not.
        pub action: Option<ErrorAction>,
        /// What the answer says, for example `cel: response.body.error`. Not written: what stands
        /// where APIs put such messages.
        pub message: Option<ExprText>,
        /// With `retry`: the wait in seconds, for example `cel: response.body.retry_in` or `30`. Not
        /// written: as `http.retry` has it.
        pub retry_after: Option<ExprText>,
    }
}

section! {
    /// What one status means.
    pub struct StatusRuleConfig {
        /// What is done. Not written: `fail`.
        pub action: Option<ErrorAction>,
        /// With `retry`: the wait before each further attempt. Not written: what the API asks for,
        /// or else as `http.retry` has it.
        pub retry_after: Option<DurationText>,
        /// With `retry`: how often it is asked again. Not written: as `http.retry` has it.
        pub max_retries: Option<u32>,
        /// What to say besides.
        pub message: Option<Text>,
    }
}

closed_set! {
    /// What is done about a status.
    pub enum ErrorAction {
        /// The listing fails, without another attempt.
        Fail = "fail",
        /// The request is sent again.
        Retry = "retry",
        /// The listing ends here; the sync goes on and is *partial*.
        Warn = "warn",
        /// As `warn`; but 404 and 410 on a first page mean that there is nothing, which is complete.
        Ignore = "ignore",
    }
}
