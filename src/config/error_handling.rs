//! `error_handling`: what the statuses of an API mean to a sync.

use super::decode::{Named, closed_set, section};
use super::scalar::{DurationText, Text};

section! {
    /// What answers with certain statuses mean. Statuses that are not named are met as usual: those
    /// that may pass are tried again, the others end the sync.
    pub struct ErrorHandlingConfig {
        /// Rules by status, for example `"404"`; `"5xx"` is a rule for all of a class (an addition of
        /// rolecall).
        pub error_status_codes: Named<StatusRuleConfig>,
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
