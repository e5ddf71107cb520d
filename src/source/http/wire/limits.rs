//! The head and the body of an answer → what they say of the API's limits.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::expr::{Value, parse_time};

/// How many more requests the API takes now, as it is spelt by one or the other.
const REMAINING: &[&str] = &[
    "x-ratelimit-remaining",
    "x-rate-limit-remaining",
    "ratelimit-remaining",
    "x-ratelimit-requests-remaining",
];

/// When it takes more.
const RESET: &[&str] = &[
    "x-ratelimit-reset",
    "x-rate-limit-reset",
    "ratelimit-reset",
    "x-ratelimit-requests-reset",
];

/// What bodies say when too much was asked in a short time.
const TOO_FAST: &[&str] = &[
    "secondary rate limit",
    "userratelimitexceeded",
    "ratelimitexceeded",
    "quotaexceeded",
    "rate_limit_exceeded",
];

/// What bodies say when too much was asked in a day.
const TOO_MUCH: &[&str] = &[
    "request_limit_exceeded",
    "dailylimitexceeded",
    "daily quota",
];

/// An API that says by its body alone that it was asked too fast means at least so long.
const UNSAID: Duration = Duration::from_secs(60);

/// What a failed answer means by its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source::http) enum Limit {
    /// Asked too fast: later it answers.
    Rate,
    /// Asked too much for today.
    Daily,
}

/// The limit that a failed answer tells of; `None` when it fails for another reason.
pub(in crate::source::http) fn reached(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<Limit> {
    if !matches!(status.as_u16(), 403 | 429) {
        return None;
    }
    let body = String::from_utf8_lossy(body).to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| body.contains(word));
    if says(TOO_MUCH) {
        return Some(Limit::Daily);
    }
    let told = headers.contains_key(RETRY_AFTER) || remaining(headers) == Some(0);
    (status == StatusCode::TOO_MANY_REQUESTS || told || says(TOO_FAST)).then_some(Limit::Rate)
}

/// How long a failed answer asks to wait: `Retry-After` in seconds or as a date, else, where a limit
/// is reached, the moment at which it is reset.
pub(in crate::source::http) fn retry_after(
    status: StatusCode,
    headers: &HeaderMap,
    limit: Option<Limit>,
    now: SystemTime,
) -> Option<Duration> {
    if let Some(wait) = asked(headers, now) {
        return Some(wait);
    }
    match limit {
        Some(Limit::Rate) => {
            let unsaid = (status == StatusCode::FORBIDDEN).then_some(UNSAID);
            reset(headers, now).or(unsaid)
        }
        _ => None,
    }
}

/// `Retry-After`, in seconds or as a date.
pub(crate) fn asked(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = text(headers, RETRY_AFTER.as_str())?;
    // A fraction of a second is not in the standard, but on the wire.
    let seconds = text.parse().ok();
    let seconds = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let date = || httpdate::parse_http_date(text).ok();
    let until = |then: SystemTime| then.duration_since(now).unwrap_or_default();
    seconds.or_else(|| date().map(until))
}

/// How long nobody should ask, by an answer that is none of a failure: until the limit is reset of
/// which nothing remains.
pub(in crate::source::http) fn used_up(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    match remaining(headers) {
        Some(0) => reset(headers, now).filter(|wait| !wait.is_zero()),
        _ => None,
    }
}

fn remaining(headers: &HeaderMap) -> Option<u64> {
    let of_names = REMAINING.iter().find_map(|name| number(headers, name));
    of_names.or_else(|| structured(headers, &["r", "remaining"])?.parse().ok())
}

fn reset(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let written = RESET.iter().find_map(|name| text(headers, name));
    let written = written.or_else(|| structured(headers, &["t", "reset"]))?;
    let until = |then: SystemTime| then.duration_since(now).unwrap_or_default();
    let since_1970 = |time| until(SystemTime::UNIX_EPOCH + time);
    let Ok(number) = written.parse::<f64>() else {
        let time = parse_time(&Value::Text(written.to_owned())).ok()??;
        return Some(until(time.into()));
    };
    // A moment in milliseconds, a moment in seconds, or a number of seconds.
    let seconds = match number {
        100_000_000_000.0.. => number / 1000.0,
        _ => number,
    };
    let time = Duration::try_from_secs_f64(seconds).ok()?;
    Some(match seconds {
        1_000_000_000.0.. => since_1970(time),
        _ => time,
    })
}

