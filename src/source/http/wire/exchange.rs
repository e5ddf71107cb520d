//! One request and its answer: credentials, redirects, tries, and the words for what went wrong.

use std::time::Instant;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Method, StatusCode};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use url::Url;

use super::error_rules::{ErrorRules, Rule};
use super::failure::{Failure, too_long};
use super::limits;
use super::receive::{Extent, START};
use super::transport::{About, Broken, Undelivered, with_body};
use crate::source::http::answer::body::{LARGEST_HELD, too_large_to_hold};
use crate::source::http::answer::received::{Answer, Incoming, lenient};
use crate::source::http::auth::Refusal;
use crate::source::http::request::base::{host, is_trusted, safe};
use crate::source::http::request::parts::RequestParts;
use crate::source::http::source::HttpSource;
use crate::source::redact::Redactor;
use crate::source::{SourceError, WaitReason, meter};
use crate::span;

/// How often an answer may send us elsewhere.
const MOST_REDIRECTS: usize = 10;

/// How often one request is repeated with other credentials: an answer to a challenge, a token of
/// the session, and a token against forged requests may each want it once.
const MOST_RENEWALS: u32 = 3;

/// Sends requests of a source, and keeps its secrets out of what is said about them.
pub(in crate::source::http) struct Wire<'s> {
    pub source: &'s HttpSource,
    pub redactor: &'s Redactor,
    /// What the file says about statuses.
    pub rules: &'s ErrorRules,
}

