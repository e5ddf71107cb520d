//! The key pair of a client: its secret has the private part, and platforms keep the public one.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value as Json, json};

use crate::provision::PrivateKey;
use crate::source::http::{Algorithm, SigningKey};

/// The Ed25519 key pair of a client secret.
pub struct ClientKey {
    key: SigningKey,
    public: [u8; 32],
    kid: Option<String>,
    thumbprint: String,
}

/// Why a text is no client secret. It says nothing of what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the client secret cannot be used: {0}")]
pub struct ClientSecretError(String);

impl ClientKey {
    /// Reads a client secret: `secret-token:HOST:v1:` and a private key.
    pub fn parse(secret: &SecretString) -> Result<Self, ClientSecretError> {
        PrivateKey::read(secret)
            .and_then(Self::of)
            .map_err(ClientSecretError)
    }

    /// A new pair, and the client secret that holds it, for a client of the platform at `host`.
    pub fn generate(host: &str) -> (Self, SecretString) {
        let mut private = [0; 32];
        getrandom::fill(&mut private).expect("the operating system has random numbers");
        let pair = Ed25519KeyPair::from_seed_unchecked(&private).expect("32 bytes are a key");
        let text = URL_SAFE_NO_PAD;
        let jwk = json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": text.encode(pair.public_key()),
            "d": text.encode(private),
        });
        // Colons stand between the parts of a secret.
        let host = host.replace(':', "_");
        let secret = format!("secret-token:{host}:v1:{}", text.encode(jwk.to_string()));
        let secret = SecretString::from(secret);
        let key = Self::parse(&secret).expect("it was just made");
        (key, secret)
    }

    /// The public part, as a JSON Web Key.
    pub fn public_jwk(&self) -> String {
        let mut jwk = json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": URL_SAFE_NO_PAD.encode(self.public),
        });
        if let Some(kid) = &self.kid {
            jwk["kid"] = kid.as_str().into();
        }
        jwk.to_string()
    }

    /// The claims as a signed token (JWS, compact), with `header` besides what the key says.
    pub(super) fn sign(&self, mut header: Json, claims: &Json) -> String {
        header["alg"] = "EdDSA".into();
        if let Some(kid) = &self.kid {
            header["kid"] = kid.as_str().into();
        }
        let signed = self.key.signed(&header, claims);
        signed.expect("a key of Ed25519 signs everything")
    }

    fn of(key: PrivateKey) -> Result<Self, String> {
        let public = key
            .public
            .ed25519()
            .ok_or("its key is not one of Ed25519")?;
        let signing = SigningKey::read(key.jwk.expose_secret(), Some(Algorithm::EdDsa), None);
        Ok(Self {
            public: *public,
            key: signing.map_err(|_| "the two parts of its key do not fit each other")?,
            kid: key.kid,
            thumbprint: key.public.thumbprint(),
        })
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientKey({})", self.thumbprint)
    }
}
