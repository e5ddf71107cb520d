//! What is wrong with what somebody asks for, found before anything is sent.

use crate::diagnostic::{list, nearest};

/// A change that cannot even be tried.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It names something that there is not.
    #[error("there is no {what} `{name}`{hint}")]
    Unknown {
        /// What it should be: `entitlement`, `resource type` …
        what: &'static str,
        /// What was named.
        name: String,
        /// What may have been meant, after a semicolon; may be empty.
        hint: String,
    },
    /// The connector file does not say how it is done.
    #[error("{what} is not possible: {reason}")]
    NotOffered {
        /// What was asked for, for example ``granting `team:1:member` ``.
        what: String,
        /// What is missing, and the way out.
        reason: String,
    },
    /// An argument is missing, is too much, or is no value of its kind.
    #[error("{0}")]
    Argument(String),
    /// There is no room for it now.
    #[error("{0}")]
    Busy(String),
    /// An expression or a template of the change fails on these values.
    #[error(transparent)]
    Source(#[from] crate::source::SourceError),
}

impl AskError {
    /// Something unknown, with the nearest of what there is.
    pub fn unknown<'n>(
        what: &'static str,
        name: &str,
        known: impl Iterator<Item = &'n str> + Clone,
    ) -> Self {
        let hint = match nearest(name, known.clone()) {
            Some(meant) => format!("; did you mean `{meant}`?"),
            None => match known.collect::<Vec<_>>().as_slice() {
                [] => String::new(),
                known => format!("; there are {}", list(known)),
            },
        };
        AskError::Unknown {
            what,
            name: name.to_owned(),
            hint,
        }
    }

    /// Whether it is about something that there is not.
    pub fn is_not_found(&self) -> bool {
        matches!(self, AskError::Unknown { .. })
    }
}
