//! What is asked for and cannot be done, with the exit code that says so.

use tonic::Code;

/// Why nothing is done.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) struct Refusal {
    /// Its class; its number is the exit code.
    pub code: Code,
    /// One sentence for people.
    pub message: String,
}

impl Refusal {
    /// The command line, a variable or the file of settings is wrong.
    pub fn wrong(message: impl Into<String>) -> Self {
        Self::of(Code::Unknown, message)
    }

    /// Refused with a class.
    pub fn of(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}
