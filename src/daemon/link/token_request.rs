//! An assertion → a token, from the platform's endpoint.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap};
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value as Json;
use tonic::Code;

use super::error::RpcError;
use super::settings::LinkSettings;
use super::token::{Given, SharedClock};
use crate::protocol::{Assertion, ClientId, ClientKey};
use crate::source::http::retry_after;
use crate::source::redact::Redactor;

/// The largest answer that is read.
const LARGEST: usize = 64 << 10;

/// From how many seconds on a clock counts as wrong: assertions are good for two minutes to either
/// side, and the platform says the time in whole seconds.
const WRONG: i64 = 60;

/// Asks for tokens.
pub(super) struct TokenRequest {
    client_id: ClientId,
    key: ClientKey,
    client: Client,
    place: Arc<str>,
    url: String,
    clock: SharedClock,
    /// How long the endpoint may take.
    limit: Duration,
}

/// A refusal, and what the platform's clock says there.
struct Refused {
    error: RpcError,
    /// By how many seconds that is ahead, where the platform does not take the assertion.
    ahead: Option<i64>,
}

impl TokenRequest {
    pub fn new(
        settings: &LinkSettings,
        key: ClientKey,
        client: Client,
        place: Arc<str>,
        clock: SharedClock,
    ) -> Self {
        Self {
            url: format!("https://{place}/auth/v1/token"),
            client_id: settings.client_id.clone(),
            key,
            client,
            place,
            clock,
            limit: settings.limits.answer,
        }
    }

    /// Asks for a token. Where it is refused and the clocks differ, the platform's is believed and
    /// it is asked once more.
    pub async fn send(&self) -> Result<Given, RpcError> {
        let refused = match self.once().await {
            Ok(given) => return Ok(given),
            Err(refused) => refused,
        };
        let before = self.clock.put_right_by();
        let Some(ahead) = refused
            .ahead
            .filter(|ahead| ahead.abs_diff(before) >= WRONG.unsigned_abs())
        else {
            return Err(refused.error);
        };
        self.clock.put_right(ahead);
        match self.once().await {
            Ok(given) => {
                let (seconds, direction) = direction(ahead);
                tracing::warn!(
                    seconds,
                    "the clock of this machine is {direction} by that of the platform, which is used instead; set it right"
                );
                Ok(given)
            }
            Err(Refused { mut error, .. }) => {
                self.clock.put_right(before);
                let (seconds, direction) = direction(ahead);
                error.message.push_str(&format!("; besides, the clock of this machine is {seconds} seconds {direction} by that of the platform"));
                Err(error)
            }
        }
    }

    async fn once(&self) -> Result<Given, Refused> {
        let answered = tokio::time::timeout(self.limit, self.exchange()).await;
        answered.unwrap_or_else(|_| {
            let place = &self.place;
            let seconds = self.limit.as_secs_f64();
            let message = format!("`{place}` gives no token within {seconds}s");
            Err(RpcError::new(Code::DeadlineExceeded, message).into())
        })
    }

    async fn exchange(&self) -> Result<Given, Refused> {
        let assertion = Assertion::sign(&self.client_id, &self.key, self.clock.now());
        let form = [
            ("client_id", self.client_id.as_str()),
            ("grant_type", "client_credentials"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion.expose_secret()),
        ];
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let unreached = |error| RpcError::unreached(&self.place, error);
        let mut response = request.send().await.map_err(unreached)?;
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(unreached)? {
            body.extend_from_slice(&part);
            if body.len() > LARGEST {
                return Err(self.nonsense(response.headers()).into());
            }
        }
        if response.status() != StatusCode::OK {
            // What the endpoint says may repeat what it was sent.
            let reason = reason(&body, &Redactor::new([assertion]));
            return Err(self.refused(&response, reason));
        }
        let given = given(&body);
        given.ok_or_else(|| self.nonsense(response.headers()).into())
    }

    fn refused(&self, response: &Response, reason: Option<String>) -> Refused {
        let place = &self.place;
        let status = response.status();
        let headers = response.headers();
        let (code, meaning) = match status.as_u16() {
            400 | 401 | 403 => (
                Code::Unauthenticated,
                "refuses the client id or its secret; both must be of this platform, and still in use",
            ),
            404 | 405 | 410 => (
                Code::Unimplemented,
                "has no endpoint for tokens at `/auth/v1/token`; is it the host of the platform?",
            ),
            429 => (Code::ResourceExhausted, "is asked for tokens too often"),
            408 | 500.. => (Code::Unavailable, "gives no token now"),
            _ => (
                Code::Unknown,
                "answers the request for a token as no platform does; is it its host, and is nothing between?",
            ),
        };
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
        let ahead = date.map(|there: SystemTime| self.clock.ahead(there));
        let reason = reason
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        let message = format!("`{place}` {meaning} (status {}{reason})", status.as_u16());
        Refused {
            error: RpcError::new(code, message).after(retry_after(headers, self.clock.now())),
            ahead: ahead.filter(|_| code == Code::Unauthenticated),
        }
    }

    fn nonsense(&self, headers: &HeaderMap) -> RpcError {
        let kind = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
        let what = match kind {
            Some("application/json") | None => "without one".to_owned(),
            Some(kind) => format!("with `{}`", kind.chars().take(80).collect::<String>()),
        };
        let message = format!(
            "`{}` answers the request for a token {what}; is it the host of the platform, and is nothing between?",
            self.place
        );
        RpcError::new(Code::Unknown, message)
    }
}

impl From<RpcError> for Refused {
    fn from(error: RpcError) -> Self {
        Self { error, ahead: None }
    }
}

/// What a refusal says, by the words of OAuth.
fn reason(body: &[u8], redactor: &Redactor) -> Option<String> {
    let answer: Json = serde_json::from_slice(body).ok()?;
    let said = answer
        .get("error_description")
        .or_else(|| answer.get("error"))?;
    let line = redactor.line(said.as_str()?);
    (!line.is_empty()).then_some(line)
}

/// Reads the answer; `None` where there is no token in it.
fn given(body: &[u8]) -> Option<Given> {
    let answer: Json = serde_json::from_slice(body).ok()?;
    let token = answer.get("access_token")?.as_str()?;
    if token.is_empty() {
        return None;
    }
    let written = answer.get("token_type").and_then(Json::as_str);
    let written = written.unwrap_or_default();
    let kind = match written.is_empty() || written.eq_ignore_ascii_case("bearer") {
        true => "Bearer",
        false => written,
    };
    let seconds = match answer.get("expires_in") {
        Some(Json::Number(number)) => number.as_f64(),
        Some(Json::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    // No token lives for thirty years.
    let seconds = seconds.map(|seconds: f64| seconds.clamp(0.0, 1e9));
    let lifetime = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Some(Given {
        header: SecretString::from(format!("{kind} {token}")),
        token: SecretString::from(token),
        lifetime: lifetime.unwrap_or_default(),
    })
}

fn direction(ahead: i64) -> (u64, &'static str) {
    let word = match ahead < 0 {
        true => "fast",
        false => "slow",
    };
    (ahead.unsigned_abs(), word)
}
