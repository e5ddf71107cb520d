//! What an API said → what a message may repeat of it.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded::byte_serialize;

use crate::expr::percent_encode;
use crate::hex::hex;

/// The secrets of a connector, which no message repeats even where an answer does.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    /// In every form.
    secrets: Vec<SecretString>,
    /// Those that came while it ran, such as tokens, each in every form; shared with whatever was made
    /// from this.
    learned: Arc<RwLock<Vec<Vec<SecretString>>>>,
}

/// Shorter values are not recognisable as secrets: replacing `a` would leave no message.
const SHORTEST: usize = 4;

/// How many secrets are kept that came while it ran.
const LEARNED: usize = 64;

/// The longest text of an answer that a message repeats.
const LONGEST: usize = 200;

impl Redactor {
    pub(crate) fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        Self {
            secrets: all_forms(secrets),
            learned: Arc::default(),
        }
    }

    /// The same with further secrets.
    pub(crate) fn with(&self, more: impl Iterator<Item = SecretString>) -> Self {
        let mut secrets = all_forms(more);
        secrets.extend(self.secrets.iter().cloned());
        sort(&mut secrets);
        Self {
            learned: self.learned.clone(),
            secrets,
        }
    }

    /// Keeps one more secret out of messages.
    pub(crate) fn learn(&self, secret: &SecretString) {
        if secret.expose_secret().len() >= SHORTEST {
            let mut learned = self.learned.write().unwrap_or_else(PoisonError::into_inner);
            // Renewed tokens replace each other; those before may still be repeated for a while.
            if learned.len() >= LEARNED {
                learned.remove(0);
            }
            learned.push(all_forms([secret.clone()]));
        }
    }

    /// Every secret in every form, the longest first.
    pub(crate) fn forms(&self) -> Vec<SecretString> {
        let learned = self.learned.read().unwrap_or_else(PoisonError::into_inner);
        let mut forms: Vec<_> = learned.iter().flatten().cloned().collect();
        forms.extend(self.secrets.iter().cloned());
        sort(&mut forms);
        forms
    }

    /// A text without any secret.
    pub(crate) fn whole(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.expose_secret(), "…");
        }
        let learned = self.learned.read().unwrap_or_else(PoisonError::into_inner);
        for secret in learned.iter().flatten() {
            text = text.replace(secret.expose_secret(), "…");
        }
        text
    }

    /// A text as one short line without any secret.
    pub(crate) fn line(&self, text: &str) -> String {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut line = self.whole(&line);
        line.retain(|c| !c.is_control());
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}

fn all_forms(secrets: impl IntoIterator<Item = SecretString>) -> Vec<SecretString> {
    let mut all = Vec::new();
    for secret in secrets {
        let text = secret.expose_secret().trim();
        if text.len() >= SHORTEST {
            all.extend(forms(text).into_iter().map(SecretString::from));
        }
    }
    sort(&mut all);
    all
}

/// The longest first: a secret may be part of another.
fn sort(forms: &mut Vec<SecretString>) {
    forms.sort_by(|a, b| {
        let (a, b) = (a.expose_secret(), b.expose_secret());
        b.len().cmp(&a.len()).then_with(|| a.cmp(b))
    });
    forms.dedup_by(|a, b| a.expose_secret() == b.expose_secret());
}

/// What a secret may look like where it is repeated: as it is, in URLs and forms, in JSON and HTML,
/// in hexadecimal digits, and in base64, alone or within something longer.
fn forms(text: &str) -> Vec<String> {
    let percent = percent_encode(text);
    let json = serde_json::Value::from(text).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let hex = hex(text.as_bytes());
    let html = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    let mut forms = vec![
        text.to_owned(),
        percent.to_lowercase(),
        percent,
        byte_serialize(text.as_bytes()).collect(),
        json.replace('/', "\\/"),
        json,
        html.replace('\'', "&#39;"),
        html,
        hex.to_uppercase(),
        hex,
        STANDARD.encode(text),
        URL_SAFE.encode(text),
    ];
    // Three bytes become four letters, so there are three ways to stand within something longer. The
    // letters at both ends depend on what is beside.
    for before in 0..3 {
        let padded = [&vec![0; before], text.as_bytes()].concat();
        let (skipped, whole) = ([0, 2, 3][before], padded.len() * 8 / 6);
        for encoded in [STANDARD.encode(&padded), URL_SAFE.encode(&padded)] {
            forms.push(encoded[skipped..whole].to_owned());
        }
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_gone_in_every_form_and_lines_are_short() {
        let redactor = Redactor::new(
            ["k/e y=", "k/e y=longer", "ab"].map(|text| SecretString::from(text.to_owned())),
        );
        let line = redactor.line("bad key\n`k/e y=longer` or k%2Fe%20y%3D, ab\u{7}");
        assert_eq!(line, "bad key `…` or …, ab");
        assert_eq!(redactor.line(&"é".repeat(300)).chars().count(), 201);
        assert!(!format!("{redactor:?}").contains("k/e"));
    }

    #[test]
    fn a_secret_within_something_encoded_is_gone_too() {
        let secret = SecretString::from("p4ss w0rd/+ü\"");
        let learned = Redactor::default();
        learned.learn(&secret);
        for redactor in [Redactor::new([secret]), learned] {
            an_encoded_secret_is_gone(&redactor, "p4ss w0rd/+ü\"");
        }
    }

    fn an_encoded_secret_is_gone(redactor: &Redactor, secret: &str) {
        for user in ["", "a", "ad", "ada", "ada:"] {
            let whole = format!("{user}{secret}!");
            for encoded in [STANDARD.encode(&whole), URL_SAFE.encode(&whole)] {
                let line = redactor.line(&encoded);
                // Of a text that may begin with the secret, the rest is no longer than its neighbours.
                assert!(line.chars().count() <= user.len() * 2 + 8, "{user}: {line}");
            }
        }
        for form in [
            "p4ss+w0rd%2F%2B%C3%BC%22",
            "p4ss%20w0rd%2f%2b%c3%bc%22",
            r#"p4ss w0rd\/+ü\""#,
        ] {
            assert_eq!(redactor.line(form), "…", "{form}");
        }
    }
}
