//! Private keys: PEM or JWK text → something that signs JSON Web Tokens (RFC 7515).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};

use crate::config::CompileContext;
use crate::config::decode::closed_set;
use crate::config::scalar::{EnvText, SecretText};
use crate::diagnostic::Span;
use crate::source::SourceError;

closed_set! {
    /// How a token is signed.
    pub enum Algorithm {
        /// RSA with SHA-256.
        Rs256 = "RS256",
        /// RSA with SHA-384.
        Rs384 = "RS384",
        /// RSA with SHA-512.
        Rs512 = "RS512",
        /// RSA-PSS with SHA-256.
        Ps256 = "PS256",
        /// The elliptic curve P-256 with SHA-256.
        Es256 = "ES256",
        /// The elliptic curve P-384 with SHA-384.
        Es384 = "ES384",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}

impl Algorithm {
    fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// A private key, and how it signs.
pub struct SigningKey {
    pair: Pair,
    algorithm: Algorithm,
    id: Option<String>,
    /// Its text, so that no message repeats it.
    text: SecretString,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, {:?})", self.algorithm.word(), self.id)
    }
}

/// What a file says of a key.
pub struct KeyConfig<'c> {
    /// The auth kind, for messages, and where it stands.
    pub kind: &'static str,
    pub key: Option<&'c SecretText>,
    pub file: Option<&'c EnvText>,
    pub id: Option<&'c EnvText>,
    pub algorithm: Option<Algorithm>,
    /// Where a missing key is reported.
    pub span: Span,
}

impl KeyConfig<'_> {
    /// Reads the key. Every mistake is noted.
    pub fn compile(&self, cx: &mut CompileContext) -> Option<SigningKey> {
        let id = self.id.map(|id| cx.env(id));
        let (span, text) = match (self.key, self.file) {
            (Some(_), Some(file)) => {
                let message =
                    "`private_key` holds the key, and `private_key_file` names its file: keep one";
                return cx.error("conflicting-fields", file.0.span, message);
            }
            (Some(key), None) => (key.0.span, cx.secret(key)?.expose_secret().to_owned()),
            (None, Some(file)) => (file.0.span, secret_file(file, "private_key_file", cx)?),
            (None, None) => {
                let message = format!(
                    "auth kind `{}` needs `private_key` or `private_key_file` here",
                    self.kind
                );
                return cx.error("missing-field", self.span, message);
            }
        };
        let id = match id {
            Some(id) => Some(id?),
            None => None,
        };
        match SigningKey::read(&text, self.algorithm, id) {
            Ok(key) => Some(key),
            Err((problem, help)) => {
                cx.lacking("bad-key", span, problem, help);
                None
            }
        }
    }
}

/// The text of a file that holds a secret. A relative path starts at the folder of the connector
/// file, or else where the program runs.
pub fn secret_file(file: &EnvText, field: &str, cx: &mut CompileContext) -> Option<String> {
    let written = cx.env(file)?;
    let beside = cx.folder().join(&written);
    let path = match beside.exists() {
        true => beside,
        false => written.into(),
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            let shown = path.display();
            let message = match error.kind() {
                std::io::ErrorKind::NotFound => format!("`{field}`: there is no file {shown}"),
                std::io::ErrorKind::PermissionDenied => {
                    format!("`{field}`: {shown} may not be read")
                }
                _ => format!("`{field}`: {shown} cannot be read as text"),
            };
            let help = "a relative path starts at the folder of the connector file, or else where the program runs";
            cx.lacking("bad-key", file.0.span, message, help);
            None
        }
    }
}

const FORMS: &str = "write a private key in PEM form (`-----BEGIN PRIVATE KEY-----`) or as a JWK with its private parts";

