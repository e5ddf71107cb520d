//! How requests prove who is asking: one file per kind of `connect.auth`.

mod api_key;
mod basic;
mod bearer;
mod bearer_dynamic;
mod none;
mod oauth2_client_credentials;
mod oauth2_password;

pub(super) use none::{Anonymous, NotSet};

use std::time::Instant;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::parts::RequestParts;
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

    /// The API did not accept the proof of a request that went out at `sent`. True when the next one
    /// may be another, so that it is worth asking once more.
    async fn refused(&self, sent: Instant) -> bool {
        let _ = sent;
        false
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

/// A header value that no log shows. Line breaks and other control characters, often the newline
/// at the end of a secret's file, are refused by name of the field.
fn secret_header(text: &str, field: &str) -> Result<HeaderValue, SourceError> {
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
