//! A tree of sections with comments → YAML text, whose scalars read back as what they were.
//!
//! Names and descriptions come from documents of strangers: whatever they hold, it stays one scalar or
//! one comment.

mod comment;
mod scalar;
mod tree;
mod write;

#[cfg(test)]
mod tests;

pub use tree::{Entry, Item, Section, Yaml};
pub use write::document;
