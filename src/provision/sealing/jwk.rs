//! `baton/jwk/v1`: a JSON Web Key → an age file for it as an SSH key, or a JWE.

use std::io;

use age::ssh::{ParseRecipientKeyError, Recipient};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::jwe::{self, CurvePoint};
use crate::hex::hex;

/// The name of this way to encrypt.
pub(super) const PROVIDER: &str = "baton/jwk/v1";

/// A public JSON Web Key.
#[derive(Debug, Clone)]
pub(crate) struct Jwk {
    key: PublicKey,
    seals: Seals,
}

/// How something is encrypted to a key.
#[derive(Clone)]
enum Seals {
    Age(Recipient),
    Jwe,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PublicKey {
    Ed25519([u8; 32]),
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Curve(CurvePoint),
}

/// The members of a key that matter here.
#[derive(Deserialize)]
pub(super) struct Members {
    pub kty: String,
    pub crv: Option<String>,
    pub x: Option<String>,
    pub y: Option<String>,
    pub n: Option<String>,
    pub e: Option<String>,
    /// Of private keys.
    pub d: Option<String>,
    pub kid: Option<String>,
}

impl Jwk {
    /// Reads a public key. Fails with what is wrong with it, without repeating any of it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let members: Members = serde_json::from_str(text)
            .map_err(|_| "it is no JSON Web Key: an object with `kty` and what belongs to it")?;
        if members.d.is_some() {
            return Err("this is a private key; give its public part".to_owned());
        }
        Self::of(&members)
    }

    /// The public part of a key.
    pub(super) fn of(members: &Members) -> Result<Self, String> {
        let key = match (members.kty.as_str(), members.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => PublicKey::Ed25519(
                member("x", members.x.as_ref())?
                    .try_into()
                    .map_err(|_| "`x` of a key on Ed25519 has 32 bytes")?,
            ),
            ("RSA", _) => PublicKey::Rsa {
                modulus: member("n", members.n.as_ref())?,
                exponent: member("e", members.e.as_ref())?,
            },
            ("EC", Some(curve)) => {
                let x = member("x", members.x.as_ref())?;
                let y = member("y", members.y.as_ref())?;
                PublicKey::Curve(CurvePoint::new(curve, x, y)?)
            }
            (kty, crv) => {
                let crv = crv.map(|crv| format!(", `crv: {crv}`")).unwrap_or_default();
                return Err(format!(
                    "keys of `kty: {kty}`{crv} are not known; there are `OKP` with `Ed25519`, `RSA`, and `EC` with `P-256`, `P-384` or `P-521`"
                ));
            }
        };
        let seals = match &key {
            PublicKey::Curve(_) => Seals::Jwe,
            key => Seals::Age(ssh_recipient(&key.ssh())?),
        };
        Ok(Self { key, seals })
    }

    /// The bytes of a public Ed25519 key; `None` for one of another kind.
    pub fn ed25519(&self) -> Option<&[u8; 32]> {
        match &self.key {
            PublicKey::Ed25519(x) => Some(x),
            PublicKey::Rsa { .. } | PublicKey::Curve(_) => None,
        }
    }

    /// The thumbprint of the key (RFC 7638), in hexadecimal digits.
    pub fn thumbprint(&self) -> String {
        let text = URL_SAFE_NO_PAD;
        // The members of a kind of key that count, in the order of their names.
        let members = match &self.key {
            PublicKey::Ed25519(x) => {
                json!({"crv": "Ed25519", "kty": "OKP", "x": text.encode(x)})
            }
            PublicKey::Rsa { modulus, exponent } => {
                json!({"e": text.encode(exponent), "kty": "RSA", "n": text.encode(modulus)})
            }
            PublicKey::Curve(point) => json!({
                "crv": point.curve.name(),
                "kty": "EC",
                "x": text.encode(&point.x),
                "y": text.encode(&point.y),
            }),
        };
        hex(&Sha256::digest(members.to_string()))
    }

    /// An age file or a JWE.
    pub fn seal(&self, secret: &[u8]) -> io::Result<Vec<u8>> {
        match (&self.seals, &self.key) {
            (Seals::Age(recipient), _) => age::encrypt(recipient, secret).map_err(io::Error::other),
            (Seals::Jwe, PublicKey::Curve(point)) => Ok(jwe::seal(point, secret)?.into_bytes()),
            (Seals::Jwe, _) => unreachable!("only keys on curves are sealed to as JWE"),
        }
    }
}

impl PublicKey {
    /// The key as SSH writes it: its kind, a space, base64.
    fn ssh(&self) -> String {
        let (kind, parts) = match self {
            PublicKey::Ed25519(x) => ("ssh-ed25519", vec![x.to_vec()]),
            PublicKey::Rsa { modulus, exponent } => {
                ("ssh-rsa", vec![ssh_number(exponent), ssh_number(modulus)])
            }
            PublicKey::Curve(_) => ("", Vec::new()),
        };
        let mut wire = ssh_part(kind.as_bytes());
        parts.iter().for_each(|part| wire.extend(ssh_part(part)));
        format!("{kind} {}", STANDARD.encode(wire))
    }
}

fn ssh_recipient(text: &str) -> Result<Recipient, String> {
    text.parse().map_err(|error| match error {
        ParseRecipientKeyError::RsaModulusTooSmall => {
            "an RSA key of less than 2048 bits is too weak".to_owned()
        }
        ParseRecipientKeyError::RsaModulusTooLarge => "the RSA key is too large".to_owned(),
        _ => "it is no point of its curve, or no RSA key".to_owned(),
    })
}

/// A part of a key as SSH writes it: its length, then itself.
pub(super) fn ssh_part(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("a key is small");
    [&length.to_be_bytes(), bytes].concat()
}

/// A positive number as SSH writes it: no leading zeros, but one where the first bit is set.
fn ssh_number(bytes: &[u8]) -> Vec<u8> {
    let start = bytes
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(bytes.len());
    let digits = &bytes[start..];
    match digits.first() {
        Some(first) if first & 0x80 != 0 => [&[0], digits].concat(),
        _ => digits.to_vec(),
    }
}

/// The bytes of a member.
pub(super) fn member(name: &str, value: Option<&String>) -> Result<Vec<u8>, String> {
    let text = value.ok_or_else(|| format!("`{name}` is missing"))?;
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| format!("`{name}` is not base64url without padding"))?;
    match bytes.is_empty() {
        true => Err(format!("`{name}` is empty")),
        false => Ok(bytes),
    }
}

impl std::fmt::Debug for Seals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Seals::Age(_) => "Age",
            Seals::Jwe => "Jwe",
        })
    }
}
