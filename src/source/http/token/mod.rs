//! Tokens that have to be asked for: fetched once however many tasks wait, renewed before they end.

pub(super) mod cookies;
pub(super) mod dpop;
pub(super) mod jwt;
pub(super) mod key;
pub(super) mod login;
pub(super) mod oauth2;
pub(super) mod token_file;

use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use tokio::sync::Mutex;
use url::Url;

use super::answer::received::Answer;
use super::auth::{Authenticate, Refusal};
use super::paths::JsonPath;
use super::request::base::safe;
use super::request::parts::RequestParts;
use crate::expr::{Value, parse_time};
use crate::source::SourceError;

/// Before its end a token is renewed by so much, unless the file says otherwise.
const PADDING: Duration = Duration::from_secs(60);

/// Asks an endpoint that gives credentials, and keeps secret what it gave.
#[async_trait]
pub trait Ask: Sync {
    /// Sends a request without the credentials of the connector. A refusal names the endpoint.
    async fn ask(&self, request: RequestParts) -> Result<Answer, SourceError>;

    /// The same, with what else a refusal says.
    async fn attempt(&self, request: RequestParts) -> Result<Answer, Refused> {
        self.ask(request).await.map_err(|error| Refused {
            error,
            headers: HeaderMap::new(),
        })
    }

    /// From now on no message shows this.
    fn learn(&self, secret: &SecretString);

    /// The time now.
    fn now(&self) -> SystemTime;

    /// A text that no request had before.
    fn nonce(&self) -> Result<String, SourceError>;
}

/// A request for credentials that failed.
#[derive(Debug)]
pub struct Refused {
    /// In our words.
    pub error: SourceError,
    /// The headers of the answer, where one came.
    pub headers: HeaderMap,
}

/// A token, and when it stops working, as far as that is known.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub value: SecretString,
    pub ends: Option<SystemTime>,
    /// Where the API lives, where the endpoint tells it.
    pub base: Option<Url>,
}

/// Gets a token.
#[async_trait]
pub(super) trait FetchToken: Send + Sync + std::fmt::Debug {
    /// Asks for a new token.
    async fn fetch(&self, via: &dyn Ask) -> Result<Token, SourceError>;

    /// Every secret that asking for one puts on the wire.
    fn secrets(&self) -> Vec<SecretString>;

    /// True when the endpoint tells where the API lives.
    fn tells_base(&self) -> bool {
        false
    }

    /// True for the page to which the API redirects those whose token it does not know.
    fn is_login(&self, target: &Url) -> bool {
        let _ = target;
        false
    }

    /// The request that gives a token back; it is sent with the token.
    fn logout(&self) -> Option<RequestParts> {
        None
    }
}

/// How a token is sent.
#[derive(Debug)]
pub(super) struct Carrier {
    pub header: HeaderName,
    /// What stands before the token, with its blank.
    pub prefix: String,
}

impl Default for Carrier {
    fn default() -> Self {
        Self {
            header: AUTHORIZATION,
            prefix: "Bearer ".to_owned(),
        }
    }
}

/// Sends a token, usually as `Authorization: Bearer …`, and keeps it until shortly before it ends.
#[derive(Debug)]
pub(super) struct Kept<F> {
    fetch: F,
    padding: Duration,
    carrier: Carrier,
    /// Held while a token is fetched, so that everybody else waits for that one.
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    header: HeaderValue,
    /// From when on it is renewed.
    stale: Option<SystemTime>,
    came: Instant,
    base: Option<Url>,
}

impl<F: FetchToken> Kept<F> {
    /// Renews a token so many seconds before it ends; `None`: as many as is usual.
    pub fn new(fetch: F, padding: Option<u32>) -> Self {
        Self {
            fetch,
            padding: padding.map_or(PADDING, |seconds| Duration::from_secs(seconds.into())),
            carrier: Carrier::default(),
            held: Mutex::new(None),
        }
    }

    /// The same, with the token sent in another way.
    pub fn carried(self, carrier: Carrier) -> Self {
        Self { carrier, ..self }
    }

    /// What is held, renewed where it is time.
    async fn good<'h>(
        &self,
        held: &'h mut Option<Held>,
        via: &dyn Ask,
    ) -> Result<&'h Held, SourceError> {
        let good = |held: &Held| held.stale.is_none_or(|stale| via.now() < stale);
        if !held.as_ref().is_some_and(good) {
            *held = Some(self.renewed(via).await?);
        }
        Ok(held.as_ref().expect("it was put there"))
    }

    async fn renewed(&self, via: &dyn Ask) -> Result<Held, SourceError> {
        let token = self.fetch.fetch(via).await?;
        via.learn(&token.value);
        let value = format!("{}{}", self.carrier.prefix, token.value.expose_secret());
        let mut header = HeaderValue::from_str(&value).map_err(|_| {
            SourceError::Invalid(
                "the token that the endpoint gave cannot stand in a header".to_owned(),
            )
        })?;
        header.set_sensitive(true);
        Ok(Held {
            header,
            stale: token.ends.map(|ends| self.stale(ends, via.now())),
            came: Instant::now(),
            base: token.base,
        })
    }

    /// Tokens that live shorter than twice the padding are used for half of their life.
    fn stale(&self, ends: SystemTime, now: SystemTime) -> SystemTime {
        let life = ends.duration_since(now).unwrap_or_default();
        now + life.saturating_sub(self.padding.min(life / 2))
    }
}

