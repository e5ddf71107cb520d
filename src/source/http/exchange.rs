//! One request and its answer: credentials, redirects, tries, and the words for what went wrong.

use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use url::Url;

use super::answer::{self, Answer};
use super::auth::Refusal;
use super::base::{host, is_trusted, safe};
use super::error_rules::ErrorRules;
use super::parts::RequestParts;
use super::redact::Redactor;
use super::retry::{LONGEST_WAIT, is_transient, retry_after};
use super::source::HttpSource;
use super::tls;
use super::token::Ask;
use crate::source::SourceError;

/// The largest body that is read, after decompression. Larger lists are for paging.
const LARGEST_BODY: usize = 256 * 1024 * 1024;

/// How often an answer may send us elsewhere.
const MOST_REDIRECTS: usize = 10;

/// How often one request is repeated with other credentials: an answer to a challenge, a token of
/// the session, and a token against forged requests may each want it once.
const MOST_RENEWALS: u32 = 3;

/// How much of a failed answer is read to find its reason.
const REASON_BYTES: usize = 64 * 1024;

/// A failure, with the status where an answer came.
#[derive(Debug)]
pub(super) struct Failure {
    pub error: SourceError,
    pub status: Option<StatusCode>,
    /// When the request went out, with its credentials, that was answered so.
    pub sent: Option<Instant>,
    /// The headers of the answer.
    pub headers: Box<HeaderMap>,
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self {
            error,
            status: None,
            sent: None,
            headers: Box::default(),
        }
    }
}

/// Sends requests of a source, and keeps its secrets out of what is said about them.
pub(super) struct Wire<'s> {
    pub source: &'s HttpSource,
    pub redactor: &'s Redactor,
    /// What the file says about statuses.
    pub rules: &'s ErrorRules,
}