impl Wire<'_> {
    /// Sends a request whose answer is JSON, and reads it.
    pub(in crate::source::http) async fn send(
        &self,
        request: &RequestParts,
    ) -> Result<Answer, Failure> {
        let whole = Extent {
            start: LARGEST_HELD + 1,
            held: true,
        };
        let incoming = self.until(request, whole).await.outcome?;
        if incoming.start.len() > LARGEST_HELD {
            return Err(too_large_to_hold(&incoming.url).into());
        }
        if request.changes {
            // It was made, whatever its answer is written in.
            let (body, _) = lenient(&incoming.start);
            return Ok(incoming.with_body(body));
        }
        Ok(incoming.json(self.redactor)?)
    }

    /// Sends a request; of a large answer only the beginning is read. `held`: the whole answer will
    /// have to be held in memory.
    pub(in crate::source::http) async fn open(
        &self,
        request: &RequestParts,
        held: bool,
    ) -> Result<Incoming, Failure> {
        let extent = Extent { start: START, held };
        self.until(request, extent).await.outcome
    }

    /// Sends a request until it succeeds, fails for good, or has failed too often.
    pub(in crate::source::http) async fn until(
        &self,
        request: &RequestParts,
        extent: Extent,
    ) -> Course {
        let mut unclear = false;
        let outcome = self.try_on(request, extent, &mut unclear).await;
        Course { outcome, unclear }
    }

    /// `unclear` becomes true when the request is sent again although it may have been obeyed.
    async fn try_on(
        &self,
        request: &RequestParts,
        extent: Extent,
        unclear: &mut bool,
    ) -> Result<Incoming, Failure> {
        let (mut failed, mut renewals) = (0, 0);
        loop {
            let started = Instant::now();
            let span = request_span(request, failed + 1);
            let following = self.follow(request.clone(), extent);
            let outcome = following.instrument(span.clone()).await;
            note_outcome(&span, &outcome);
            let failure = match outcome {
                Ok(incoming) => {
                    let duration_ms = started.elapsed().as_millis();
                    tracing::debug!(method = %request.method, url = safe(&request.url), duration_ms, "the API answered");
                    return Ok(incoming);
                }
                Err(failure) => failure,
            };
            // A token may have ended before its time. Further refusals are about something else.
            if !request.anonymous && self.is_renewed(&failure, renewals).await {
                renewals += 1;
                continue;
            }
            failed += 1;
            let rule = failure.status.filter(|_| !request.anonymous);
            let rule = rule.and_then(|status| self.rules.find(status));
            let usual = self.source.retry.wait(failed, failure.error.retry_after());
            let wait = match rule {
                Some(rule) => rule.wait(failed, usual),
                None => usual.filter(|_| failure.error.is_transient()),
            };
            // What was refused because of a rate was not obeyed.
            let limited = failure.status == Some(StatusCode::TOO_MANY_REQUESTS);
            let repeatable = match request.changes {
                true => may_be_changed_again(request, &failure, rule),
                false => may_be_read_again(request) && (limited || !request.once),
            };
            let Some(wait) = wait.filter(|_| repeatable) else {
                let failure = too_long(failure);
                return Err(match rule {
                    Some(rule) => Failure {
                        error: rule.told(failure.error),
                        ..failure
                    },
                    None => failure,
                });
            };
            let wait_ms = wait.as_millis();
            tracing::info!(reason = %failure.error, attempt = failed, wait_ms, "trying again");
            let why = match limited {
                true => WaitReason::RateLimit,
                false => failure.error.wait_reason(),
            };
            *unclear |= failure.may_be_obeyed();
            self.source.clock.wait(why, wait).await;
            meter::retried();
        }
    }

    /// True when the credentials are others since a request was refused.
    async fn is_renewed(&self, failure: &Failure, renewals: u32) -> bool {
        let (Some(status), Some(sent)) = (failure.status, failure.sent) else {
            return false;
        };
        let refused = status.is_redirection()
            || matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if !refused || renewals >= MOST_RENEWALS {
            return false;
        }
        let refusal = Refusal {
            sent,
            status,
            headers: &failure.headers,
            renewals,
        };
        self.source.auth.refused(&refusal).await
    }

    /// Sends a request, going where redirects lead. Credentials and what every request carries go
    /// only to the API's own host, hop by hop.
    async fn follow(&self, mut request: RequestParts, extent: Extent) -> Result<Incoming, Failure> {
        if !request.anonymous
            && let Some(learned) = self.source.auth.base(self).await?
        {
            self.source.base.move_to(learned)?;
            self.source.base.lead(&mut request);
        }
        for _ in 0..=MOST_REDIRECTS {
            let (response, sent) = self.exchange(request.clone()).await?;
            if request.unread && response.status().is_redirection() {
                return Ok(Incoming::unread(&response, &request.url));
            }
            let status = response.status();
            let target = match redirect(&response, &request.url) {
                Ok(target) => target,
                // Where it leads to does not matter to a change that does not follow it.
                Err(_) if request.changes && !keeps_method(status) => None,
                Err(error) => return Err(error.into()),
            };
            let target = target.filter(|target| {
                !request.changes
                    || keeps_method(status)
                    || status == StatusCode::SEE_OTHER
                    || self.is_login(&request, target)
            });
            let Some(target) = target else {
                let received = self.receive(response, &request, extent).await;
                return received.map_err(|failure| Failure {
                    sent: Some(sent),
                    ..failure
                });
            };
            if self.is_login(&request, &target) {
                return Err(Failure {
                    error: SourceError::Refused {
                        system: host(&request.url),
                        reason: "it sends us to its login page".to_owned(),
                    },
                    status: Some(status),
                    sent: Some(sent),
                    headers: Box::default(),
                    body: None,
                    arrived: false,
                });
            }
            if request.changes && status == StatusCode::SEE_OTHER {
                return self.read_instead(request, target, extent).await;
            }
            let turns_into_get = status == StatusCode::SEE_OTHER
                || (request.method == Method::POST && matches!(status.as_u16(), 301 | 302));
            if turns_into_get {
                request.method = Method::GET;
                request.body = None;
                request.headers.remove(CONTENT_TYPE);
            }
            if !is_trusted(&request.url, &target) && (request.body.is_some() || request.changes) {
                let what = match request.changes {
                    true => "a change",
                    false => "a request with a body",
                };
                let message = format!(
                    "{} redirects {what} to another host, {}",
                    safe(&request.url),
                    host(&target)
                );
                return Err(SourceError::Invalid(message).into());
            }
            lead_to(&mut request, target);
        }
        let message = format!(
            "{} redirects more than {MOST_REDIRECTS} times",
            safe(&request.url)
        );
        Err(SourceError::Invalid(message).into())
    }

    /// Follows the answer to a change that was made and is described elsewhere. Whatever becomes of
    /// that, the change is not made again.
    async fn read_instead(
        &self,
        mut request: RequestParts,
        target: Url,
        extent: Extent,
    ) -> Result<Incoming, Failure> {
        let asked = safe(&request.url);
        request.method = Method::GET;
        request.body = None;
        request.headers.remove(CONTENT_TYPE);
        request.changes = false;
        lead_to(&mut request, target);
        let read = Box::pin(self.until(&request, extent)).await.outcome;
        read.map_err(|failure| {
            Failure::lost(SourceError::Failed {
                url: asked,
                reason: format!(
                    "the answer lies elsewhere and cannot be read: {}",
                    failure.error
                ),
                transient: false,
                retry_after: None,
            })
        })
    }

    fn is_login(&self, request: &RequestParts, target: &Url) -> bool {
        !request.anonymous && self.source.auth.is_login(target)
    }

    /// Sends one request as it is, with credentials where they belong. Returns the answer, and when
    /// the request went out.
    pub(in crate::source::http) async fn exchange(
        &self,
        mut request: RequestParts,
    ) -> Result<(reqwest::Response, Instant), Failure> {
        if !request.anonymous && self.source.base.is_own(&request.url) {
            self.source.auth.authenticate(&mut request, self).await?;
        }
        let mut outgoing = reqwest::Request::new(request.method.clone(), request.full_url());
        *outgoing.headers_mut() = request.headers;
        *outgoing.body_mut() = request.body.map(Into::into);
        let about = About {
            source: self.source,
            redactor: self.redactor,
            credentials: request.anonymous,
        };
        // Credentials are at hand by now: asking for them takes a place of its own.
        let limiter = &self.source.limiter;
        let at = host(&request.url);
        let slot = limiter.enter(&at, self.source.clock.clock()).await;
        meter::asked();
        let sent = Instant::now();
        let sending = self.source.transport().send(outgoing, &about).await;
        let response = sending.map_err(|undelivered| match undelivered {
            Undelivered::Broken(broken) => {
                if broken.slow {
                    slot.overloaded();
                }
                Failure {
                    arrived: broken.sent,
                    ..self.broken(&request.url, broken).into()
                }
            }
            Undelivered::Failed(error) => error.into(),
        })?;
        match response.status().as_u16() {
            429 | 503 => slot.overloaded(),
            status if status < 500 => slot.went_well(),
            _ => {}
        }
        let now = self.source.now();
        if let Some(wait) = limits::used_up(response.headers(), now) {
            limiter.pause(&at, wait, now);
        }
        // The place is taken until the answer was read or is no longer wanted.
        let response = with_body(response, slot, |response, _| {
            Box::pin(async {
                let chunk = response.chunk().await.map_err(Broken::of).transpose()?;
                meter::received(chunk.as_ref().map_or(0, |bytes| bytes.len()));
                Some(chunk)
            })
        });
        Ok((response, sent))
    }
}

