//! What was asked for and what became of it → lines that outlive the process, and what the next one
//! learns from them.

mod earlier;
mod file;
mod journal;
mod log;
#[cfg(test)]
mod tests;
mod unfinished;

pub use earlier::Earlier;
pub use file::AuditFile;
pub use journal::{Intent, Journal, NoJournal, Unfinished, Who};
pub use log::AuditLog;