impl Wire<'_> {
    /// Sends a request until it succeeds, fails for good, or has failed too often.
    pub(super) async fn send(&self, request: &RequestParts) -> Result<Answer, Failure> {
        let repeatable = [Method::GET, Method::HEAD, Method::POST].contains(&request.method);
        let (mut failed, mut renewals) = (0, 0);
        loop {
            let started = Instant::now();
            let outcome = self.follow(request.clone()).await;
            let failure = match outcome {
                Ok(answer) => {
                    let duration_ms = started.elapsed().as_millis();
                    tracing::debug!(method = %request.method, url = safe(&request.url), duration_ms, "the API answered");
                    return Ok(answer);
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
            self.source.clock.sleep(wait).await;
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
    async fn follow(&self, mut request: RequestParts) -> Result<Answer, Failure> {
        if !request.anonymous
            && let Some(learned) = self.source.auth.base(self).await?
        {
            self.source.base.move_to(learned)?;
            self.source.base.lead(&mut request);
        }
        for _ in 0..=MOST_REDIRECTS {
            let (response, sent) = self.exchange(request.clone()).await?;
            if request.unread && response.status().is_redirection() {
                return Ok(Answer::unread(&response, &request.url));
            }
            let Some(target) = redirect(&response, &request.url)? else {
                let received = self.receive(response, &request).await;
                return received.map_err(|failure| Failure {
                    sent: Some(sent),
                    ..failure
                });
            };
            let status = response.status();
            if !request.anonymous && self.source.auth.is_login(&target) {
                return Err(Failure {
                    error: SourceError::Refused {
                        system: host(&request.url),
                        reason: "it sends us to its login page".to_owned(),
                    },
                    status: Some(status),
                    sent: Some(sent),
                    headers: Box::default(),
                });
            }
            let turns_into_get = status == StatusCode::SEE_OTHER
                || (request.method == Method::POST && matches!(status.as_u16(), 301 | 302));
            if turns_into_get {
                request.method = Method::GET;
                request.body = None;
                request.headers.remove(CONTENT_TYPE);
            }
            if !is_trusted(&request.url, &target) {
                if request.body.is_some() {
                    let message = format!(
                        "{} redirects a request with a body to another host, {}",
                        safe(&request.url),
                        host(&target)
                    );
                    return Err(SourceError::Invalid(message).into());
                }
                // Any header may hold a credential, so only the harmless ones go along.
                let accept = request.headers.remove(ACCEPT);
                request.headers = HeaderMap::from_iter(accept.map(|value| (ACCEPT, value)));
            }
            request.go_to(target);
        }
        let message = format!(
            "{} redirects more than {MOST_REDIRECTS} times",
            safe(&request.url)
        );
        Err(SourceError::Invalid(message).into())
    }

    /// Sends one request as it is, with credentials where they belong. Returns the answer, and when
    /// the request went out.
    pub(super) async fn exchange(
        &self,
        mut request: RequestParts,
    ) -> Result<(reqwest::Response, Instant), SourceError> {
        if !request.anonymous && self.source.base.is_own(&request.url) {
            self.source.auth.authenticate(&mut request, self).await?;
        }
        let client = self.source.client()?;
        let mut outgoing = client
            .request(request.method.clone(), request.full_url())
            .headers(request.headers);
        if let Some(body) = request.body {
            outgoing = outgoing.body(body);
        }
        let sent = Instant::now();
        let response = outgoing
            .send()
            .await
            .map_err(|error| self.unreachable(&request.url, error))?;
        Ok((response, sent))
    }

    async fn receive(
        &self,
        mut response: reqwest::Response,
        request: &RequestParts,
    ) -> Result<Answer, Failure> {
        let (status, headers, url) = (
            response.status(),
            response.headers().clone(),
            request.url.clone(),
        );
        if !status.is_success() {
            // A reason that cannot be read is no reason to hide the status.
            let bytes = self
                .body(&mut response, &url, REASON_BYTES)
                .await
                .unwrap_or_default();
            return Err(self.refusal(status, &headers, request, &bytes));
        }
        if request.unread {
            return Ok(Answer::unread(&response, &url));
        }
        let announced = headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let too_large = || SourceError::Unreadable {
            url: safe(&url),
            expected: "a page of at most 256 MiB",
            reason: "it is larger; ask for smaller pages with `page_size`".to_owned(),
        };
        if announced.is_some_and(|announced| announced > LARGEST_BODY) {
            return Err(too_large().into());
        }
        let bytes = self.body(&mut response, &url, LARGEST_BODY + 1).await?;
        if bytes.len() > LARGEST_BODY {
            return Err(too_large().into());
        }
        Ok(Answer::read(status, headers, url, &bytes, self.redactor)?)
    }

    /// Reads a body, at most `most` bytes of it.
    async fn body(
        &self,
        response: &mut reqwest::Response,
        url: &Url,
        most: usize,
    ) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.unreachable(url, error))?
        {
            let room = most - bytes.len();
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if bytes.len() == most {
                break;
            }
        }
        Ok(bytes)
    }

    fn refusal(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        request: &RequestParts,
        bytes: &[u8],
    ) -> Failure {
        let reason = answer::reason(bytes, self.redactor);
        let error = match status {
            StatusCode::UNAUTHORIZED => SourceError::Refused {
                system: host(&request.url),
                reason: reason.map_or(status.to_string(), |reason| format!("{status}: {reason}")),
            },
            status => SourceError::Status {
                method: request.method.to_string(),
                url: safe(&request.url),
                status: status.to_string(),
                detail: reason
                    .map(|reason| format!(": {reason}"))
                    .unwrap_or_default(),
                transient: is_transient(status, headers),
                retry_after: retry_after(status, headers, self.source.clock.now()),
            },
        };
        Failure {
            error,
            status: Some(status),
            sent: None,
            headers: Box::new(headers.clone()),
        }
    }

    /// An error of the client in our words: without the URL, which may hold a secret.
    fn unreachable(&self, url: &Url, error: reqwest::Error) -> SourceError {
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let text = cause.to_string();
        let text = text
            .split(" (os error")
            .next()
            .unwrap_or(&text)
            .to_lowercase();
        // A certificate is as wrong in a minute as it is now.
        let certificate = tls::meaning(&text);
        let transient =
            !error.is_builder() && certificate.is_none() && !text.contains("certificate");
        let reason = match error.is_timeout() {
            true => format!("no answer within {}", seconds(self.source.timeout)),
            false => certificate.map_or_else(|| self.redactor.line(&text), str::to_owned),
        };
        SourceError::Unreachable {
            system: host(url),
            reason,
            transient,
        }
    }
}

#[async_trait]
impl Ask for Wire<'_> {
    async fn ask(&self, request: RequestParts) -> Result<Answer, SourceError> {
        let system = safe(&request.url);
        self.send(&request).await.map_err(|failure| {
            // Endpoints refuse a client with 400 as well as with 401.
            let refuses = failure
                .status
                .is_some_and(|status| status.is_client_error());
            match failure.error {
                SourceError::Status {
                    status,
                    detail,
                    transient: false,
                    ..
                } if refuses => SourceError::Refused {
                    system,
                    reason: format!("{status}{detail}"),
                },
                SourceError::Refused { reason, .. } => SourceError::Refused { system, reason },
                error => error,
            }
        })
    }

    fn learn(&self, secret: &SecretString) {
        self.redactor.learn(secret);
    }

    fn now(&self) -> SystemTime {
        self.source.clock.now()
    }

    fn nonce(&self) -> Result<String, SourceError> {
        self.source.clock.nonce()
    }
}

/// Says how long the API wants to be left alone, where that is longer than we wait.
fn too_long(mut failure: Failure) -> Failure {
    if let SourceError::Status {
        detail,
        retry_after: Some(asked),
        ..
    } = &mut failure.error
        && *asked > LONGEST_WAIT
    {
        let minutes = asked.as_secs().div_ceil(60);
        detail.push_str(&format!(
            "; it asks to be left alone for {minutes} minutes: run again then"
        ));
    }
    failure
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

/// A time for people: `30s`, `0.5s`.
fn seconds(time: Option<Duration>) -> String {
    match time {
        Some(time) => format!("{}s", time.as_secs_f64()),
        None => "the system's own limit".to_owned(),
    }
}