/// What sending a request came to.
pub(in crate::source::http) struct Course {
    pub outcome: Result<Incoming, Failure>,
    /// True when it was sent more than once although it may have been obeyed before.
    pub unclear: bool,
}

/// Whether a request that reads may be sent again.
fn may_be_read_again(request: &RequestParts) -> bool {
    [Method::GET, Method::HEAD, Method::POST].contains(&request.method)
}

/// Whether a change may be sent again: it was refused, it never reached the API, or obeying it twice
/// comes to the same (RFC 9110, 9.2.2). An API that is overloaded may have obeyed: then the file has
/// to say that it did not.
fn may_be_changed_again(request: &RequestParts, failure: &Failure, rule: Option<&Rule>) -> bool {
    let overloaded = failure.status == Some(StatusCode::SERVICE_UNAVAILABLE);
    !failure.may_be_obeyed() || request.method.is_idempotent() || (overloaded && rule.is_some())
}

/// Goes where a redirect leads. Any header may hold a credential, so only the harmless ones go along
/// to another host.
fn lead_to(request: &mut RequestParts, target: Url) {
    if !is_trusted(&request.url, &target) {
        let accept = request.headers.remove(ACCEPT);
        request.headers = HeaderMap::from_iter(accept.map(|value| (ACCEPT, value)));
    }
    request.go_to(target);
}

/// Whether a redirect wants the same request again, and not only that its answer be read elsewhere.
fn keeps_method(status: StatusCode) -> bool {
    matches!(status.as_u16(), 307 | 308)
}

/// A request as traces see it: the route that the file has, and nothing of what fills it.
fn request_span(request: &RequestParts, attempt: u32) -> Span {
    let span = tracing::info_span!(
        target: span::TARGET,
        "request",
        otel.kind = "client",
        otel.name = Empty,
        otel.status_code = Empty,
        http.request.method = request.method.as_str(),
        http.response.status_code = Empty,
        server.address = request.url.host_str(),
        url.template = request.route.as_deref(),
        "error.type" = Empty,
        rolecall.attempt = attempt,
    );
    if !span.is_disabled() {
        let method = &request.method;
        let name = match (&request.route, request.anonymous) {
            (Some(route), _) => format!("{method} {route}"),
            (None, true) => format!("{method} for credentials"),
            (None, false) => method.to_string(),
        };
        span.record("otel.name", name);
    }
    span
}

/// Notes the status of an answer, or that there is none.
fn note_outcome(span: &Span, outcome: &Result<Incoming, Failure>) {
    let status = match outcome {
        Ok(incoming) => Some(incoming.status),
        Err(failure) => failure.status,
    };
    if let Some(status) = status {
        span.record("http.response.status_code", status.as_u16());
    }
    if outcome.is_err() {
        let kind = status.map_or("no answer".to_owned(), |status| status.as_u16().to_string());
        span.record("error.type", kind);
        span.record("otel.status_code", "ERROR");
    }
}

/// Where a redirect leads; `None` when the answer is none.
fn redirect(response: &reqwest::Response, asked: &Url) -> Result<Option<Url>, SourceError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let target = response
        .headers()
        .get(LOCATION)
        .and_then(|value| value.to_str().ok());
    let target = target.and_then(|target| asked.join(target).ok());
    match target.filter(|target| matches!(target.scheme(), "http" | "https")) {
        Some(target) => Ok(Some(target)),
        None => Err(SourceError::Invalid(format!(
            "{} redirects to no URL",
            safe(asked)
        ))),
    }
}
