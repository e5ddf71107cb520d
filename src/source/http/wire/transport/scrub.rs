//! A body on its way into a recording → the same without secrets, part by part.
//!
//! JSON stays JSON: its strings and numbers are looked at one by one, so that whatever replaces a
//! secret stands where a value may stand.

use aho_corasick::{AhoCorasick, MatchKind};
use secrecy::{ExposeSecret, SecretString};

/// What stands for a secret.
pub(super) const GONE: &str = "REDACTED";

/// Finds the secrets of a connector in any form.
#[derive(Debug, Clone)]
pub(super) struct Secrets {
    finder: Option<AhoCorasick>,
    longest: usize,
}

impl Secrets {
    pub fn new(forms: &[SecretString]) -> Self {
        let patterns = forms.iter().map(|form| form.expose_secret().as_bytes());
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(patterns)
            // Too many secrets to search for at once: none of the text may be kept then.
            .ok();
        let longest = forms.iter().map(|form| form.expose_secret().len()).max();
        Self {
            finder,
            longest: longest.unwrap_or_default(),
        }
    }

    /// A text without secrets.
    pub fn clean(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.clean_bytes(text.as_bytes())).into_owned()
    }

    fn clean_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        match &self.finder {
            Some(finder) => {
                let replacements = vec![GONE; finder.patterns_len()];
                finder.replace_all_bytes(bytes, &replacements)
            }
            None => GONE.as_bytes().to_vec(),
        }
    }

    fn are_in(&self, text: &str) -> bool {
        self.finder
            .as_ref()
            .is_none_or(|finder| finder.is_match(text))
    }
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing of it has come that would tell.
    Unknown,
    Json,
    Other,
}

/// Takes a body part by part.
#[derive(Debug)]
pub(super) struct Scrubber {
    secrets: Secrets,
    /// True for an answer that gives credentials: then only what is known to be harmless is kept.
    credentials: bool,
    kind: Kind,
    /// What has come and cannot be judged yet: a string or a number that has no end, or the end of a
    /// text, where a secret may begin.
    held: Vec<u8>,
    /// Within a string of JSON, whether the byte before was a backslash.
    string: Option<bool>,
    /// A string that has an end. A colon behind it would make it a key.
    whole: Option<Vec<u8>>,
    /// The key that the values stand under.
    key: String,
    out: Vec<u8>,
}

impl Scrubber {
    pub fn new(secrets: Secrets, credentials: bool) -> Self {
        Self {
            secrets,
            credentials,
            kind: Kind::Unknown,
            held: Vec::new(),
            string: None,
            whole: None,
            key: String::new(),
            out: Vec::new(),
        }
    }

    /// Takes a part; returns what can be kept so far.
    pub fn feed(&mut self, part: &[u8]) -> Vec<u8> {
        let mut part = part;
        if self.kind == Kind::Unknown {
            let blank = |byte: &u8| byte.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(byte);
            let Some(start) = part.iter().position(|byte| !blank(byte)) else {
                self.out.extend_from_slice(part);
                return std::mem::take(&mut self.out);
            };
            self.kind = match part[start] {
                b'{' | b'[' | b'"' => Kind::Json,
                _ => Kind::Other,
            };
            self.out.extend_from_slice(&part[..start]);
            part = &part[start..];
        }
        match self.kind {
            Kind::Json => part.iter().for_each(|byte| self.json(*byte)),
            _ => self.text(part),
        }
        std::mem::take(&mut self.out)
    }

    /// The end of the body; returns what is left of it.
    pub fn finish(&mut self) -> Vec<u8> {
        match self.kind {
            Kind::Unknown => {}
            Kind::Json => {
                // A string without an end may be half a secret.
                match self.string.take() {
                    Some(_) => self.held.clear(),
                    None => self.bare(),
                }
                self.value();
            }
            Kind::Other if self.credentials && !self.held.is_empty() => {
                self.held.clear();
                self.out.extend_from_slice(GONE.as_bytes());
            }
            Kind::Other => {
                let held = std::mem::take(&mut self.held);
                self.out.extend(self.secrets.clean_bytes(&held));
            }
        }
        std::mem::take(&mut self.out)
    }

    fn text(&mut self, part: &[u8]) {
        self.held.extend_from_slice(part);
        if self.credentials {
            self.held.truncate(1);
            return;
        }
        if self.held.len() < 2 * self.secrets.longest + 4096 {
            return;
        }
        let mut clean = self.secrets.clean_bytes(&self.held);
        let kept = clean.len().saturating_sub(self.secrets.longest);
        self.held = clean.split_off(kept);
        self.out.append(&mut clean);
    }

    fn json(&mut self, byte: u8) {
        if let Some(escaped) = self.string {
            self.held.push(byte);
            match (byte, escaped) {
                (b'"', false) => {
                    self.string = None;
                    self.whole = Some(std::mem::take(&mut self.held));
                }
                (b'\\', false) => self.string = Some(true),
                _ => self.string = Some(false),
            }
            return;
        }
        match byte {
            b'"' => {
                self.bare();
                self.value();
                self.held.push(byte);
                self.string = Some(false);
            }
            b':' => {
                if let Some(key) = self.whole.take() {
                    self.key = serde_json::from_slice(&key).unwrap_or_default();
                    self.string_out(key, false);
                }
                self.out.push(byte);
            }
            b',' | b'{' | b'}' | b'[' | b']' => {
                self.bare();
                self.value();
                self.out.push(byte);
            }
            _ if byte.is_ascii_whitespace() => {
                self.bare();
                match &mut self.whole {
                    // Stands between a key and its colon, where it is not needed.
                    Some(_) => {}
                    None => self.out.push(byte),
                }
            }
            _ => self.held.push(byte),
        }
    }

