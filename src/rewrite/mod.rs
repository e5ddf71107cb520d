//! A connector file → the same one tidied, or brought up to date.

mod diff;
mod migrate;
mod same;
mod tidy;

pub use diff::unified;
pub use migrate::{Migrated, Migration, migrate};
pub use tidy::{Untidy, tidy};
