//! `type: csrf`: a token against forged requests, beside another proof of identity.

use std::time::Instant;

use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use url::Url;

use super::{Authenticate, NotSet, Refusal, secret_header};
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::{closed_set, section};
use crate::config::kind::{Block, Kind, KindConfig};
use crate::config::scalar::{EnvText, Text};
use crate::source::SourceError;
use crate::source::http::request::base::safe;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::token::cookies::Cookies;
use crate::source::http::token::{Ask, oauth2};

inventory::submit! { Kind::<AuthFamily>::of::<CsrfConfig>("csrf") }

section! {
    /// Fetches a token against forged requests first, as SAP Gateway wants it, and sends it and the
    /// cookies that came with it with every request, beside what `then` adds. It is fetched once
    /// more when the API answers 403 and asks for it. An addition of rolecall.
    pub struct CsrfConfig {
        /// Where the token is fetched, with the proof of `then`.
        pub url: EnvText,
        /// How requests prove who is asking, for example `{type: basic, username: ada, password:
        /// "${ACME_PASSWORD}"}`.
        pub then: Block<AuthFamily>,
        /// The header that asks for the token with the value `Fetch`, and carries it in the answer and
        /// in later requests. Not written: `X-CSRF-Token`.
        pub header: Option<Text>,
        /// The method of the request that fetches it: `GET` or `HEAD`. Not written: `GET`.
        pub method: Option<FetchMethod>,
    }
}

closed_set! {
    /// How a token is fetched.
    pub enum FetchMethod {
        /// With `GET`.
        Get = "GET",
        /// With `HEAD`.
        Head = "HEAD",
    }
}

impl KindConfig<AuthFamily> for CsrfConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let url = oauth2::url(&self.url, cx);
        let then = self.then.compile(cx).unwrap_or_else(|| Box::new(NotSet));
        let header = match &self.header {
            None => Some(HeaderName::from_static("x-csrf-token")),
            Some(name) => HeaderName::from_bytes(name.text.as_bytes())
                .ok()
                .or_else(|| {
                    let message = format!("`{}` is not the name of a header", name.text);
                    cx.error("bad-header", name.span, message)
                }),
        };
        Some(Box::new(Csrf {
            url: url?,
            then,
            header: header?,
            method: match self.method.unwrap_or(FetchMethod::Get) {
                FetchMethod::Get => Method::GET,
                FetchMethod::Head => Method::HEAD,
            },
            held: Mutex::new(None),
        }))
    }
}

#[derive(Debug)]
struct Csrf {
    url: Url,
    then: Box<dyn Authenticate>,
    header: HeaderName,
    method: Method,
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    token: HeaderValue,
    cookies: Option<HeaderValue>,
    came: Instant,
}

impl Csrf {
    async fn fetch(&self, via: &dyn Ask) -> Result<Held, SourceError> {
        let mut request = RequestParts::new(self.method.clone(), self.url.clone());
        self.then.authenticate(&mut request, via).await?;
        request.anonymous = true;
        request.unread = true;
        request
            .headers
            .insert(self.header.clone(), HeaderValue::from_static("Fetch"));
        let answer = via.ask(request).await?;
        let token = answer.headers.get(&self.header);
        let token = token.and_then(|token| token.to_str().ok());
        let Some(token) = token.filter(|token| !token.eq_ignore_ascii_case("required")) else {
            return Err(SourceError::Unreadable {
                url: safe(&answer.url),
                expected: "an answer with a token against forged requests",
                reason: format!("it has no header `{}`", self.header),
            });
        };
        let secret = SecretString::from(token);
        via.learn(&secret);
        let mut cookies = Cookies::default();
        cookies.take(answer.headers.get_all(SET_COOKIE), via);
        Ok(Held {
            token: secret_header(secret.expose_secret(), "csrf.header")?,
            cookies: cookies.header()?,
            came: Instant::now(),
        })
    }

    /// True for an answer that asks for a new token.
    fn wants_token(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        let said = headers
            .get(&self.header)
            .and_then(|said| said.to_str().ok());
        status == StatusCode::FORBIDDEN
            && said.is_some_and(|said| said.eq_ignore_ascii_case("required"))
    }
}

#[async_trait::async_trait]
impl Authenticate for Csrf {
    async fn authenticate(
        &self,
        request: &mut RequestParts,
        via: &dyn Ask,
    ) -> Result<(), SourceError> {
        let (token, cookies) = {
            let mut held = self.held.lock().await;
            if held.is_none() {
                *held = Some(self.fetch(via).await?);
            }
            let held = held.as_ref().expect("it was put there");
            (held.token.clone(), held.cookies.clone())
        };
        request.headers.insert(self.header.clone(), token);
        self.then.authenticate(request, via).await?;
        // The session of the token and that of `then` are both sent.
        let both = match (request.headers.get(COOKIE), cookies) {
            (Some(first), Some(second)) => {
                let both = [first.as_bytes(), b"; ", second.as_bytes()].concat();
                HeaderValue::from_bytes(&both).ok()
            }
            (None, second) => second,
            (Some(_), None) => None,
        };
        if let Some(mut both) = both {
            both.set_sensitive(true);
            request.headers.insert(COOKIE, both);
        }
        Ok(())
    }

    async fn refused(&self, refusal: &Refusal<'_>) -> bool {
        if !self.wants_token(refusal.status, refusal.headers) {
            return self.then.refused(refusal).await;
        }
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|held| held.came < refusal.sent) {
            *held = None;
        }
        refusal.renewals == 0
    }

    fn is_login(&self, target: &Url) -> bool {
        self.then.is_login(target)
    }

    fn query_param(&self) -> Option<&str> {
        self.then.query_param()
    }

    async fn base(&self, via: &dyn Ask) -> Result<Option<Url>, SourceError> {
        self.then.base(via).await
    }

    async fn close(&self, via: &dyn Ask) -> Result<(), SourceError> {
        self.then.close(via).await
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.then.secrets()
    }
}
