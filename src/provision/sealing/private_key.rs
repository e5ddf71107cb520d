//! A client secret → the private key in it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};

use super::jwk::{Jwk, Members, member};

/// The private Ed25519 key of a client secret.
pub(crate) struct PrivateKey {
    /// The key as it stands in the secret: a JSON Web Key.
    pub jwk: SecretString,
    /// Its public part.
    pub public: Jwk,
    /// Its private part.
    pub private: SecretSlice<u8>,
    /// What the key calls itself, where it does.
    pub kid: Option<String>,
}

impl PrivateKey {
    /// Reads a client secret: four parts with colons between them, of which the third is `v1` and
    /// the fourth a private Ed25519 key. Fails with what is wrong with it, without repeating any
    /// of it.
    pub fn read(secret: &SecretString) -> Result<Self, String> {
        let parts: Vec<&str> = secret.expose_secret().trim().splitn(4, ':').collect();
        let [_, _, version, key] = parts.as_slice() else {
            return Err("it has not four parts with colons between them".to_owned());
        };
        if *version != "v1" {
            return Err("its third part is not `v1`".to_owned());
        }
        let key = URL_SAFE_NO_PAD
            .decode(key)
            .map_err(|_| "its fourth part is not base64url without padding")?;
        let key = String::from_utf8(key).map_err(|_| NO_KEY)?;
        let members: Members = serde_json::from_str(&key).map_err(|_| NO_KEY)?;
        if members.kty != "OKP" || members.crv.as_deref() != Some("Ed25519") {
            return Err("its key is not one of Ed25519".to_owned());
        }
        let private =
            member("d", members.d.as_ref()).map_err(|_| "its key is not a private one")?;
        Ok(Self {
            public: Jwk::of(&members)?,
            jwk: SecretString::from(key),
            private: SecretSlice::from(private),
            kid: members.kid.filter(|kid| !kid.is_empty()),
        })
    }
}

const NO_KEY: &str = "its fourth part holds no JSON Web Key";