/// A parameter of the `RateLimit` header, whose drafts spell it `"default";r=0;t=30` and
/// `limit=100, remaining=0, reset=30`.
fn structured<'h>(headers: &'h HeaderMap, names: &[&str]) -> Option<&'h str> {
    let pieces = text(headers, "ratelimit")?.split([';', ',']);
    let mut pairs = pieces.filter_map(|piece| piece.trim().split_once('='));
    let found = pairs.find(|(name, _)| names.contains(name));
    found.map(|(_, value)| value.trim())
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(written: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = written.iter().map(|(name, value)| {
            (
                name.parse().expect("a name"),
                value.parse().expect("a value"),
            )
        });
        HeaderMap::from_iter(pairs)
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    #[test]
    fn every_way_to_ask_for_time_is_understood() {
        let date = httpdate::fmt_http_date(now() + Duration::from_secs(90));
        let cases = [
            (429, headers(&[("retry-after", "7")]), Some(7)),
            (503, headers(&[("retry-after", &date)]), Some(90)),
            (503, headers(&[("retry-after", "soon")]), None),
            (
                429,
                headers(&[("x-ratelimit-reset", "1700000030")]),
                Some(30),
            ),
            (
                429,
                headers(&[("x-rate-limit-reset", "1700000040000")]),
                Some(40),
            ),
            (429, headers(&[("ratelimit-reset", "5")]), Some(5)),
            (
                429,
                headers(&[("x-ratelimit-reset", "1600000000")]),
                Some(0),
            ),
            (
                429,
                headers(&[("x-ratelimit-reset", "2023-11-14T22:14:20Z")]),
                Some(60),
            ),
            (
                429,
                headers(&[("ratelimit", "\"default\";r=0;t=30")]),
                Some(30),
            ),
            (
                429,
                headers(&[("ratelimit", "limit=100, remaining=0, reset=50")]),
                Some(50),
            ),
            (500, headers(&[("x-ratelimit-reset", "1700000030")]), None),
            (429, headers(&[("x-ratelimit-reset", "never")]), None),
        ];
        for (status, headers, expected) in cases {
            let status = StatusCode::from_u16(status).expect("a status");
            let limit = reached(status, &headers, b"");
            assert_eq!(
                retry_after(status, &headers, limit, now()),
                expected.map(Duration::from_secs),
                "{status} {headers:?}"
            );
        }
    }

    #[test]
    fn a_missing_permission_is_not_a_reached_limit() {
        let forbidden = |written: &[_], body: &str| {
            reached(StatusCode::FORBIDDEN, &headers(written), body.as_bytes())
        };
        assert_eq!(forbidden(&[], r#"{"message": "Forbidden"}"#), None);
        assert_eq!(forbidden(&[("x-ratelimit-remaining", "10")], ""), None);
        assert_eq!(
            forbidden(&[("x-ratelimit-remaining", "0")], ""),
            Some(Limit::Rate)
        );
        assert_eq!(
            forbidden(
                &[],
                r#"{"message": "You have exceeded a Secondary Rate Limit."}"#
            ),
            Some(Limit::Rate)
        );
        assert_eq!(
            forbidden(
                &[],
                r#"{"error": {"errors": [{"reason": "userRateLimitExceeded"}]}}"#
            ),
            Some(Limit::Rate)
        );
        assert_eq!(
            forbidden(&[], r#"[{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]"#),
            Some(Limit::Daily)
        );
    }

    #[test]
    fn what_is_used_up_is_not_asked_for() {
        let wait = |written: &[_]| used_up(&headers(written), now()).map(|wait| wait.as_secs());
        assert_eq!(
            wait(&[
                ("x-rate-limit-remaining", "0"),
                ("x-rate-limit-reset", "1700000012")
            ]),
            Some(12)
        );
        assert_eq!(wait(&[("ratelimit", "\"a\";r=0;t=3")]), Some(3));
        assert_eq!(wait(&[("ratelimit", "\"a\";r=1;t=3")]), None);
        assert_eq!(wait(&[("x-ratelimit-remaining", "0")]), None);
        assert_eq!(wait(&[("x-ratelimit-reset", "30")]), None);
    }
}