type Problem = (String, &'static str);

impl SigningKey {
    /// Reads a key in PEM or JWK form. Without `algorithm`, the usual one of its kind is used.
    pub fn read(
        text: &str,
        algorithm: Option<Algorithm>,
        id: Option<String>,
    ) -> Result<Self, Problem> {
        let trimmed = text.trim();
        let (pair, own_id) = if trimmed.starts_with('{') {
            let jwk: Json = serde_json::from_str(trimmed)
                .map_err(|_| ("the key is no JSON".to_owned(), FORMS))?;
            let kid = jwk.get("kid").and_then(Json::as_str).map(str::to_owned);
            (from_jwk(&jwk)?, kid)
        } else {
            (from_pem(trimmed)?, None)
        };
        let (usual, fitting): (_, &[Algorithm]) = match pair {
            Pair::Rsa(_) => (
                Algorithm::Rs256,
                &[
                    Algorithm::Rs256,
                    Algorithm::Rs384,
                    Algorithm::Rs512,
                    Algorithm::Ps256,
                ],
            ),
            Pair::P256(_) => (Algorithm::Es256, &[Algorithm::Es256]),
            Pair::P384(_) => (Algorithm::Es384, &[Algorithm::Es384]),
            Pair::Ed25519(_) => (Algorithm::EdDsa, &[Algorithm::EdDsa]),
        };
        let algorithm = algorithm.unwrap_or(usual);
        if !fitting.contains(&algorithm) {
            let message = format!(
                "this key cannot sign with `{}`: it is one for `{}`",
                algorithm.word(),
                usual.word()
            );
            return Err((message, "leave `algorithm` out, or write the key that fits"));
        }
        Ok(Self {
            pair,
            algorithm,
            id: id.or(own_id),
            text: SecretString::from(trimmed.split_whitespace().collect::<Vec<_>>().join(" ")),
        })
    }

    /// The claims as a signed token.
    pub fn token(&self, claims: &Json) -> Result<String, SourceError> {
        let mut header = json!({ "alg": self.algorithm.word(), "typ": "JWT" });
        if let Some(id) = &self.id {
            header["kid"] = id.as_str().into();
        }
        self.signed(&header, claims)
    }

    /// The claims as a signed token whose header says so.
    pub fn signed(&self, header: &Json, claims: &Json) -> Result<String, SourceError> {
        let encode = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
        let said = format!("{}.{}", encode(header), encode(claims));
        let signature = self.sign(said.as_bytes()).ok_or_else(|| {
            SourceError::Invalid("the private key does not sign: it is damaged".to_owned())
        })?;
        Ok(format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, said: &[u8]) -> Option<Vec<u8>> {
        let chance = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let padding: &dyn RsaEncoding = match self.algorithm {
                    Algorithm::Rs384 => &RSA_PKCS1_SHA384,
                    Algorithm::Rs512 => &RSA_PKCS1_SHA512,
                    Algorithm::Ps256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &chance, said, &mut signature).ok()?;
                Some(signature)
            }
            Pair::P256(pair) | Pair::P384(pair) => {
                let signature = pair.sign(&chance, said).ok()?;
                Some(signature.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Some(pair.sign(said).as_ref().to_vec()),
        }
    }

    /// The key as a message may never repeat it.
    pub fn secret(&self) -> SecretString {
        self.text.clone()
    }
}

fn from_pem(text: &str) -> Result<Pair, Problem> {
    // Variables often hold a key in one line, with its line ends written out.
    let text = text.replace("\\n", "\n");
    if text.contains("ENCRYPTED") {
        let help = "unlock it: `openssl pkey -in locked.pem -out key.pem`, and let nobody else read that file";
        return Err(("the key is locked with a password".to_owned(), help));
    }
    let der = PrivateKeyDer::from_pem_slice(text.as_bytes());
    let der = der.map_err(|_| ("this is no private key".to_owned(), FORMS))?;
    let chance = SystemRandom::new();
    let curve = |algorithm: &'static EcdsaSigningAlgorithm, der: &[u8]| {
        EcdsaKeyPair::from_pkcs8(algorithm, der, &chance).ok()
    };
    let any = |der: &[u8]| {
        let rsa = || RsaKeyPair::from_pkcs8(der).ok().map(Pair::Rsa);
        let p256 = || curve(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Pair::P256);
        let p384 = || curve(&ECDSA_P384_SHA384_FIXED_SIGNING, der).map(Pair::P384);
        let ed25519 = Ed25519KeyPair::from_pkcs8_maybe_unchecked;
        rsa()
            .or_else(p256)
            .or_else(p384)
            .or_else(|| ed25519(der).ok().map(Pair::Ed25519))
    };
    let pair = match &der {
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der())
            .ok()
            .map(Pair::Rsa),
        PrivateKeyDer::Pkcs8(key) => any(key.secret_pkcs8_der()),
        PrivateKeyDer::Sec1(key) => [P256, P384]
            .iter()
            .find_map(|curve| any(&wrapped(key.secret_sec1_der(), curve))),
        _ => None,
    };
    pair.ok_or_else(|| {
        (
            "this is no key of RSA with 2048 bits or more, P-256, P-384 or Ed25519".to_owned(),
            FORMS,
        )
    })
}

/// What PKCS #8 says before a key of a curve: version 0, and the algorithm.
const P256: &[u8] = b"\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384: &[u8] =
    b"\x02\x01\x00\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";

/// A key in SEC 1 form as PKCS #8 has it.
fn wrapped(sec1: &[u8], curve: &[u8]) -> Vec<u8> {
    let element = |tag: u8, content: &[u8]| {
        let mut all = vec![tag];
        match content.len() {
            length @ 0..=127 => all.push(length as u8),
            length @ 128..=255 => all.extend([0x81, length as u8]),
            length => all.extend([0x82, (length >> 8) as u8, length as u8]),
        }
        all.extend_from_slice(content);
        all
    };
    element(0x30, &[curve, &element(0x04, sec1)].concat())
}

