//! Why there is no draft.

use crate::diagnostic::list;
use crate::source::SourceError;

/// Nothing could be drafted.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// The source cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The database or the server did not answer.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There is nothing that looks like people, groups or roles.
    #[error("nothing here looks like people, groups, roles or applications{}", seen(.there))]
    Nothing {
        /// What there is.
        there: Vec<String>,
    },
    /// `--only` names what is not there.
    #[error("there is no `{wanted}`{}", seen(.there))]
    Unknown {
        /// What was asked for.
        wanted: String,
        /// What there is.
        there: Vec<String>,
    },
}

/// How many names a message lists.
const SHOWN: usize = 20;

fn seen(there: &[String]) -> String {
    let shown = &there[..there.len().min(SHOWN)];
    match there.len() {
        0 => String::new(),
        more if more > SHOWN => format!(
            "; name one with `--only`: {} and {} more",
            shown.join(", "),
            more - SHOWN
        ),
        _ => format!("; name one with `--only`: {}", list(shown)),
    }
}
