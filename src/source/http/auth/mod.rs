//! How requests prove who is asking: one file per kind of `connect.auth`.

mod api_key;
mod aws_sigv4;
mod basic;
mod bearer;
mod bearer_dynamic;
mod cookie_session;
mod csrf;
mod digest;
mod hmac;
mod jwt_service_account;
mod none;
mod oauth1;
mod oauth2_client_credentials;
mod oauth2_password;
mod oauth2_refresh_token;

pub(super) use none::{Anonymous, NotSet};

use std::time::Instant;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::request::parts::RequestParts;
use super::token::Ask;
use crate::config::connect::AuthFamily;
use crate::config::kind::{Family, Kind, registered};
use crate::source::SourceError;

crate::family!(AuthFamily);

impl Family for AuthFamily {
    const NAME: &'static str = "auth kind";
    const TAG: &'static str = "type";
    const NESTS: bool = true;
    type Compiled = dyn Authenticate;

    fn kinds() -> Vec<&'static Kind<Self>> {
        registered()
    }
}

/// Adds proof of identity to requests. Only requests to the host of `base_url` are passed in.
#[async_trait::async_trait]
pub trait Authenticate: Send + Sync + std::fmt::Debug {
    /// Adds the proof. May ask a token endpoint through `via` first, which is why it may wait and
    /// fail.
    async fn authenticate(
        &self,
        request: &mut RequestParts,
        via: &dyn Ask,
    ) -> Result<(), SourceError>;

    /// The API did not accept the proof of a request. True when the next one may be another, so that
    /// it is worth asking once more.
    async fn refused(&self, refusal: &Refusal<'_>) -> bool {
        let _ = refusal;
        false
    }

    /// True for a page that the API sends those to who are not logged in: a redirect there is a
    /// refusal.
    fn is_login(&self, target: &Url) -> bool {
        let _ = target;
        false
    }

    /// Where the API lives, for kinds that learn it with their token; `None` for `base_url`.
    async fn base(&self, via: &dyn Ask) -> Result<Option<Url>, SourceError> {
        let _ = via;
        Ok(None)
    }

    /// Logs out, where there is something to log out of.
    async fn close(&self, via: &dyn Ask) -> Result<(), SourceError> {
        let _ = via;
        Ok(())
    }

    /// The query parameter that carries a credential, where one does. APIs repeat it in the links
    /// they answer, from where it must not get into page tokens.
    fn query_param(&self) -> Option<&str> {
        None
    }

    /// Every secret that this kind puts on the wire, in each form it takes there, so that none is
    /// shown when an answer repeats it.
    fn secrets(&self) -> Vec<SecretString>;
}

/// An answer that did not accept who asked.
#[derive(Debug)]
pub struct Refusal<'r> {
    /// When the request went out.
    pub sent: Instant,
    /// The status of the answer: 401, 403, or a redirect to the login page.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'r HeaderMap,
    /// How often this request was repeated with other proof already.
    pub renewals: u32,
}

impl Refusal<'_> {
    /// True for the first time that a request is refused as one of nobody known. A 403 is about what
    /// somebody known may do, unless it says that the token is no longer good.
    pub(super) fn is_first(&self) -> bool {
        let unknown = self.status != StatusCode::FORBIDDEN || self.says("invalid_token");
        self.renewals == 0 && unknown
    }

    /// True when a challenge gives this as its error (RFC 6750, section 3.1).
    fn says(&self, error: &str) -> bool {
        let challenges = self.headers.get_all(WWW_AUTHENTICATE).iter();
        let mut texts = challenges.filter_map(|value| value.to_str().ok());
        texts.any(|text| text.contains(error))
    }
}

/// A header value that no log shows. Line breaks and other control characters, often the newline
/// at the end of a secret's file, are refused by name of the field.
pub(super) fn secret_header(text: &str, field: &str) -> Result<HeaderValue, SourceError> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        SourceError::Invalid(format!(
            "the value of `{field}` has a line break or another control character; check the environment variable it comes from"
        ))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// A secret put together from others.
fn composed(prefix: &str, secret: &SecretString) -> SecretString {
    SecretString::from(format!("{prefix}{}", secret.expose_secret()))
}