/// A JSON Web Key with its private parts (RFC 7517).
fn from_jwk(jwk: &Json) -> Result<Pair, Problem> {
    let part = |name: &str| -> Result<Vec<u8>, Problem> {
        let text = jwk.get(name).and_then(Json::as_str);
        let bytes = text.and_then(|text| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok());
        bytes.ok_or_else(|| (format!("the JWK has no `{name}`"), FORMS))
    };
    let word = |name: &str| jwk.get(name).and_then(Json::as_str).unwrap_or_default();
    let curve = |algorithm: &'static EcdsaSigningAlgorithm| -> Result<EcdsaKeyPair, Problem> {
        let public = [vec![4], part("x")?, part("y")?].concat();
        let key = EcdsaKeyPair::from_private_key_and_public_key(
            algorithm,
            &part("d")?,
            &public,
            &SystemRandom::new(),
        );
        key.map_err(|_| {
            (
                "the parts of the JWK do not fit each other".to_owned(),
                FORMS,
            )
        })
    };
    match (word("kty"), word("crv")) {
        ("RSA", _) => {
            let components = KeyPairComponents {
                public_key: PublicKeyComponents {
                    n: part("n")?,
                    e: part("e")?,
                },
                d: part("d")?,
                p: part("p")?,
                q: part("q")?,
                dP: part("dp")?,
                dQ: part("dq")?,
                qInv: part("qi")?,
            };
            let pair = RsaKeyPair::from_components(&components);
            pair.map(Pair::Rsa).map_err(|_| {
                let message = "the JWK is no RSA key of 2048 bits or more".to_owned();
                (message, FORMS)
            })
        }
        ("EC", "P-256") => curve(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::P256),
        ("EC", "P-384") => curve(&ECDSA_P384_SHA384_FIXED_SIGNING).map(Pair::P384),
        ("OKP", "Ed25519") => Ed25519KeyPair::from_seed_and_public_key(&part("d")?, &part("x")?)
            .map(Pair::Ed25519)
            .map_err(|_| {
                (
                    "the parts of the JWK do not fit each other".to_owned(),
                    FORMS,
                )
            }),
        _ => Err((
            "the JWK is no key of RSA, P-256, P-384 or Ed25519".to_owned(),
            FORMS,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, KeyPair as _,
        RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    };

    const RSA: &str = include_str!("../../../../tests/fixtures/keys/rsa.pem");

    /// True when the token of a key is signed by it.
    fn verifies(key: &SigningKey) -> bool {
        let token = key.token(&json!({ "sub": "ada" })).expect("signs");
        let (said, signature) = token.rsplit_once('.').expect("three parts");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        let (by, public): (&'static dyn VerificationAlgorithm, Vec<u8>) = match &key.pair {
            Pair::Rsa(pair) => (
                &RSA_PKCS1_2048_8192_SHA256,
                pair.public_key().as_ref().to_vec(),
            ),
            Pair::P256(pair) => (
                &ECDSA_P256_SHA256_FIXED,
                pair.public_key().as_ref().to_vec(),
            ),
            Pair::P384(pair) => (
                &ECDSA_P384_SHA384_FIXED,
                pair.public_key().as_ref().to_vec(),
            ),
            Pair::Ed25519(pair) => (&ED25519, pair.public_key().as_ref().to_vec()),
        };
        UnparsedPublicKey::new(by, public)
            .verify(said.as_bytes(), &signature)
            .is_ok()
    }

    #[test]
    fn keys_of_every_form_sign() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keys");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).expect("the keys") {
            let path = entry.expect("a file").path();
            let text = std::fs::read_to_string(&path).expect("text");
            let key = SigningKey::read(&text, None, None)
                .unwrap_or_else(|(problem, _)| panic!("{}: {problem}", path.display()));
            assert!(verifies(&key), "{}", path.display());
            assert!(format!("{key:?}").len() < 60, "{key:?}");
            count += 1;
        }
        assert!(count >= 7, "only {count} keys");
        let one_line = RSA.replace('\n', "\\n");
        assert!(SigningKey::read(&one_line, None, None).is_ok());
    }

    #[test]
    fn a_key_that_does_not_fit_is_told_as_such() {
        let problem = |text: &str, algorithm| {
            let found = SigningKey::read(text, algorithm, None);
            found.expect_err("does not fit").0
        };
        assert_eq!(
            problem(RSA, Some(Algorithm::Es256)),
            "this key cannot sign with `ES256`: it is one for `RS256`"
        );
        assert_eq!(problem("hunter2", None), "this is no private key");
        assert_eq!(problem("{", None), "the key is no JSON");
        assert_eq!(
            problem(r#"{"kty": "OKP", "crv": "Ed25519"}"#, None),
            "the JWK has no `d`"
        );
        assert!(problem(r#"{"kty": "oct"}"#, None).contains("no key of RSA"));
        let locked =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----";
        assert!(problem(locked, None).contains("locked"));
    }
}
