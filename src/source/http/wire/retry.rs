//! When a request is tried again, and after how long.

use std::time::Duration;

use reqwest::StatusCode;

use super::limits::Limit;
use crate::config::http::RetryConfig;
use crate::source::backoff::{Backoff, fraction};

/// An API that asks for a longer wait is not waited for: the error says so, and the sync can be
/// resumed later.
pub(in crate::source::http) const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// When and how often requests are tried again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::source::http) struct RetryPolicy(Backoff);

impl Default for RetryPolicy {
    fn default() -> Self {
        Self(Backoff {
            attempts: 5,
            initial: Duration::from_millis(500),
            longest: Duration::from_secs(30),
        })
    }
}

impl RetryPolicy {
    /// The policy of `http.retry`; what is not written keeps its default.
    pub(in crate::source::http) fn compile(config: Option<&RetryConfig>) -> Self {
        let Self(default) = Self::default();
        let Some(config) = config else {
            return Self(default);
        };
        let initial = config
            .initial_backoff
            .map_or(default.initial, |duration| duration.0);
        Self(Backoff {
            // 0 is read as "do not try again", which is 1 attempt.
            attempts: config.max_attempts.unwrap_or(default.attempts).max(1),
            initial,
            longest: config
                .max_backoff
                .map_or(default.longest.max(initial), |duration| duration.0),
        })
    }

    /// How long to wait before the attempt after `failed` failed ones; `None` to give up.
    pub(in crate::source::http) fn wait(
        &self,
        failed: u32,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        let own = self.0.wait(failed)?;
        match asked {
            // What the API asks for is the least that helps; a little more keeps many clients
            // from coming back at the same moment.
            Some(asked) if asked <= LONGEST_WAIT => Some(asked + fraction(self.0.initial)),
            Some(_) => None,
            None => Some(own),
        }
    }
}

/// Whether the same request may succeed later.
pub(in crate::source::http) fn is_transient(status: StatusCode, limit: Option<Limit>) -> bool {
    match limit {
        Some(limit) => limit == Limit::Rate,
        None => matches!(status.as_u16(), 408 | 425 | 500 | 502 | 503 | 504),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_asks_for_is_obeyed_up_to_a_ceiling() {
        let policy = RetryPolicy::default();
        let asked = Duration::from_secs(20);
        let wait = policy.wait(1, Some(asked)).expect("tries again");
        assert!(
            wait >= asked && wait <= asked + policy.0.initial,
            "{wait:?}"
        );
        assert_eq!(
            policy.wait(1, Some(LONGEST_WAIT + Duration::from_secs(1))),
            None
        );
    }

    #[test]
    fn a_daily_limit_is_not_waited_for() {
        let transient = |status: u16, limit| {
            is_transient(StatusCode::from_u16(status).expect("a status"), limit)
        };
        assert!(transient(403, Some(Limit::Rate)) && transient(429, Some(Limit::Rate)));
        assert!(!transient(403, Some(Limit::Daily)) && !transient(429, Some(Limit::Daily)));
        assert!(!transient(403, None) && !transient(501, None) && transient(503, None));
    }
}
