//! Tokens bound to a key (RFC 9449, DPoP): each request proves that it has the key, so that a token
//! that was stolen is worth nothing.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use url::Url;

use super::oauth2::seconds;
use super::{Ask, Carrier, FetchToken, Kept};
use crate::source::SourceError;
use crate::source::http::answer::received::Answer;
use crate::source::http::auth::{Authenticate, Refusal, secret_header};
use crate::source::http::request::parts::RequestParts;

const PROOF: HeaderName = HeaderName::from_static("dpop");

/// How tokens are sent that are bound to a key.
const SCHEME: &str = "DPoP ";

/// How often one request is repeated because the API wants another nonce in its proof.
const MOST_NONCES: u32 = 2;

/// A key that is made for the run, and what its proofs have to repeat.
#[derive(Default)]
pub struct Prover {
    key: OnceLock<Key>,
    endpoint: Nonce,
    api: Nonce,
}

/// What a server wants to read in the next proof.
#[derive(Default)]
struct Nonce(Mutex<Option<String>>);

struct Key {
    pair: EcdsaKeyPair,
    /// Its public part, as proofs have it.
    public: Json,
}

impl std::fmt::Debug for Prover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prover")
    }
}

impl Prover {
    /// Asks the token endpoint, and once more where it wants its nonce in the proof. `asking` makes
    /// the request, which may prove something that is good only once.
    pub async fn ask(
        &self,
        asking: impl Fn() -> Result<RequestParts, SourceError> + Send + Sync,
        via: &dyn Ask,
    ) -> Result<Answer, SourceError> {
        let mut repeated = false;
        loop {
            let mut request = asking()?;
            self.prove(&mut request, &self.endpoint, None, via)?;
            match via.attempt(request).await {
                Ok(answer) => {
                    self.endpoint.take(&answer.headers);
                    return Ok(answer);
                }
                Err(refused) if !repeated && self.endpoint.take(&refused.headers) => {
                    repeated = true;
                }
                Err(refused) => return Err(refused.error),
            }
        }
    }

    fn prove(
        &self,
        request: &mut RequestParts,
        nonce: &Nonce,
        token: Option<&str>,
        via: &dyn Ask,
    ) -> Result<(), SourceError> {
        let mut claims = json!({
            "htm": request.method.as_str(),
            "htu": target(&request.url),
            "iat": seconds(via.now()),
            "jti": via.nonce()?,
        });
        if let Some(nonce) = nonce.known() {
            claims["nonce"] = nonce.into();
        }
        if let Some(token) = token {
            let hash = digest(&SHA256, token.as_bytes());
            claims["ath"] = URL_SAFE_NO_PAD.encode(hash).into();
        }
        let proof = self.key()?.signed(&claims)?;
        let proof = secret_header(&proof, "auth.dpop")?;
        request.headers.insert(PROOF, proof);
        Ok(())
    }

    fn key(&self) -> Result<&Key, SourceError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let made = Key::make()?;
        Ok(self.key.get_or_init(|| made))
    }
}

/// The URL as a proof names it: without its query.
fn target(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

impl Nonce {
    fn known(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Remembers the nonce of an answer; false when it has none.
    fn take(&self, headers: &HeaderMap) -> bool {
        let given = headers.get("dpop-nonce");
        let Some(given) = given.and_then(|given| given.to_str().ok()) else {
            return false;
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(given.to_owned());
        true
    }
}

impl Key {
    fn make() -> Result<Self, SourceError> {
        let chance = SystemRandom::new();
        let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let made = EcdsaKeyPair::generate_pkcs8(curve, &chance).ok();
        let pair = made
            .and_then(|made| EcdsaKeyPair::from_pkcs8(curve, made.as_ref(), &chance).ok())
            .ok_or_else(|| {
                SourceError::Invalid("this machine gives no random numbers for a key".to_owned())
            })?;
        // A point without compression: 4, then both coordinates.
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let public = json!({
            "kty": "EC",
            "crv": "P-256",
            "x": URL_SAFE_NO_PAD.encode(x),
            "y": URL_SAFE_NO_PAD.encode(y),
        });
        Ok(Self { pair, public })
    }

    fn signed(&self, claims: &Json) -> Result<String, SourceError> {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.public });
        let encode = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
        let said = format!("{}.{}", encode(&header), encode(claims));
        let signature = self.pair.sign(&SystemRandom::new(), said.as_bytes());
        let signature = signature.map_err(|_| {
            SourceError::Invalid("this machine gives no random numbers for a signature".to_owned())
        })?;
        Ok(format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Sends a token with a proof beside it.
#[derive(Debug)]
pub(in crate::source::http) struct Bound<F> {
    kept: Kept<F>,
    prover: Arc<Prover>,
}

impl<F: FetchToken> Bound<F> {
    /// Sends the tokens of `kept`, which were asked for with the same prover.
    pub fn new(kept: Kept<F>, prover: Arc<Prover>) -> Self {
        let kept = kept.carried(Carrier {
            prefix: SCHEME.to_owned(),
            ..Carrier::default()
        });
        Self { kept, prover }
    }
}

#[async_trait]
impl<F: FetchToken> Authenticate for Bound<F> {
    async fn authenticate(
        &self,
        request: &mut RequestParts,
        via: &dyn Ask,
    ) -> Result<(), SourceError> {
        self.kept.authenticate(request, via).await?;
        let header = request.headers.get(AUTHORIZATION).cloned();
        let header = header.as_ref().and_then(|header| header.to_str().ok());
        let token = header.and_then(|header| header.strip_prefix(SCHEME));
        self.prover.prove(request, &self.prover.api, token, via)
    }

    async fn refused(&self, refusal: &Refusal<'_>) -> bool {
        let wants_nonce =
            refusal.status == StatusCode::UNAUTHORIZED && refusal.says("use_dpop_nonce");
        if wants_nonce && self.prover.api.take(refusal.headers) {
            return refusal.renewals < MOST_NONCES;
        }
        self.kept.refused(refusal).await
    }

    async fn base(&self, via: &dyn Ask) -> Result<Option<Url>, SourceError> {
        self.kept.base(via).await
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.kept.secrets()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    fn read(part: &str) -> Json {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    #[test]
    fn a_proof_is_signed_by_the_key_that_it_shows() {
        let key = Key::make().expect("a key");
        let proof = key.signed(&json!({ "htm": "GET" })).expect("signs");
        let (said, signature) = proof.rsplit_once('.').expect("three parts");
        let (header, claims) = said.split_once('.').expect("three parts");
        assert_eq!(read(claims), json!({ "htm": "GET" }));
        let header = read(header);
        assert_eq!(
            (&header["typ"], &header["alg"]),
            (&json!("dpop+jwt"), &json!("ES256"))
        );
        let jwk = header["jwk"].as_object().expect("a key");
        assert_eq!(
            jwk.keys().collect::<Vec<_>>(),
            ["kty", "crv", "x", "y"],
            "nothing of its private part"
        );
        let part = |name: &str| {
            let text = jwk[name].as_str().expect("text");
            URL_SAFE_NO_PAD.decode(text).expect("base64")
        };
        let public = [vec![4], part("x"), part("y")].concat();
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public)
            .verify(said.as_bytes(), &signature)
            .expect("it is");
    }

    #[test]
    fn a_proof_names_its_target_without_the_query() {
        let url = Url::parse("https://api.acme.test/users?limit=2#top").expect("a URL");
        assert_eq!(target(&url), "https://api.acme.test/users");
    }
}
