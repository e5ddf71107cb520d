//! The token that goes with every call: asked for once however many calls wait, renewed before it
//! ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tonic::metadata::AsciiMetadataValue;
use tonic::{Code, Request};

use super::error::RpcError;
use super::settings::LinkSettings;
use super::token_request::TokenRequest;
use crate::protocol::ClientKey;
use crate::source::http::Clock;
use crate::source::redact::Redactor;

/// Before its end a token is renewed by so much.
const BEFORE_ITS_END: Duration = Duration::from_secs(10);

/// No token is used for longer, however long it is said to live.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A token as it stands on a call.
#[derive(Debug, Clone)]
pub(super) struct Token {
    header: AsciiMetadataValue,
    /// Which one it is.
    number: u64,
}

/// What the endpoint gave.
#[derive(Debug)]
pub(super) struct Given {
    /// The type of the token and itself, as they stand in the header.
    pub header: SecretString,
    /// The token.
    pub token: SecretString,
    /// How long it is good; nothing: for one call.
    pub lifetime: Duration,
}

/// Gets tokens and keeps them.
pub(super) struct Tokens {
    /// The time as the platform has it.
    pub clock: SharedClock,
    request: TokenRequest,
    redactor: Redactor,
    /// Locked while one is asked for, so that everybody else waits for that one.
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<(Token, Instant)>,
    number: u64,
    /// When the last one failed to come, and why. Who waited for it need not ask again.
    failed: Option<(Instant, RpcError)>,
}

impl Tokens {
    pub fn new(
        settings: &LinkSettings,
        key: ClientKey,
        client: reqwest::Client,
        place: Arc<str>,
    ) -> Self {
        let clock = SharedClock::new(settings.clock.clone());
        Self {
            request: TokenRequest::new(settings, key, client, place, clock.clone()),
            redactor: Redactor::new([settings.client_secret.clone()]),
            clock,
            kept: Mutex::default(),
        }
    }

    /// A token that is good as far as is known.
    pub async fn get(&self) -> Result<Token, RpcError> {
        let came = Instant::now();
        let mut kept = self.kept.lock().await;
        if let Some((token, renewed)) = &kept.token
            && Instant::now() < *renewed
        {
            return Ok(token.clone());
        }
        if let Some((when, error)) = &kept.failed
            && *when > came
        {
            return Err(error.clone());
        }
        kept.token = None;
        let asked = Instant::now();
        match self.new_token(kept.number + 1).await {
            Ok((token, lifetime)) => {
                let good = lifetime.min(LONGEST).saturating_sub(BEFORE_ITS_END);
                let renewed = asked + good;
                kept.number = token.number;
                kept.failed = None;
                kept.token = Some((token.clone(), renewed));
                Ok(token)
            }
            Err(error) => {
                kept.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Forgets a token that the platform does not take, unless there is a newer one already.
    pub async fn refuse(&self, token: &Token) {
        let mut kept = self.kept.lock().await;
        if kept.number == token.number {
            kept.token = None;
        }
    }

    /// What the platform said, without any secret.
    pub fn clean(&self, text: &str) -> String {
        self.redactor.whole(text)
    }

    /// Asks for a token, and says how long it lives.
    async fn new_token(&self, number: u64) -> Result<(Token, Duration), RpcError> {
        let given = self.request.send().await?;
        self.redactor.learn(&given.token);
        let text = given.header.expose_secret();
        let header = text
            .is_ascii()
            .then(|| AsciiMetadataValue::try_from(text).ok());
        let header = header.flatten();
        let Some(mut header) = header else {
            let message = "the token that the platform gave cannot stand in a header";
            return Err(RpcError::new(Code::Unknown, message));
        };
        header.set_sensitive(true);
        Ok((Token { header, number }, given.lifetime))
    }
}

impl Token {
    /// Puts it on a call.
    pub fn put_on<T>(&self, request: &mut Request<T>) {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.header.clone());
    }
}

/// The time as the platform has it: that of this machine, put right where that is wrong.
#[derive(Debug, Clone)]
pub(super) struct SharedClock {
    own: Arc<dyn Clock>,
    /// By how many seconds the platform is ahead.
    ahead: Arc<AtomicI64>,
}

impl SharedClock {
    fn new(own: Arc<dyn Clock>) -> Self {
        Self {
            own,
            ahead: Arc::default(),
        }
    }

    /// The time.
    pub fn now(&self) -> SystemTime {
        let own = self.own.now();
        let ahead = self.ahead.load(Ordering::Relaxed);
        let by = Duration::from_secs(ahead.unsigned_abs());
        let right = match ahead < 0 {
            true => own.checked_sub(by),
            false => own.checked_add(by),
        };
        right.unwrap_or(own)
    }

    /// By how many seconds a platform is ahead of this machine where it is `there` now.
    pub fn ahead(&self, there: SystemTime) -> i64 {
        let seconds = |length: Duration| i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
        match there.duration_since(self.own.now()) {
            Ok(ahead) => seconds(ahead),
            Err(behind) => -seconds(behind.duration()),
        }
    }

    /// By how many seconds it is put right.
    pub fn put_right_by(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    /// Puts it right.
    pub fn put_right(&self, ahead: i64) {
        self.ahead.store(ahead, Ordering::Relaxed);
    }
}
