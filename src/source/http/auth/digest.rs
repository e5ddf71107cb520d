//! `type: digest`: an answer to the challenge of the API (RFC 7616).

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use digest_auth::{AuthContext, HttpMethod, WwwAuthenticateHeader};
use reqwest::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use secrecy::{ExposeSecret, SecretString};

use super::{Authenticate, Refusal, secret_header};
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::section;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{EnvText, SecretText};
use crate::source::SourceError;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::token::Ask;

inventory::submit! { Kind::<AuthFamily>::of::<DigestConfig>("digest") }

section! {
    /// Proves that it knows the password without sending it: HTTP Digest authentication with MD5 or
    /// SHA-256. The first request is answered with a challenge, which is kept for those that follow.
    /// An addition of rolecall.
    pub struct DigestConfig {
        /// The user name, or the public key where the API calls it so.
        pub username: EnvText,
        /// The password or private key, for example `${ACME_PASSWORD}`.
        pub password: SecretText,
    }
}

impl KindConfig<AuthFamily> for DigestConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let (username, password) = (cx.env(&self.username), cx.secret(&self.password));
        Some(Box::new(Digest {
            username: username?,
            password: password?,
            challenge: Mutex::new(None),
        }))
    }
}

struct Digest {
    username: String,
    password: SecretString,
    challenge: Mutex<Option<Challenge>>,
}

struct Challenge {
    header: WwwAuthenticateHeader,
    came: Instant,
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({})", self.username)
    }
}

impl Digest {
    /// The answer to the challenge, where there was one. Each answer counts.
    fn answer(
        &self,
        request: &RequestParts,
        cnonce: String,
    ) -> Result<Option<String>, SourceError> {
        let mut held = self
            .challenge
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(challenge) = held.as_mut() else {
            return Ok(None);
        };
        let url = request.full_url();
        let uri = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut context = AuthContext::new_with_method(
            self.username.as_str(),
            self.password.expose_secret(),
            uri,
            request.body.as_deref().map(str::as_bytes),
            HttpMethod(Cow::Borrowed(request.method.as_str())),
        );
        context.set_custom_cnonce(cnonce);
        let answer = challenge.header.respond(&context).map_err(|error| {
            SourceError::Invalid(format!("the API's challenge cannot be answered: {error}"))
        })?;
        Ok(Some(answer.to_header_string()))
    }
}

/// The strongest challenge of an answer that can be met.
fn challenge(headers: &HeaderMap) -> Option<WwwAuthenticateHeader> {
    let all = headers.get_all(WWW_AUTHENTICATE).iter();
    let texts = all.filter_map(|value| value.to_str().ok());
    let digests = texts.filter(|text| {
        text.get(..7)
            .is_some_and(|start| start.eq_ignore_ascii_case("digest "))
    });
    digests
        .filter_map(|text| digest_auth::parse(text).ok())
        .max_by_key(|found| found.algorithm.to_string().starts_with("SHA"))
}

#[async_trait::async_trait]
impl Authenticate for Digest {
    async fn authenticate(
        &self,
        request: &mut RequestParts,
        via: &dyn Ask,
    ) -> Result<(), SourceError> {
        if let Some(answer) = self.answer(request, via.nonce()?)? {
            let header = secret_header(&answer, "auth.username")?;
            request.headers.insert(AUTHORIZATION, header);
        }
        Ok(())
    }

    async fn refused(&self, refusal: &Refusal<'_>) -> bool {
        let Some(new) = challenge(refusal.headers) else {
            return false;
        };
        let mut held = self
            .challenge
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // A challenge that was answered and comes again without being stale: the password is wrong.
        let again = refusal.renewals == 0 || new.stale;
        if held.as_ref().is_none_or(|held| held.came < refusal.sent) {
            *held = Some(Challenge {
                header: new,
                came: Instant::now(),
            });
        }
        again
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.password.clone()]
    }
}
