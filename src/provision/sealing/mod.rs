//! A secret → the same, encrypted to the keys of those who may read it.
//!
//! Names, layouts and key ids are those of the protocol, so that a platform reads what comes out.
//! A provider is a file: `age_key` for age recipients, `jwk` for JSON Web Keys, with
//! `jwe` for those on elliptic curves. `private_key` reads the key of a client secret.

mod age_key;
mod handed_over;
mod jwe;
mod jwk;
mod private_key;
#[cfg(test)]
mod tests;

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

pub use handed_over::ClientSecret;
pub(crate) use jwk::Jwk;
pub(crate) use private_key::PrivateKey;

use super::ask::AskError;

/// Somebody's public key.
#[derive(Debug, Clone)]
pub struct Recipient(Key);

#[derive(Debug, Clone)]
enum Key {
    Age(age_key::AgeKey),
    Jwk(jwk::Jwk),
}

/// An encrypted secret, as the protocol hands it over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// How it is encrypted.
    pub provider: String,
    /// The key, as older platforms look for it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key_id: String,
    /// The keys that open it.
    pub key_ids: Vec<String>,
    /// What it is: `password`.
    pub name: String,
    /// A sentence about it.
    pub description: String,
    /// How what is inside is laid out; empty for text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub schema: String,
    /// The encrypted bytes, as base64.
    #[serde(with = "as_base64")]
    pub encrypted_bytes: Vec<u8>,
}

/// A secret and what it is.
#[derive(Debug)]
pub(super) struct Plain<'s> {
    pub name: &'static str,
    pub description: &'static str,
    pub secret: &'s SecretString,
}

impl Recipient {
    /// Reads a public key: an age recipient (`age1…`) or a JSON Web Key. `provider` is the name of
    /// one of the ways to encrypt, where somebody gave one; else the key tells.
    pub fn parse(provider: Option<&str>, key: &str) -> Result<Self, AskError> {
        let key = key.trim();
        let provider = provider.map(|name| name.trim().to_lowercase());
        let key = match provider.as_deref() {
            Some(age_key::PROVIDER) => age_key::AgeKey::parse(key).map(Key::Age),
            Some(jwk::PROVIDER) => jwk::Jwk::parse(key).map(Key::Jwk),
            Some(name) => {
                let known = [age_key::PROVIDER, jwk::PROVIDER];
                return Err(AskError::unknown("way to encrypt", name, known.into_iter()));
            }
            None if key.starts_with('{') => jwk::Jwk::parse(key).map(Key::Jwk),
            None => age_key::AgeKey::parse(key).map(Key::Age),
        };
        key.map(Self).map_err(|reason| {
            AskError::Argument(format!("a recipient's key cannot be used: {reason}"))
        })
    }

    /// The id of the key: who opens what is encrypted knows their key by it.
    pub fn key_id(&self) -> String {
        match &self.0 {
            Key::Age(key) => key.id(),
            Key::Jwk(key) => key.thumbprint(),
        }
    }

    /// A password, encrypted so that this recipient sets it and nobody else reads it.
    pub fn seal_password(&self, password: &SecretString) -> io::Result<Sealed> {
        self.seal(&Plain {
            name: "password",
            description: "",
            secret: password,
        })
    }

    fn seal(&self, plain: &Plain<'_>) -> io::Result<Sealed> {
        let secret = plain.secret.expose_secret().as_bytes();
        let key_id = self.key_id();
        let (provider, old_key_id, encrypted_bytes) = match &self.0 {
            Key::Age(key) => (age_key::PROVIDER, String::new(), key.seal(secret)?),
            Key::Jwk(key) => {
                let text = STANDARD.encode(key.seal(secret)?);
                (jwk::PROVIDER, key_id.clone(), text.into_bytes())
            }
        };
        Ok(Sealed {
            provider: provider.to_owned(),
            key_id: old_key_id,
            key_ids: vec![key_id],
            name: plain.name.to_owned(),
            description: plain.description.to_owned(),
            schema: String::new(),
            encrypted_bytes,
        })
    }
}

/// Encrypts a secret to everybody who may read it, or to nobody.
pub(super) fn seal(recipients: &[Recipient], plain: &Plain<'_>) -> io::Result<Vec<Sealed>> {
    recipients
        .iter()
        .map(|recipient| recipient.seal(plain))
        .collect()
}

/// Bytes as base64, which JSON has no other way for.
mod as_base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map_err(de::Error::custom)
    }
}
