//! What running the steps of a change came to, before anybody looks at the system again.

use super::outcome::{Annotation, StepReport};
use crate::expr::Inputs;

/// How the steps of a change ended.
#[derive(Debug)]
pub(super) struct Stepped {
    pub steps: Vec<StepReport>,
    pub end: End,
    pub annotations: Vec<Annotation>,
    /// What they brought: `response` and `headers` of the last answer, `row` of the last statement.
    pub brought: Inputs,
}

/// How the steps of a change ended. Texts are sentences for people, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The system was changed.
    Made,
    /// There was nothing left to do.
    AlreadySo,
    /// The file says that it must not be made: `reject_if`, a validation without rows.
    Refused(String),
    /// No row was changed, or too many; undone where that is possible.
    WrongRows(String),
    /// It failed, and nothing was changed.
    Failed(String),
    /// It failed in the middle.
    HalfDone(String),
    /// Sent, but nobody knows what became of it: only the system can tell.
    Unclear(String),
    /// As `Unclear`, of one of several steps: that the system does not show what is asked for does not
    /// mean that nothing was changed.
    UnclearAmong {
        /// What happened, what was done before, and what was not.
        why: String,
        /// True when another step was made for certain.
        made: bool,
    },
    /// The answer may mean that nothing was left to do: only the system can tell. Otherwise it failed
    /// and changed nothing.
    PerhapsAlreadySo(String),
}

impl Stepped {
    /// An end without any step.
    pub fn nothing(end: End) -> Self {
        Self {
            steps: Vec::new(),
            end,
            annotations: Vec::new(),
            brought: Inputs::new(),
        }
    }
}
