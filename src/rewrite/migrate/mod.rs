//! Old shapes of the language → the present ones, each change with its reason.

mod dead;
mod has;
mod keys;
mod lists;
mod oldest;
mod round;
mod sections;
mod text;
mod traits;
mod vars;

pub use round::{Migrated, migrate};

use crate::diagnostic::Edit;

/// A change of a file that brings it up to date.
#[derive(Debug, Clone, PartialEq)]
pub struct Migration {
    /// Where it begins: the line, from 1, in the file as it was before the changes that were made
    /// along with this one.
    pub line: usize,
    /// Why: one sentence, lower case, no full stop.
    pub reason: String,
    /// What is changed.
    pub(in crate::rewrite) edits: Vec<Edit>,
}
