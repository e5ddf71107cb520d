//! What is sealed is opened again by other code than seals it: the private keys of the age crate,
//! and a JWE taken apart by hand, with the agreement and the cipher of `ring` where it has them.

use age::secrecy::ExposeSecret as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::elliptic_curve::rand_core::OsRng;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::hex::hex;

const PASSWORD: &str = "p4ss w0rd/ü\"";

fn sealed(recipient: &Recipient) -> Sealed {
    let secret = SecretString::from(PASSWORD);
    let plain = Plain {
        name: "password",
        description: "the password of a new account",
        secret: &secret,
    };
    let mut sealed = seal(std::slice::from_ref(recipient), &plain).expect("can be sealed");
    sealed.pop().expect("one each")
}

fn refused(provider: Option<&str>, key: &str) -> String {
    let parsed = Recipient::parse(provider, key);
    parsed.expect_err("cannot be used").to_string()
}

#[test]
fn an_age_recipient_gets_a_binary_age_file() {
    let identity = age::x25519::Identity::generate();
    let key = identity.to_public().to_string();
    for provider in [None, Some(" Baton/AGE/v1 ")] {
        let sealed = sealed(&Recipient::parse(provider, &key).expect("a key"));
        let plain = age::decrypt(&identity, &sealed.encrypted_bytes).expect("opens");
        assert_eq!(plain, PASSWORD.as_bytes());
        assert_eq!((&*sealed.provider, &*sealed.key_id), ("baton/age/v1", ""));
        assert_eq!(sealed.key_ids, [hex(&Sha256::digest(&key))]);
    }
}

#[test]
fn what_is_sealed_goes_to_json_and_back() {
    let identity = age::x25519::Identity::generate();
    let key = identity.to_public().to_string();
    let sealed = sealed(&Recipient::parse(None, &key).expect("a key"));
    let shown = serde_json::to_value(&sealed).expect("JSON");
    assert_eq!(
        shown["encrypted_bytes"],
        STANDARD.encode(&sealed.encrypted_bytes)
    );
    assert_eq!(shown["name"], "password");
    assert!(shown.get("schema").is_none() && !shown.to_string().contains("p4ss"));
    let back: Sealed = serde_json::from_value(shown).expect("what was written");
    assert_eq!(back, sealed);
}

