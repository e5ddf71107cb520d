//! A password that a platform chose, encrypted → the password.

use age::ssh::Identity;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use super::Sealed;
use super::jwk::{self, ssh_part};
use super::private_key::PrivateKey;
use crate::provision::AskError;

/// The name under which platforms ask for a private key.
const PRIVATE: &str = "baton/jwk/v1/private";

/// The key of a connector, which platforms encrypt to.
pub struct ClientSecret {
    identity: Identity,
    thumbprint: String,
    /// What the key calls itself, where it does.
    kid: Option<String>,
}

impl ClientSecret {
    /// Reads a client secret: four parts with colons between them, of which the third is `v1` and
    /// the fourth a private Ed25519 key.
    pub fn parse(secret: &SecretString) -> Result<Self, AskError> {
        let read = PrivateKey::read(secret).and_then(Self::of);
        read.map_err(|reason| {
            AskError::Argument(format!("the client secret cannot be used: {reason}"))
        })
    }

    fn of(key: PrivateKey) -> Result<Self, String> {
        let public = key
            .public
            .ed25519()
            .ok_or("its key is not one of Ed25519")?;
        let file = ssh_private_key(public, key.private.expose_secret());
        match Identity::from_buffer(file.as_bytes(), None) {
            Ok(identity @ Identity::Unencrypted(_)) => Ok(Self {
                identity,
                thumbprint: key.public.thumbprint(),
                kid: key.kid,
            }),
            _ => Err("its key is not complete".to_owned()),
        }
    }

    /// The name of the key: its own, or its thumbprint.
    pub fn key_id(&self) -> &str {
        self.kid.as_ref().unwrap_or(&self.thumbprint)
    }

    /// The password among several, encrypted to several: the first that is for this key.
    pub fn open(&self, handed_over: &[Sealed]) -> Result<SecretString, AskError> {
        let for_us = |sealed: &&Sealed| {
            let mut ids = sealed.key_ids.iter().chain([&sealed.key_id]);
            ids.any(|id| *id == self.thumbprint || id == self.key_id())
        };
        let mut for_us = handed_over.iter().filter(for_us).peekable();
        if for_us.peek().is_none() {
            return Err(AskError::Argument(
                "none of the encrypted passwords is for the key of this client".to_owned(),
            ));
        }
        let mut problem = String::new();
        for sealed in for_us {
            match self.decrypt(sealed) {
                Ok(password) => return Ok(password),
                Err(reason) => problem = reason,
            }
        }
        Err(AskError::Argument(format!(
            "the encrypted password cannot be decrypted: {problem}"
        )))
    }

    fn decrypt(&self, sealed: &Sealed) -> Result<SecretString, String> {
        let provider = sealed.provider.trim().to_lowercase();
        if !["", jwk::PROVIDER, PRIVATE].contains(&provider.as_str()) {
            return Err(format!(
                "`{provider}` is not how it is encrypted to this key"
            ));
        }
        let file = STANDARD
            .decode(sealed.encrypted_bytes.trim_ascii())
            .map_err(|_| "it is not base64")?;
        let plain = age::decrypt(&self.identity, &file).map_err(|error| error.to_string())?;
        match String::from_utf8(plain) {
            Ok(text) if text.is_empty() => Err("it is empty".to_owned()),
            Ok(text) => Ok(SecretString::from(text)),
            Err(_) => Err("it is not text".to_owned()),
        }
    }
}

/// A private Ed25519 key as OpenSSH writes it to a file, without a passphrase.
fn ssh_private_key(public: &[u8], private: &[u8]) -> String {
    const KIND: &[u8] = b"ssh-ed25519";
    let public_part = [ssh_part(KIND), ssh_part(public)].concat();
    let mut private_part = [
        // Twice the same number: whoever decrypts it sees that they did.
        vec![0; 8],
        public_part.clone(),
        ssh_part(&[private, public].concat()),
        ssh_part(b""),
    ]
    .concat();
    let padding = (8 - private_part.len() % 8) % 8;
    private_part.extend(&[1, 2, 3, 4, 5, 6, 7][..padding]);
    let key = [
        b"openssh-key-v1\0".to_vec(),
        ssh_part(b"none"),
        ssh_part(b"none"),
        ssh_part(b""),
        1_u32.to_be_bytes().to_vec(),
        ssh_part(&public_part),
        ssh_part(&private_part),
    ]
    .concat();
    let text = STANDARD.encode(key);
    let lines = text.as_bytes().chunks(70).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    format!(
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClientSecret({})", self.thumbprint)
    }
}
