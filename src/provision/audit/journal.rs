//! What a change leaves behind for whoever makes the next one.

use std::io;

use serde::Serialize;

use super::super::outcome::{Outcome, Subject};
use super::super::planned::PlannedStep;

/// What is going to be sent.
#[derive(Debug, Serialize)]
pub struct Intent<'i> {
    /// Tells the same change asked for twice from any other.
    pub key: String,
    /// The system's name.
    pub connector: &'i str,
    /// `grant`, `revoke` …
    pub operation: &'static str,
    /// What it is about.
    pub subject: &'i Subject,
    /// The statements and requests, without secrets.
    pub sends: Vec<PlannedStep>,
}

/// An intent without an outcome, or with none that is clear: its run was killed, goes on somewhere
/// else, or never got an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// When it began.
    pub at: String,
}

/// Who asks for a change.
#[derive(Debug, Clone, Serialize)]
pub struct Who {
    /// The user of this machine.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// On whose behalf, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
}

/// Keeps what was asked for and what became of it.
pub trait Journal: Send {
    /// The last intent of the same change, where what became of it is not known.
    fn unfinished(&mut self, key: &str) -> io::Result<Option<Unfinished>>;

    /// Keeps an intent; returns its id. After that it outlives this process. Fails with
    /// [`io::ErrorKind::WouldBlock`] when somebody else began the same change since
    /// [`Journal::unfinished`] was asked.
    fn intent(&mut self, intent: &Intent<'_>) -> io::Result<String>;

    /// Keeps the outcome of an intent.
    fn outcome(&mut self, id: &str, outcome: &Outcome) -> io::Result<()>;
}

/// Keeps nothing.
#[derive(Debug, Default)]
pub struct NoJournal;

impl Journal for NoJournal {
    fn unfinished(&mut self, _: &str) -> io::Result<Option<Unfinished>> {
        Ok(None)
    }

    fn intent(&mut self, _: &Intent<'_>) -> io::Result<String> {
        Ok(String::new())
    }

    fn outcome(&mut self, _: &str, _: &Outcome) -> io::Result<()> {
        Ok(())
    }
}