#[async_trait]
impl<F: FetchToken> Authenticate for Kept<F> {
    async fn authenticate(
        &self,
        request: &mut RequestParts,
        via: &dyn Ask,
    ) -> Result<(), SourceError> {
        let mut held = self.held.lock().await;
        let header = self.good(&mut held, via).await?.header.clone();
        request.headers.insert(self.carrier.header.clone(), header);
        Ok(())
    }

    async fn refused(&self, refusal: &Refusal<'_>) -> bool {
        if !refusal.is_first() {
            return false;
        }
        let mut held = self.held.lock().await;
        // One that came after the request went out is not the one that was refused.
        if held.as_ref().is_some_and(|held| held.came < refusal.sent) {
            *held = None;
        }
        true
    }

    fn is_login(&self, target: &Url) -> bool {
        self.fetch.is_login(target)
    }

    async fn base(&self, via: &dyn Ask) -> Result<Option<Url>, SourceError> {
        if !self.fetch.tells_base() {
            return Ok(None);
        }
        let mut held = self.held.lock().await;
        Ok(self.good(&mut held, via).await?.base.clone())
    }

    async fn close(&self, via: &dyn Ask) -> Result<(), SourceError> {
        let Some(mut request) = self.fetch.logout() else {
            return Ok(());
        };
        let Some(held) = self.held.lock().await.take() else {
            return Ok(());
        };
        request
            .headers
            .insert(self.carrier.header.clone(), held.header);
        via.ask(request).await.map(drop)
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.fetch.secrets()
    }
}

/// Where an answer says that the API lives.
pub(super) fn told_base(
    path: Option<&JsonPath>,
    answer: &Answer,
) -> Result<Option<Url>, SourceError> {
    let Some(path) = path else {
        return Ok(None);
    };
    let written = path.first(&answer.body).and_then(Json::as_str);
    let url = written.and_then(|written| Url::parse(written.trim()).ok());
    match url {
        Some(url) => Ok(Some(url)),
        None => Err(SourceError::Unreadable {
            url: safe(&answer.url),
            expected: "an answer with the URL of the API",
            reason: format!("there is no URL at `base_url_field: {}`", path.text()),
        }),
    }
}

/// When a token ends, from what an endpoint says of it: seconds from now, seconds or milliseconds
/// since 1970, or a date. `None` when it says nothing that can be read.
pub(super) fn ending(said: &Json, now: SystemTime) -> Option<SystemTime> {
    let since_1970 = |seconds: f64| {
        Duration::try_from_secs_f64(seconds)
            .ok()
            .and_then(|length| SystemTime::UNIX_EPOCH.checked_add(length))
    };
    let number = match said {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number {
        // Nobody gives a token for thirty years.
        Some(seconds) if seconds < 1e9 => {
            now.checked_add(Duration::try_from_secs_f64(seconds.max(0.0)).ok()?)
        }
        Some(seconds) if seconds < 1e11 => since_1970(seconds),
        Some(milliseconds) => since_1970(milliseconds / 1000.0),
        None => {
            let date = parse_time(&Value::from(said.as_str()?)).ok().flatten()?;
            Some(SystemTime::from(date))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug)]
    struct Nothing;

    #[async_trait]
    impl FetchToken for Nothing {
        async fn fetch(&self, _: &dyn Ask) -> Result<Token, SourceError> {
            Err(SourceError::Invalid("never asked".into()))
        }

        fn secrets(&self) -> Vec<SecretString> {
            Vec::new()
        }
    }

    #[test]
    fn a_token_is_renewed_before_it_ends_however_short_it_lives() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let kept = Kept::new(Nothing, None);
        let used = |life: u64| {
            let stale = kept.stale(now + Duration::from_secs(life), now);
            stale.duration_since(now).unwrap_or_default().as_secs()
        };
        assert_eq!(
            (used(3600), used(120), used(30), used(0)),
            (3540, 60, 15, 0)
        );
        assert_eq!(kept.stale(now - PADDING, now), now, "it has ended already");
    }

    #[test]
    fn every_way_to_say_when_a_token_ends_is_understood() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let after = |said: Json| {
            ending(&said, now).map(|ends| ends.duration_since(now).unwrap_or_default().as_secs())
        };
        assert_eq!(after(json!(3600)), Some(3600));
        assert_eq!(after(json!("30")), Some(30));
        assert_eq!(after(json!(1_700_000_090)), Some(90));
        assert_eq!(after(json!(1_700_000_090_000_i64)), Some(90));
        assert_eq!(after(json!("2023-11-14T22:14:20Z")), Some(60));
        assert_eq!(after(json!(-5)), Some(0));
        assert_eq!(after(json!(null)), None);
        assert_eq!(after(json!("soon")), None);
    }
}
