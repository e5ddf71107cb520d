//! A task of the platform → what this connector does about it, and the answer. One file per kind.

mod account;
mod action;
mod action_schema;
mod change;
mod connector;
mod credential;
mod event;
mod events;
mod failure;
mod grant;
mod kept;
mod making;
mod message;
mod resource;
mod rotation;
mod run;
mod sync;
mod sync_failure;
mod sync_scope;
mod unsupported;

pub use connector::{Connector, PartialSyncs, Syncs};
pub use run::{Deliver, run};
