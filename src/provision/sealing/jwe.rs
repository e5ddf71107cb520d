//! A point on a curve of NIST → a compact JWE: `ECDH-ES+A256KW`, `A256GCM` (RFC 7516, RFC 7518).

use std::io;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{AeadInPlace as _, KeyInit as _};
use aes_kw::KekAes256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::NistP256;
use p256::elliptic_curve::ecdh::EphemeralSecret;
use p256::elliptic_curve::rand_core::OsRng;
use p256::elliptic_curve::sec1::{
    Coordinates, EncodedPoint, FromEncodedPoint, ModulusSize, ToEncodedPoint,
};
use p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytes, FieldBytesSize, PublicKey};
use p384::NistP384;
use p521::NistP521;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// How the key of the content is agreed on and wrapped.
const ALGORITHM: &str = "ECDH-ES+A256KW";

/// A curve of NIST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

/// A public key on a curve of NIST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CurvePoint {
    pub curve: Curve,
    pub x: Vec<u8>,
    pub y: Vec<u8>,
}

impl Curve {
    pub fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
        }
    }
}

impl CurvePoint {
    /// A point that lies on its curve.
    pub fn new(curve: &str, x: Vec<u8>, y: Vec<u8>) -> Result<Self, String> {
        let all = [Curve::P256, Curve::P384, Curve::P521];
        let curve = all.into_iter().find(|known| known.name() == curve);
        let curve = curve.ok_or("the curve is none of `P-256`, `P-384` and `P-521`")?;
        let point = Self { curve, x, y };
        // Agreeing on a key once tells whether it can be done.
        match point.agree() {
            Some(_) => Ok(point),
            None => Err(format!("`x` and `y` are no point of {}", curve.name())),
        }
    }

    fn agree(&self) -> Option<Agreed> {
        match self.curve {
            Curve::P256 => agree::<NistP256>(&self.x, &self.y),
            Curve::P384 => agree::<NistP384>(&self.x, &self.y),
            Curve::P521 => agree::<NistP521>(&self.x, &self.y),
        }
    }
}

/// What was agreed on with the holder of a key, by a key that is used once.
struct Agreed {
    /// The public part of that key.
    x: Vec<u8>,
    y: Vec<u8>,
    wrapping: [u8; 32],
}

fn agree<C>(x: &[u8], y: &[u8]) -> Option<Agreed>
where
    C: CurveArithmetic,
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromEncodedPoint<C> + ToEncodedPoint<C>,
{
    let size = FieldBytes::<C>::default().len();
    if x.len() != size || y.len() != size {
        return None;
    }
    let (x, y): (&FieldBytes<C>, &FieldBytes<C>) = (x.into(), y.into());
    let point = EncodedPoint::<C>::from_affine_coordinates(x, y, false);
    let theirs = Option::<PublicKey<C>>::from(PublicKey::<C>::from_encoded_point(&point))?;
    let ours = EphemeralSecret::<C>::random(&mut OsRng);
    let shared = ours.diffie_hellman(&theirs);
    let point = ours.public_key().to_encoded_point(false);
    let Coordinates::Uncompressed { x, y } = point.coordinates() else {
        return None;
    };
    Some(Agreed {
        x: x.to_vec(),
        y: y.to_vec(),
        wrapping: derived(shared.raw_secret_bytes(), ALGORITHM, 256),
    })
}

/// The key that follows from a shared secret: one round of the Concat KDF, enough for 256 bits
/// (RFC 7518, section 4.6.2). Of a shorter key, its first bytes.
pub(super) fn derived(shared: &[u8], algorithm: &str, bits: u32) -> [u8; 32] {
    let length = u32::try_from(algorithm.len()).expect("a name is short");
    let mut hash = Sha256::new();
    hash.update(1_u32.to_be_bytes());
    hash.update(shared);
    hash.update(length.to_be_bytes());
    hash.update(algorithm);
    // Neither party says more of itself.
    hash.update([0; 8]);
    hash.update(bits.to_be_bytes());
    hash.finalize().into()
}

/// Encrypts to the holder of a key.
pub(super) fn seal(to: &CurvePoint, secret: &[u8]) -> io::Result<String> {
    let text = URL_SAFE_NO_PAD;
    let agreed = to
        .agree()
        .ok_or_else(|| io::Error::other("no key can be agreed on with a recipient"))?;
    let header = json!({
        "alg": ALGORITHM,
        "enc": "A256GCM",
        "epk": {
            "crv": to.curve.name(),
            "kty": "EC",
            "x": text.encode(&agreed.x),
            "y": text.encode(&agreed.y),
        },
    });
    let header = text.encode(header.to_string());
    let mut key = [0; 32];
    let mut nonce = [0; 12];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    getrandom::fill(&mut nonce).map_err(io::Error::other)?;
    let wrapped = KekAes256::from(agreed.wrapping)
        .wrap_vec(&key)
        .map_err(|error| io::Error::other(error.to_string()))?;
    let mut content = secret.to_vec();
    let tag = Aes256Gcm::new(&key.into())
        .encrypt_in_place_detached(&nonce.into(), header.as_bytes(), &mut content)
        .map_err(|_| io::Error::other("the secret is too long to encrypt"))?;
    let parts: [&[u8]; 4] = [&wrapped, &nonce, &content, &tag];
    Ok(parts
        .into_iter()
        .fold(header, |jwe, part| format!("{jwe}.{}", text.encode(part))))
}
