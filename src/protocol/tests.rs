//! Keys and assertions: what is signed, and what is refused.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value as Json, json};

use super::*;

const LEEWAY: Duration = Duration::from_secs(30);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn client() -> ClientId {
    ClientId::parse("bird@acme.example:7443/x").expect("a client id")
}

fn decoded(part: &str) -> Json {
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// The key of RFC 8037, A.1, as a client secret.
fn example(extra: &[(&str, &str)]) -> SecretString {
    let mut jwk = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    for (name, value) in extra {
        jwk[name] = (*value).into();
    }
    let jwk = URL_SAFE_NO_PAD.encode(jwk.to_string());
    SecretString::from(format!("secret-token:acme.example:v1:{jwk}"))
}

#[test]
fn an_assertion_holds_what_the_protocol_says_and_nothing_else() {
    let key = ClientKey::parse(&example(&[])).expect("a client secret");
    let text = Assertion::sign(&client(), &key, now());
    let parts: Vec<&str> = text.expose_secret().split('.').collect();
    let header = decoded(parts[0]);
    let nonce = header["nonce"].as_str().expect("a nonce");
    assert_eq!(nonce.len(), 32);
    assert!(nonce.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(header, json!({"nonce": nonce, "alg": "EdDSA"}));
    let expected = json!({
        "iss": "bird@acme.example:7443/x",
        "sub": "bird@acme.example:7443/x",
        "aud": ["acme.example"],
        "iat": 1_700_000_000,
        "nbf": 1_699_999_880,
        "exp": 1_700_000_120,
    });
    assert_eq!(decoded(parts[1]), expected);
    let again = Assertion::sign(&client(), &key, now());
    assert_ne!(again.expose_secret(), text.expose_secret(), "another nonce");
}

#[test]
fn a_key_with_a_name_says_it() {
    let key = ClientKey::parse(&example(&[("kid", "key-7")])).expect("a client secret");
    let text = Assertion::sign(&client(), &key, now());
    let header = decoded(text.expose_secret().split('.').next().expect("a header"));
    assert_eq!(header["kid"], "key-7");
    assert!(key.public_jwk().contains("\"kid\":\"key-7\""));
    assert!(!key.public_jwk().contains("nWGxne"), "only the public part");
    assert!(!format!("{key:?}").contains("nWGxne"));
}

#[test]
fn a_new_key_signs_what_its_public_part_verifies() {
    let (key, secret) = ClientKey::generate("localhost:7443");
    let read = ClientKey::parse(&secret).expect("what was made");
    assert_eq!(read.public_jwk(), key.public_jwk());
    crate::provision::ClientSecret::parse(&secret).expect("passwords can be opened with it");
    let text = Assertion::sign(&client(), &read, now());
    let verify = |at| {
        Assertion::verify(
            text.expose_secret(),
            &client(),
            &key.public_jwk(),
            at,
            LEEWAY,
        )
    };
    let assertion = verify(now()).expect("good");
    assert_eq!(assertion.nonce.len(), 32);
    assert_eq!(assertion.expires, now() + Duration::from_secs(120));
    for within in [149, 120, 0] {
        verify(now() + Duration::from_secs(within)).expect("not over yet");
        verify(now() - Duration::from_secs(within)).expect("begun");
    }
    let told = |at| verify(at).expect_err("outside its time").to_string();
    insta::assert_snapshot!(told(now() + Duration::from_secs(300)), @"the assertion is good no more since 180 seconds: one of the clocks is wrong by that or more");
    insta::assert_snapshot!(told(now() - Duration::from_secs(300)), @"the assertion is good only in 180 seconds: one of the clocks is wrong by that or more");
    verify(now() + Duration::from_secs(150)).expect_err("over");
    verify(now() - Duration::from_secs(151)).expect_err("not begun");
}

#[test]
fn assertions_that_are_not_good_are_refused() {
    let key = ClientKey::parse(&example(&[])).expect("a client secret");
    let (other, _) = ClientKey::generate("acme.example");
    let good = |claim: &str, value: Json| {
        let mut claims = json!({
            "iss": client().as_str(),
            "sub": client().as_str(),
            "aud": "acme.example",
            "nbf": 1_699_999_880,
            "exp": 1_700_000_120,
        });
        claims[claim] = value;
        key.sign(json!({}), &claims)
    };
    let refused = |text: &str| {
        let verified = Assertion::verify(text, &client(), &key.public_jwk(), now(), LEEWAY);
        verified.expect_err(text).to_string()
    };
    let known = good("iat", json!(0));
    let read = Assertion::verify(&known, &client(), &key.public_jwk(), now(), LEEWAY);
    assert_eq!(
        read.expect("good").nonce,
        "",
        "a text for an audience will do"
    );
    let (_, rest) = known.split_once('.').expect("three parts");
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let (said, _) = known.rsplit_once('.').expect("three parts");
    let problems = [
        "hunter2".to_owned(),
        "hunter2.hunter2.hunter2".to_owned(),
        format!("{unsigned}.{rest}"),
        format!("{said}.="),
        format!("{said}.AAAA"),
        Assertion::sign(&client(), &other, now())
            .expose_secret()
            .to_owned(),
        good("iss", json!("fish@acme.example/x")),
        good("sub", json!("fish@acme.example/x")),
        good("aud", json!(["acme.example:7443", "other.example"])),
        good("aud", json!(7)),
        good("exp", json!(1_800_000_000)),
        good("exp", json!(i64::MAX)),
        good("nbf", json!(i64::MIN)),
        good("exp", json!(0)),
        good("exp", json!(null)),
    ]
    .map(|text| refused(&text));
    insta::assert_snapshot!(problems.join("\n"));
    let jwks = ["", "{}", r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#];
    for jwk in jwks {
        let verified = Assertion::verify(&known, &client(), jwk, now(), LEEWAY);
        assert_eq!(verified, Err(AssertionError::Key), "{jwk}");
    }
}

#[test]
fn client_secrets_that_cannot_sign_are_refused() {
    let told = |secret: SecretString| ClientKey::parse(&secret).expect_err("no key").to_string();
    let problems = [
        told(SecretString::from("hunter2")),
        told(SecretString::from("a:b:v1:hunter2:more")),
        told(example(&[("kty", "RSA")])),
        told(example(&[("d", "AAAA")])),
        told(example(&[("x", "AAAA")])),
        told(example(&[(
            "d",
            "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2B",
        )])),
        told(example(&[(
            "x",
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURA",
        )])),
    ];
    insta::assert_snapshot!(problems.join("\n"));
}
