//! Syncs that are there → one that is made of their rows: the difference between two, or several put
//! together.

mod compact;
mod diff;
mod fresh;
mod merge;

pub use compact::{Compacted, compact};
pub use diff::{Diffed, add_diff};
