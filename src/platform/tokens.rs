//! Access tokens, in memory: whoever restarts the platform makes every connector ask for a new one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

/// What was handed out and what was seen.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    /// By digest: a token is nowhere but with its connector.
    tokens: HashMap<[u8; 32], Token>,
    /// Nonces of assertions, and when each assertion stops being good.
    nonces: HashMap<(String, String), SystemTime>,
}

struct Token {
    client: String,
    expires: SystemTime,
}

impl Tokens {
    /// Keeps the nonce of an assertion until the assertion is no good. Returns false when it was there
    /// already: somebody sends an assertion a second time.
    pub fn first_seen(
        &self,
        client: &str,
        nonce: &str,
        expires: SystemTime,
        now: SystemTime,
    ) -> bool {
        let mut memory = self.memory();
        memory.nonces.retain(|_, expires| *expires > now);
        let key = (client.to_owned(), nonce.to_owned());
        memory.nonces.insert(key, expires).is_none()
    }

    /// A new token.
    pub fn issue(&self, client: &str, good_for: Duration, now: SystemTime) -> SecretString {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the operating system has random numbers");
        let text = URL_SAFE_NO_PAD.encode(bytes);
        let mut memory = self.memory();
        memory.tokens.retain(|_, token| token.expires > now);
        let token = Token {
            client: client.to_owned(),
            expires: now + good_for,
        };
        memory.tokens.insert(digest(&text), token);
        SecretString::from(text)
    }

    /// Whose token it is, if it is a good one.
    pub fn client(&self, token: &str, now: SystemTime) -> Option<String> {
        let memory = self.memory();
        let found = memory.tokens.get(&digest(token))?;
        (found.expires > now).then(|| found.client.clone())
    }

    /// Takes back all tokens.
    pub fn forget(&self) {
        self.memory().tokens.clear();
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_token_is_good_until_it_expires_or_is_taken_back() {
        let tokens = Tokens::default();
        let now = SystemTime::UNIX_EPOCH;
        let token = tokens.issue("acme", HOUR, now);
        let whose = |at| tokens.client(token.expose_secret(), at);
        assert_eq!(whose(now).as_deref(), Some("acme"));
        assert_eq!(whose(now + HOUR), None);
        assert_eq!(tokens.client("", now), None);
        tokens.forget();
        assert_eq!(whose(now), None);
    }

    #[test]
    fn a_nonce_is_new_once_as_long_as_its_assertion_is_good() {
        let tokens = Tokens::default();
        let now = SystemTime::UNIX_EPOCH;
        let seen = |client, at| tokens.first_seen(client, "n", now + HOUR, at);
        assert!(seen("acme", now));
        assert!(!seen("acme", now));
        assert!(seen("other", now));
        assert!(seen("acme", now + HOUR));
    }
}
