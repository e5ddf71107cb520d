//! `POST /auth/v1/token`: an assertion that a client signed → an access token.

use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::json;

use super::{Platform, PlatformError};
use crate::causes::in_one_line;
use crate::protocol::{Assertion, ClientId};

/// How far the clocks of a connector and this machine may be apart, besides what the assertion allows.
const LEEWAY: Duration = Duration::from_secs(30);

/// What a connector sends.
#[derive(Deserialize)]
pub(super) struct TokenRequest {
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    client_assertion_type: String,
    #[serde(default)]
    client_assertion: String,
}

/// Why there is no token, by the words of OAuth.
enum Denial {
    Request(String),
    GrantType,
    Client(String),
    Platform(PlatformError),
}

/// Answers one request.
pub(super) async fn token(
    State(platform): State<Platform>,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Response {
    let answered = match form {
        Ok(Form(request)) => issue(platform, request).await,
        Err(rejection) => Err(Denial::Request(rejection.body_text())),
    };
    match answered {
        Ok(answer) => answer,
        Err(denial) => denial.into_response(),
    }
}

async fn issue(platform: Platform, request: TokenRequest) -> Result<Response, Denial> {
    if request.grant_type != "client_credentials" {
        return Err(Denial::GrantType);
    }
    if request.client_assertion_type != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
        let reason = "`client_assertion_type` is not that of a signed token";
        return Err(Denial::Request(reason.to_owned()));
    }
    let client = ClientId::parse(&request.client_id)
        .map_err(|_| Denial::Client("`client_id` is no client id".to_owned()))?;
    let (clients, id) = (platform.0.clients.clone(), client.as_str().to_owned());
    let known = tokio::task::spawn_blocking(move || clients.by_id(&id)).await;
    let known = known.expect("a look into the database does not panic");
    let known = known.map_err(Denial::Platform)?;
    let known = known.ok_or_else(|| {
        Denial::Client(
            "this platform has no such client; `rolecall platform add-client` registers one"
                .to_owned(),
        )
    })?;

    let now = SystemTime::from(platform.now());
    let assertion = Assertion::verify(
        &request.client_assertion,
        &client,
        &known.public_key,
        now,
        LEEWAY,
    )
    .map_err(|error| Denial::Client(error.to_string()))?;
    if assertion.nonce.is_empty() {
        return Err(Denial::Client("the assertion has no nonce".to_owned()));
    }
    let tokens = &platform.0.tokens;
    let forgotten = assertion.expires + LEEWAY;
    if !tokens.first_seen(client.as_str(), &assertion.nonce, forgotten, now) {
        return Err(Denial::Client("the assertion was used before".to_owned()));
    }
    let good_for = platform.0.timing.token;
    let token = tokens.issue(client.as_str(), good_for, now);
    tracing::debug!(client.id = client.as_str(), "a token was issued");
    let answer = json!({
        "access_token": token.expose_secret(),
        "token_type": "Bearer",
        "expires_in": good_for.as_secs(),
    });
    Ok((no_store(), Json(answer)).into_response())
}

impl IntoResponse for Denial {
    fn into_response(self) -> Response {
        let (status, error, description) = match self {
            Denial::Request(reason) => (StatusCode::BAD_REQUEST, "invalid_request", reason),
            Denial::GrantType => (
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "`grant_type` is not `client_credentials`".to_owned(),
            ),
            Denial::Client(reason) => (StatusCode::UNAUTHORIZED, "invalid_client", reason),
            Denial::Platform(error) => {
                tracing::error!(error = %in_one_line(&error), "the platform failed");
                let reason = "the platform cannot do that now".to_owned();
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "temporarily_unavailable",
                    reason,
                )
            }
        };
        tracing::warn!(reason = description, "a token was refused");
        let body = json!({ "error": error, "error_description": description });
        (status, no_store(), Json(body)).into_response()
    }
}

fn no_store() -> HeaderMap {
    let value = header::HeaderValue::from_static("no-store");
    HeaderMap::from_iter([(header::CACHE_CONTROL, value)])
}
