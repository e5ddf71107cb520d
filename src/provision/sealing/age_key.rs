//! `baton/age/v1`: a recipient of age (`age1…`) → an age file.

use std::io;

use age::x25519::Recipient;
use sha2::{Digest as _, Sha256};

use crate::hex::hex;

/// The name of this way to encrypt.
pub(super) const PROVIDER: &str = "baton/age/v1";

/// A recipient of age.
#[derive(Clone)]
pub(super) struct AgeKey {
    recipient: Recipient,
    text: String,
}

impl AgeKey {
    /// Reads a recipient. Fails with what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.to_uppercase().starts_with("AGE-SECRET-KEY-") {
            return Err("this is a private key; give the recipient, `age1…`".to_owned());
        }
        let recipient: Recipient = text
            .parse()
            .map_err(|_| "it is no age recipient (`age1…`) of X25519, and no JSON Web Key")?;
        // The id of the key is a hash of its text, so there has to be one text only.
        match recipient.to_string() == text {
            true => Ok(Self {
                recipient,
                text: text.to_owned(),
            }),
            false => Err("the age recipient is not written as age writes it".to_owned()),
        }
    }

    /// The id of the key.
    pub fn id(&self) -> String {
        hex(&Sha256::digest(&self.text))
    }

    /// An age file.
    pub fn seal(&self, secret: &[u8]) -> io::Result<Vec<u8>> {
        age::encrypt(&self.recipient, secret).map_err(io::Error::other)
    }
}

impl std::fmt::Debug for AgeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AgeKey({})", self.text)
    }
}
