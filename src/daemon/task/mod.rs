//! A task of the platform → what this connector does about it, and the answer. One file per kind.

mod connector;
mod run;

pub use connector::{Connector, PartialSyncs, Syncs};
pub use run::{Deliver, run};
