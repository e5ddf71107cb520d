//! What an API said → what a message may repeat of it.

use std::sync::{Arc, PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

use crate::expr::percent_encode;

/// The secrets of a connector, which no message repeats even where an answer does.
#[derive(Debug, Default)]
pub(super) struct Redactor {
    secrets: Vec<SecretString>,
    /// Those that came while it ran, such as tokens; shared with whatever was made from this.
    learned: Arc<RwLock<Vec<SecretString>>>,
}

/// Shorter values are not recognisable as secrets: replacing `a` would leave no message.
const SHORTEST: usize = 4;

/// How many secrets are kept that came while it ran.
const LEARNED: usize = 16;

/// The longest text of an answer that a message repeats.
const LONGEST: usize = 200;

impl Redactor {
    pub(super) fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let mut all = Vec::new();
        for secret in secrets {
            let text = secret.expose_secret().trim();
            if text.len() >= SHORTEST {
                all.extend([text.to_owned(), percent_encode(text)]);
            }
        }
        // The longest first: a secret may be part of another.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        all.dedup();
        Self {
            secrets: all.into_iter().map(SecretString::from).collect(),
            learned: Arc::default(),
        }
    }

    /// The same with further secrets.
    pub(super) fn with(&self, more: impl Iterator<Item = SecretString>) -> Self {
        Self {
            learned: self.learned.clone(),
            ..Self::new(self.secrets.iter().cloned().chain(more))
        }
    }

    /// Keeps one more secret out of messages.
    pub(super) fn learn(&self, secret: &SecretString) {
        if secret.expose_secret().len() >= SHORTEST {
            let mut learned = self.learned.write().unwrap_or_else(PoisonError::into_inner);
            // Renewed tokens replace each other; those before may still be repeated for a while.
            if learned.len() >= LEARNED {
                learned.remove(0);
            }
            learned.push(secret.clone());
        }
    }

    /// A text as one short line without any secret.
    pub(super) fn line(&self, text: &str) -> String {
        let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for secret in &self.secrets {
            line = line.replace(secret.expose_secret(), "…");
        }
        let learned = self.learned.read().unwrap_or_else(PoisonError::into_inner);
        for secret in learned.iter() {
            line = line.replace(secret.expose_secret(), "…");
        }
        line.retain(|c| !c.is_control());
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
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
}
