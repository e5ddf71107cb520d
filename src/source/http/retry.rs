//! When a request is tried again, and after how long.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::config::http::RetryConfig;
use crate::source::backoff::{Backoff, fraction};

/// An API that asks for a longer wait is not waited for: the error says so, and the sync can be
/// resumed later.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// When and how often requests are tried again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RetryPolicy(Backoff);

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
    pub(super) fn compile(config: Option<&RetryConfig>) -> Self {
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
    pub(super) fn wait(&self, failed: u32, asked: Option<Duration>) -> Option<Duration> {
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
pub(super) fn is_transient(status: StatusCode, headers: &HeaderMap) -> bool {
    match status.as_u16() {
        408 | 425 | 429 | 500 | 502 | 503 | 504 => true,
        // Some APIs say that a limit is reached with the status of a missing permission.
        403 => {
            headers.contains_key(RETRY_AFTER) || number(headers, "x-ratelimit-remaining") == Some(0)
        }
        _ => false,
    }
}

/// How long the API asks to wait: `Retry-After` in seconds or as a date, else the moment at which
/// its limit is reset.
pub(super) fn retry_after(
    status: StatusCode,
    headers: &HeaderMap,
    now: SystemTime,
) -> Option<Duration> {
    let until = |then: SystemTime| then.duration_since(now).unwrap_or_default();
    if let Some(text) = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
    {
        let text = text.trim();
        // A fraction of a second is not in the standard, but on the wire.
        let seconds = text
            .parse()
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        if let Some(wait) = seconds.or_else(|| httpdate::parse_http_date(text).ok().map(until)) {
            return Some(wait);
        }
    }
    if !matches!(status.as_u16(), 403 | 429) {
        return None;
    }
    let names = ["x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"];
    let reset = names.into_iter().find_map(|name| number(headers, name))?;
    Some(match reset {
        // A moment in milliseconds, a moment in seconds, or a number of seconds.
        100_000_000_000.. => until(SystemTime::UNIX_EPOCH + Duration::from_millis(reset)),
        1_000_000_000.. => until(SystemTime::UNIX_EPOCH + Duration::from_secs(reset)),
        seconds => Duration::from_secs(seconds),
    })
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            name.parse().expect("a name"),
            value.parse().expect("a value"),
        )])
    }

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
    fn every_way_to_ask_for_time_is_understood() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let date = httpdate::fmt_http_date(now + Duration::from_secs(90));
        let cases = [
            (429, headers("retry-after", "7"), Some(7)),
            (503, headers("retry-after", &date), Some(90)),
            (503, headers("retry-after", "soon"), None),
            (429, headers("x-ratelimit-reset", "1700000030"), Some(30)),
            (
                429,
                headers("x-rate-limit-reset", "1700000040000"),
                Some(40),
            ),
            (429, headers("ratelimit-reset", "5"), Some(5)),
            (429, headers("x-ratelimit-reset", "1600000000"), Some(0)),
            (500, headers("x-ratelimit-reset", "1700000030"), None),
        ];
        for (status, headers, expected) in cases {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(
                retry_after(status, &headers, now),
                expected.map(Duration::from_secs),
                "{status} {headers:?}"
            );
        }
    }

    #[test]
    fn a_missing_permission_is_not_a_reached_limit() {
        assert!(!is_transient(StatusCode::FORBIDDEN, &HeaderMap::new()));
        assert!(!is_transient(
            StatusCode::FORBIDDEN,
            &headers("x-ratelimit-remaining", "10")
        ));
        assert!(is_transient(
            StatusCode::FORBIDDEN,
            &headers("x-ratelimit-remaining", "0")
        ));
        assert!(!is_transient(
            StatusCode::NOT_IMPLEMENTED,
            &HeaderMap::new()
        ));
    }
}