    /// A number or a word has come to its end.
    fn bare(&mut self) {
        let bare = std::mem::take(&mut self.held);
        let text = String::from_utf8_lossy(&bare);
        let long = text.bytes().filter(u8::is_ascii_digit).count() >= 6;
        let secret = match text.as_ref() {
            "" | "true" | "false" | "null" => false,
            _ => self.secrets.are_in(&text) || self.credentials && long && !harmless(&self.key),
        };
        match secret {
            true => self.out.push(b'0'),
            false => self.out.extend_from_slice(&bare),
        }
    }

    fn value(&mut self) {
        if let Some(value) = self.whole.take() {
            let secret = self.credentials && !harmless(&self.key);
            self.string_out(value, secret);
        }
    }

    fn string_out(&mut self, written: Vec<u8>, secret: bool) {
        if secret {
            self.out.extend_from_slice(format!("\"{GONE}\"").as_bytes());
            return;
        }
        match serde_json::from_slice::<String>(&written) {
            Ok(text) if self.secrets.are_in(&text) => {
                let clean = serde_json::Value::from(self.secrets.clean(&text)).to_string();
                self.out.extend_from_slice(clean.as_bytes());
            }
            Ok(_) => self.out.extend_from_slice(&written),
            // No valid text: its bytes are looked at as they are.
            Err(_) => self.out.extend(self.secrets.clean_bytes(&written)),
        }
    }
}

/// Keys of answers that give credentials whose values are none.
fn harmless(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let ends = ["_endpoint", "_url", "_uri", "_supported", "url", "uri"];
    let words = [
        "token_type",
        "scope",
        "error",
        "error_description",
        "message",
        "issuer",
        "status",
        "exp",
        "iat",
    ];
    key.contains("expir")
        || words.contains(&key.as_str())
        || ends.iter().any(|end| key.ends_with(end))
}

/// Parts of names under which credentials travel. A `key` alone is none: much is looked up by one.
const CREDENTIALS: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "api-key",
    "apikey",
    "access_key",
    "access-key",
    "authorization",
    "cookie",
    "credential",
];

/// Whole words of such names.
const WORDS: &[&str] = &[
    "sig",
    "signature",
    "hmac",
    "assertion",
    "session",
    "sessionid",
    "auth",
    "csrf",
    "dpop",
];

/// Tokens of pages are no credentials, and a page is found again by them.
const PAGES: &[&str] = &[
    "page",
    "next",
    "cursor",
    "continuation",
    "skip",
    "sync",
    "delta",
];

/// True for the name of a header or a query parameter that carries a credential.
pub(in crate::source::http) fn carries_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let mut parts = name.split(['-', '_']);
    has(CREDENTIALS) && !has(PAGES) || parts.any(|part| WORDS.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::redact::Redactor;

    fn scrub(body: &[u8], secrets: &[&str], credentials: bool, part: usize) -> String {
        let redactor = Redactor::new(secrets.iter().map(|text| SecretString::from(*text)));
        let mut scrubber = Scrubber::new(Secrets::new(&redactor.forms()), credentials);
        let mut out = Vec::new();
        for part in body.chunks(part) {
            out.extend(scrubber.feed(part));
        }
        out.extend(scrubber.finish());
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn json_stays_json_however_it_is_cut_into_parts() {
        let body = br#" {"k\u0065y" : "a p\/w\"x b", "n": 9123456, "pw": [true, "p/w\"x", 1.50e3, null], "9123456": "caf\u00e9"}"#;
        for part in 1..body.len() {
            let clean = scrub(body, &["p/w\"x", "123456", "true"], false, part);
            assert_eq!(
                clean,
                " {\"k\\u0065y\": \"a REDACTED b\", \"n\": 0, \"pw\": [true, \"REDACTED\", 1.50e3, null], \"9REDACTED\": \"caf\\u00e9\"}"
            );
        }
    }

    #[test]
    fn text_is_searched_across_its_parts() {
        let body = format!("{}s3cr3t{}", "x".repeat(5000), "y".repeat(5000));
        for part in [1, 7, 4096, 20000] {
            let clean = scrub(body.as_bytes(), &["s3cr3t"], false, part);
            assert_eq!(clean, body.replace("s3cr3t", GONE));
        }
    }

    #[test]
    fn half_a_secret_at_the_end_of_a_cut_body_is_not_kept() {
        assert_eq!(
            scrub(br#"{"a": 1, "b": "s3c"#, &["s3cr3t"], false, 3),
            r#"{"a": 1, "b":"#.to_owned() + " "
        );
    }

    #[test]
    fn of_an_answer_that_gives_credentials_only_the_harmless_is_kept() {
        let body = br#"{"access_token": "t", "sid": "u", "expires_in": "3600", "pin": 123456, "token_type": "Bearer", "data": {"x": ["v"]}, "instance_url": "https://h"}"#;
        let clean = scrub(body, &[], true, 9);
        assert_eq!(
            clean,
            r#"{"access_token": "REDACTED", "sid": "REDACTED", "expires_in": "3600", "pin": 0, "token_type": "Bearer", "data": {"x": ["REDACTED"]}, "instance_url": "https://h"}"#
        );
        assert_eq!(scrub(b"access_token=t&x=1", &[], true, 4), GONE);
    }

    #[test]
    fn tokens_of_pages_are_no_credentials() {
        for name in [
            "api_key",
            "access_token",
            "X-Amz-Signature",
            "sig",
            "x-csrf-token",
            "sessionid_token",
        ] {
            assert!(carries_credential(name), "{name}");
        }
        for name in [
            "page_token",
            "pageToken",
            "design",
            "nextToken",
            "author",
            "key",
        ] {
            assert!(!carries_credential(name), "{name}");
        }
    }
}