/// The example of RFC 8037, A.1 to A.3.
const ED25519: [(&str, &str); 2] = [
    ("d", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"),
    ("x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
];

/// Its thumbprint there, in hexadecimal digits.
fn ed25519_thumbprint() -> String {
    let thumbprint = URL_SAFE_NO_PAD.decode("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    hex(&thumbprint.expect("base64url"))
}

fn ed25519(kid: Option<&str>) -> (Json, ClientSecret) {
    let [(_, d), (_, x)] = ED25519;
    let public = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "use": "enc"});
    let mut private = public.clone();
    private["d"] = d.into();
    if let Some(kid) = kid {
        private["kid"] = kid.into();
    }
    let key = URL_SAFE_NO_PAD.encode(private.to_string());
    let secret = SecretString::from(format!("bird:host.example/x:v1:{key}"));
    let secret = ClientSecret::parse(&secret).expect("a client secret");
    (public, secret)
}

#[test]
fn a_password_that_a_platform_chose_is_opened_by_the_client_secret() {
    let (public, client) = ed25519(None);
    let recipient = Recipient::parse(Some("baton/jwk/v1"), &public.to_string()).expect("a key");
    let ours = sealed(&recipient);
    assert_eq!(ours.key_ids, [ed25519_thumbprint()]);
    assert_eq!(
        (&ours.key_id, client.key_id()),
        (&ours.key_ids[0], &*ours.key_id)
    );
    assert!(ours.encrypted_bytes.is_ascii(), "base64 of an age file");
    let other = Sealed {
        key_id: String::new(),
        key_ids: vec!["another".to_owned()],
        ..ours.clone()
    };
    let broken = Sealed {
        encrypted_bytes: b"YWdl".to_vec(),
        ..ours.clone()
    };
    let opened = client.open(&[other.clone(), broken.clone(), ours.clone()]);
    assert_eq!(opened.expect("one is ours").expose_secret(), PASSWORD);
    let named = Sealed {
        provider: "baton/jwk/v1/private".to_owned(),
        key_ids: vec!["key-7".to_owned()],
        ..ours.clone()
    };
    let (_, called) = ed25519(Some("key-7"));
    let opened = called.open(&[named]);
    assert_eq!(opened.expect("ours by its name").expose_secret(), PASSWORD);
    let by_age = Sealed {
        provider: "baton/age/v1".to_owned(),
        ..ours
    };
    let problems = [vec![], vec![other], vec![broken], vec![by_age]].map(|handed_over| {
        let opened = client.open(&handed_over);
        opened.expect_err("cannot be opened").to_string()
    });
    insta::assert_snapshot!(problems.join("\n"), @"
    none of the encrypted passwords is for the key of this client
    none of the encrypted passwords is for the key of this client
    the encrypted password cannot be decrypted: Incomplete header
    the encrypted password cannot be decrypted: `baton/age/v1` is not how it is encrypted to this key
    ");
}

#[test]
fn client_secrets_that_are_none_are_refused_and_not_repeated() {
    let with = |key: &Json| format!("a:b:v1:{}", URL_SAFE_NO_PAD.encode(key.to_string()));
    let [(_, d), (_, x)] = ED25519;
    let problems = [
        "hunter2".to_owned(),
        "a:b:v2:hunter2".to_owned(),
        "a:b:v1:hunter2=".to_owned(),
        "a:b:v1:hunter2x".to_owned(),
        with(&json!({"kty": "OKP", "crv": "Ed25519", "x": x})),
        with(&json!({"kty": "OKP", "crv": "Ed25519", "x": x, "d": "AAAA"})),
        with(&json!({"kty": "OKP", "crv": "X25519", "x": x, "d": d})),
        with(&json!({"kty": "EC", "crv": "P-256", "d": d})),
    ]
    .map(|secret| {
        let problem = ClientSecret::parse(&SecretString::from(secret));
        problem.expect_err("no client secret").to_string()
    });
    insta::assert_snapshot!(problems.join("\n"), @"
    the client secret cannot be used: it has not four parts with colons between them
    the client secret cannot be used: its third part is not `v1`
    the client secret cannot be used: its fourth part is not base64url without padding
    the client secret cannot be used: its fourth part holds no JSON Web Key
    the client secret cannot be used: its key is not a private one
    the client secret cannot be used: its key is not complete
    the client secret cannot be used: its key is not one of Ed25519
    the client secret cannot be used: its key is not one of Ed25519
    ");
}

#[test]
fn an_rsa_key_gets_an_age_file_for_it() {
    // The key of RFC 7638, 3.1, with the thumbprint given there.
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let key = json!({"kty": "RSA", "alg": "RS256", "kid": "2011-04-29", "e": "AQAB", "n": n});
    let recipient = Recipient::parse(None, &key.to_string()).expect("a key");
    let thumbprint = URL_SAFE_NO_PAD.decode("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(recipient.key_id(), hex(&thumbprint.expect("base64url")));
    let file = STANDARD.decode(sealed(&recipient).encrypted_bytes);
    let file = file.expect("base64");
    assert!(file.starts_with(b"age-encryption.org/v1\n-> ssh-rsa "));
}

#[test]
fn an_rsa_key_of_openssh_opens_what_is_sealed_to_it_as_a_json_web_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f"])
        .arg(&path)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        return eprintln!("skipped: no ssh-keygen");
    }
    let public = std::fs::read_to_string(path.with_extension("pub")).expect("it was made");
    let wire = public.split(' ').nth(1).expect("kind, key, comment");
    let wire = STANDARD.decode(wire).expect("base64");
    // Each part after its length: the kind, the exponent, the modulus.
    let (mut parts, mut rest) = (Vec::new(), wire.as_slice());
    while let Some((length, more)) = rest.split_first_chunk() {
        let (part, more) = more.split_at(u32::from_be_bytes(*length) as usize);
        parts.push(part);
        rest = more;
    }
    let text = URL_SAFE_NO_PAD;
    // A number of SSH begins with a zero where its first bit is set; one of a JWK does not.
    let modulus = parts[2].strip_prefix(&[0]).unwrap_or(parts[2]);
    let key = json!({"kty": "RSA", "e": text.encode(parts[1]), "n": text.encode(modulus)});
    let sealed = sealed(&Recipient::parse(None, &key.to_string()).expect("a key"));
    let private = std::fs::read(path).expect("it was made");
    let identity = age::ssh::Identity::from_buffer(private.as_slice(), None).expect("a key");
    let file = STANDARD.decode(&sealed.encrypted_bytes).expect("base64");
    let plain = age::decrypt(&identity, &file).expect("opens");
    assert_eq!(plain, PASSWORD.as_bytes());
}

#[test]
fn every_curve_of_nist_gets_a_jwe() {
    for curve in [&ring::agreement::ECDH_P256, &ring::agreement::ECDH_P384] {
        let random = ring::rand::SystemRandom::new();
        let private = ring::agreement::EphemeralPrivateKey::generate(curve, &random);
        let private = private.expect("there is randomness");
        let public = private.compute_public_key().expect("has one");
        let (name, jwe) = sealed_to_point(public.as_ref());
        let (header, parts) = taken_apart(&jwe);
        let epk = point(&header["epk"]);
        let peer = ring::agreement::UnparsedPublicKey::new(curve, &epk);
        let opened =
            ring::agreement::agree_ephemeral(private, &peer, |shared| opened(shared, &parts));
        assert_eq!(opened.expect("agreed"), PASSWORD.as_bytes(), "{name}");
    }
    let private = p521::ecdh::EphemeralSecret::random(&mut OsRng);
    let public = private.public_key().to_encoded_point(false);
    let (name, jwe) = sealed_to_point(public.as_bytes());
    assert_eq!(name, "P-521");
    let (header, parts) = taken_apart(&jwe);
    let epk = p521::PublicKey::from_sec1_bytes(&point(&header["epk"])).expect("a point");
    let shared = private.diffie_hellman(&epk);
    assert_eq!(
        opened(shared.raw_secret_bytes(), &parts),
        PASSWORD.as_bytes()
    );
}

/// Seals to an uncompressed point; returns the curve's name and the JWE.
fn sealed_to_point(public: &[u8]) -> (&'static str, String) {
    let (x, y) = public[1..].split_at(public.len() / 2);
    let name = match x.len() {
        32 => "P-256",
        48 => "P-384",
        _ => "P-521",
    };
    let text = URL_SAFE_NO_PAD;
    let key = json!({"kty": "EC", "crv": name, "x": text.encode(x), "y": text.encode(y)});
    let recipient = Recipient::parse(None, &key.to_string()).expect("a key");
    let sealed = sealed(&recipient);
    assert_eq!(
        (&*sealed.provider, &sealed.key_id),
        ("baton/jwk/v1", &sealed.key_ids[0])
    );
    let jwe = STANDARD.decode(&sealed.encrypted_bytes).expect("base64");
    (name, String::from_utf8(jwe).expect("text"))
}

/// The header of a JWE, and its parts as they are written.
fn taken_apart(jwe: &str) -> (Json, Vec<String>) {
    let parts: Vec<String> = jwe.split('.').map(str::to_owned).collect();
    assert_eq!(parts.len(), 5);
    let header = URL_SAFE_NO_PAD.decode(&parts[0]).expect("base64url");
    let header: Json = serde_json::from_slice(&header).expect("JSON");
    assert_eq!(
        (&header["alg"], &header["enc"]),
        (&json!("ECDH-ES+A256KW"), &json!("A256GCM"))
    );
    (header, parts)
}

/// The uncompressed point of a key.
fn point(key: &Json) -> Vec<u8> {
    let part = |name: &str| {
        let text = key[name].as_str().expect("text");
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    };
    [vec![4], part("x"), part("y")].concat()
}

/// What a JWE says to whoever shares a secret with it.
fn opened(shared: &[u8], parts: &[String]) -> Vec<u8> {
    let decoded = |part: &String| URL_SAFE_NO_PAD.decode(part).expect("base64url");
    let mut info = vec![0, 0, 0, 1];
    info.extend(shared);
    info.extend([0, 0, 0, 14]);
    info.extend(b"ECDH-ES+A256KW");
    info.extend([0, 0, 0, 0, 0, 0, 0, 0]);
    info.extend([0, 0, 1, 0]);
    let wrapping: [u8; 32] = Sha256::digest(&info).into();
    let key = aes_kw::KekAes256::from(wrapping).unwrap_vec(&decoded(&parts[1]));
    let key = ring::aead::UnboundKey::new(&ring::aead::AES_256_GCM, &key.expect("wrapped so"));
    let key = ring::aead::LessSafeKey::new(key.expect("256 bits"));
    let nonce: [u8; 12] = decoded(&parts[2]).try_into().expect("96 bits");
    let nonce = ring::aead::Nonce::assume_unique_for_key(nonce);
    let mut content = [decoded(&parts[3]), decoded(&parts[4])].concat();
    let header = ring::aead::Aad::from(&parts[0]);
    let plain = key.open_in_place(nonce, header, &mut content);
    plain.expect("authentic").to_vec()
}

#[test]
fn a_key_is_derived_as_the_standard_shows() {
    // RFC 7518, appendix C: what both sides share, for `ECDH-ES` with `A128GCM`. Parties that name
    // themselves are not ours, so the hash is taken anew with theirs.
    let shared = [
        158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110,
        163, 218, 128, 106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
    ];
    let round = |parties: &[u8]| {
        let mut hash = Sha256::new();
        hash.update([0, 0, 0, 1]);
        hash.update(shared);
        hash.update([0, 0, 0, 7]);
        hash.update("A128GCM");
        hash.update(parties);
        hash.update([0, 0, 0, 128]);
        <[u8; 32]>::from(hash.finalize())
    };
    let named = round(b"\0\0\0\x05Alice\0\0\0\x03Bob");
    assert_eq!(
        URL_SAFE_NO_PAD.encode(&named[..16]),
        "VqqN6vgjbSBcIijNcacQGg"
    );
    assert_eq!(jwe::derived(&shared, "A128GCM", 128), round(&[0; 8]));
}

#[test]
fn keys_that_cannot_be_used_are_refused_before_anything_is_sent() {
    let [(_, d), (_, x)] = ED25519;
    let identity = age::x25519::Identity::generate();
    let private = identity.to_string();
    let private = private.expose_secret();
    let public = identity.to_public().to_string();
    let off_curve = json!({"kty": "EC", "crv": "P-256", "x": x, "y": x}).to_string();
    let weak = json!({"kty": "RSA", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([0xff; 64])});
    let problems = [
        refused(None, ""),
        refused(None, "ssh-ed25519 AAAA"),
        refused(None, private),
        refused(None, &public.to_uppercase()),
        refused(None, &format!("{public}\n{public}")),
        refused(None, "{}"),
        refused(
            None,
            &json!({"kty": "OKP", "crv": "Ed25519", "x": x, "d": d}).to_string(),
        ),
        refused(None, &json!({"kty": "OKP", "crv": "Ed25519"}).to_string()),
        refused(
            None,
            &json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}).to_string(),
        ),
        refused(
            None,
            &json!({"kty": "OKP", "crv": "Ed25519", "x": "AA=="}).to_string(),
        ),
        refused(None, &json!({"kty": "oct", "k": "AAAA"}).to_string()),
        refused(
            None,
            &json!({"kty": "EC", "crv": "secp256k1", "x": x, "y": x}).to_string(),
        ),
        refused(None, &off_curve),
        refused(None, &weak.to_string()),
        refused(Some("baton/pgp/v1"), &public),
        refused(Some("baton/jwk/v1"), &public),
    ];
    let problems = problems.join("\n");
    assert!(!problems.contains(d) && !problems.contains(private));
    insta::assert_snapshot!(problems, @"
    a recipient's key cannot be used: it is no age recipient (`age1…`) of X25519, and no JSON Web Key
    a recipient's key cannot be used: it is no age recipient (`age1…`) of X25519, and no JSON Web Key
    a recipient's key cannot be used: this is a private key; give the recipient, `age1…`
    a recipient's key cannot be used: the age recipient is not written as age writes it
    a recipient's key cannot be used: it is no age recipient (`age1…`) of X25519, and no JSON Web Key
    a recipient's key cannot be used: it is no JSON Web Key: an object with `kty` and what belongs to it
    a recipient's key cannot be used: this is a private key; give its public part
    a recipient's key cannot be used: `x` is missing
    a recipient's key cannot be used: `x` of a key on Ed25519 has 32 bytes
    a recipient's key cannot be used: `x` is not base64url without padding
    a recipient's key cannot be used: keys of `kty: oct` are not known; there are `OKP` with `Ed25519`, `RSA`, and `EC` with `P-256`, `P-384` or `P-521`
    a recipient's key cannot be used: the curve is none of `P-256`, `P-384` and `P-521`
    a recipient's key cannot be used: `x` and `y` are no point of P-256
    a recipient's key cannot be used: an RSA key of less than 2048 bits is too weak
    there is no way to encrypt `baton/pgp/v1`; did you mean `baton/age/v1`?
    a recipient's key cannot be used: it is no JSON Web Key: an object with `kty` and what belongs to it
    ");
}
