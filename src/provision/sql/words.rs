//! What a database says → what may be told of it: nothing that repeats a secret of the change.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value as Json;

use super::super::prepared::Prepared;
use crate::source::SourceError;
use crate::source::redact::Redactor;
use crate::source::sql::StatementView;

/// Databases repeat the beginning of a long value, or the part of a statement that they stumbled
/// over. So many characters of a secret are as good as the whole.
const TELLING: usize = 5;

/// Keeps the secrets of one change out of what is told.
pub(super) struct Words {
    redactor: Redactor,
    secrets: Vec<SecretString>,
}

impl Words {
    pub(super) fn of(prepared: &Prepared<'_>) -> Self {
        Self {
            redactor: Redactor::new(prepared.secrets.iter().cloned()),
            secrets: prepared.secrets.clone(),
        }
    }

    /// A message without any secret, or a part of one.
    pub(super) fn plain(&self, message: &str) -> String {
        let message = self.redactor.whole(message);
        match self.repeats_a_part(&message) {
            true => {
                "what the database says of it is not shown: it repeats a part of a secret value"
                    .to_owned()
            }
            false => message,
        }
    }

    /// The message of an error.
    pub(super) fn of_error(&self, error: &SourceError) -> String {
        self.plain(&error.to_string())
    }

    /// What failed, where that is written, and why.
    pub(super) fn failed(&self, what: &str, error: &SourceError) -> String {
        match error {
            SourceError::Query { at, reason, .. } => {
                let at = at.as_ref().map_or(String::new(), |at| format!(" at {at}"));
                format!("{what} failed{at}: {}", self.plain(reason))
            }
            error => format!("{what} failed: {}", self.of_error(error)),
        }
    }

    /// A statement as people may see it.
    pub(super) fn view(&self, mut view: StatementView) -> StatementView {
        view.sql = self.redactor.whole(&view.sql);
        for (_, value) in &mut view.values {
            let text = match &*value {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            let is_secret = |secret: &SecretString| text == secret.expose_secret();
            if self.secrets.iter().any(is_secret) || self.redactor.whole(&text) != text {
                *value = Json::from("***");
            }
        }
        view
    }

    fn repeats_a_part(&self, message: &str) -> bool {
        self.secrets.iter().any(|secret| {
            let letters: Vec<char> = secret.expose_secret().chars().collect();
            letters
                .windows(TELLING)
                .any(|part| message.contains(&part.iter().collect::<String>()))
        })
    }
}
