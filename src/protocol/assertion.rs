//! What a client proves with that it has its key: claims → a signed token, and back.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, UnparsedPublicKey};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{ClientId, ClientKey};
use crate::hex::hex;
use crate::provision::Jwk;

/// How long before and after the moment it is made an assertion is good.
const GOOD_FOR: Duration = Duration::from_secs(120);

/// The longest that an assertion may be good in all: a platform has to remember its nonce as long.
const LONGEST: Duration = Duration::from_secs(600);

/// An assertion that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// A text that no other assertion has; empty where a client gave none.
    pub nonce: String,
    /// When it stops being good.
    pub expires: SystemTime,
}

/// Why an assertion is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// It cannot be read.
    #[error("the assertion is no signed token: {0}")]
    Malformed(&'static str),
    /// The key that it should be verified with is none.
    #[error("the public key of the client is not one of Ed25519")]
    Key,
    /// Somebody else signed it, or it was changed.
    #[error("the assertion is not signed by the key of this client")]
    Signature,
    /// A claim says something else than it must.
    #[error("the claim `{claim}` of the assertion is not {expected}")]
    Claim {
        /// Its name.
        claim: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// The moment is outside the time for which it is good.
    #[error("the assertion is good {}: one of the clocks is wrong by that or more", off(.by, *.early))]
    Time {
        /// How far it is from being good.
        by: Duration,
        /// Whether its time is still to come.
        early: bool,
    },
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    nonce: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    nbf: i64,
    exp: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Assertion {
    /// What proves that a client has its key, for two minutes from `now`.
    pub fn sign(client: &ClientId, key: &ClientKey, now: SystemTime) -> SecretString {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).expect("the operating system has random numbers");
        let now = seconds(now);
        let good_for = GOOD_FOR.as_secs() as i64;
        let claims = json!({
            "iss": client.as_str(),
            "sub": client.as_str(),
            "aud": [client.host()],
            "iat": now,
            "nbf": now - good_for,
            "exp": now + good_for,
        });
        SecretString::from(key.sign(json!({ "nonce": hex(&nonce) }), &claims))
    }

    /// Checks that the client whose public key is `jwk` made an assertion for this platform, and
    /// that it is good at `now`, give or take `leeway`.
    ///
    /// Whether its nonce was seen before, the platform has to know.
    pub fn verify(
        text: &str,
        client: &ClientId,
        jwk: &str,
        now: SystemTime,
        leeway: Duration,
    ) -> Result<Self, AssertionError> {
        let (header, claims) = signed_by(text, jwk)?;
        for (claim, value) in [("iss", &claims.iss), ("sub", &claims.sub)] {
            if value != client.as_str() {
                let expected = "the client id";
                return Err(AssertionError::Claim { claim, expected });
            }
        }
        let audience = match &claims.aud {
            Audience::One(one) => std::slice::from_ref(one),
            Audience::Several(several) => several,
        };
        if !audience.iter().any(|one| one == client.host()) {
            let (claim, expected) = ("aud", "the host of this platform");
            return Err(AssertionError::Claim { claim, expected });
        }
        let life = claims.exp.saturating_sub(claims.nbf);
        if life > LONGEST.as_secs() as i64 {
            let (claim, expected) = ("exp", "within ten minutes of `nbf`");
            return Err(AssertionError::Claim { claim, expected });
        }
        in_time(&claims, seconds(now), leeway)?;
        let expires = Duration::from_secs(claims.exp.max(0).unsigned_abs());
        Ok(Self {
            nonce: header.nonce,
            expires: SystemTime::UNIX_EPOCH + expires,
        })
    }
}

/// Takes a token apart, and checks who signed it before anything else is believed.
fn signed_by(text: &str, jwk: &str) -> Result<(Header, Claims), AssertionError> {
    let parts: Vec<&str> = text.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        let problem = "it has not three parts with dots between them";
        return Err(AssertionError::Malformed(problem));
    };
    let read: Header = part(header, "its header is no JSON with an `alg`")?;
    if read.alg != "EdDSA" {
        return Err(AssertionError::Malformed("its `alg` is not `EdDSA`"));
    }
    let key = Jwk::parse(jwk).map_err(|_| AssertionError::Key)?;
    let key = key.ed25519().ok_or(AssertionError::Key)?;
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| AssertionError::Malformed("its signature is not base64url"))?;
    let said = format!("{header}.{claims}");
    UnparsedPublicKey::new(&ED25519, key)
        .verify(said.as_bytes(), &signature)
        .map_err(|_| AssertionError::Signature)?;
    let problem = "its claims are no JSON with `iss`, `sub`, `aud`, `nbf` and `exp`";
    Ok((read, part(claims, problem)?))
}

fn part<T: DeserializeOwned>(text: &str, problem: &'static str) -> Result<T, AssertionError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let read = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.ok_or(AssertionError::Malformed(problem))
}

fn in_time(claims: &Claims, now: i64, leeway: Duration) -> Result<(), AssertionError> {
    let leeway = i64::try_from(leeway.as_secs()).unwrap_or(i64::MAX);
    let length = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
    let early = claims.nbf.saturating_sub(now);
    if early > leeway {
        return Err(AssertionError::Time {
            by: length(early),
            early: true,
        });
    }
    let late = now.saturating_sub(claims.exp);
    if late >= leeway.max(1) {
        return Err(AssertionError::Time {
            by: length(late),
            early: false,
        });
    }
    Ok(())
}

/// Seconds since 1970; 0 before.
fn seconds(moment: SystemTime) -> i64 {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

fn off(by: &Duration, early: bool) -> String {
    let seconds = by.as_secs();
    match early {
        true => format!("only in {seconds} seconds"),
        false => format!("no more since {seconds} seconds"),
    }
}
