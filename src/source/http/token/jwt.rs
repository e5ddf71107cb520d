//! What a JSON Web Token says of itself (RFC 7519). Nothing is verified: the API does that.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;

/// The claim `exp` of a token, in seconds since 1970; `None` when it is no such token.
pub fn expiry(token: &str) -> Option<Json> {
    let mut parts = token.split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Json = serde_json::from_slice(&claims).ok()?;
    claims.get("exp").filter(|exp| exp.is_number()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_token_is_read_from_it() {
        let token = |claims: &str| format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(expiry(&token(r#"{"exp": 17}"#)), Some(17.into()));
        for odd in [
            token(r#"{"exp": "later"}"#),
            token("{}"),
            token("nope"),
            "opaque".into(),
            "a.b".into(),
            "a.!.c".into(),
        ] {
            assert_eq!(expiry(&odd), None, "{odd}");
        }
    }
}
