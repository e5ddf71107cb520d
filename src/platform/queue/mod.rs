//! The queue: tasks that people ask for → leases for connectors, and how each task ended.
//!
//! A task is `pending` until a connector asks for one; then it is `leased` to that connector's host
//! for some time, which heartbeats extend. Who holds a task, and nobody else, may answer it and
//! upload files for it. A lease that ran out, or a failure that may pass, makes it `pending` again;
//! `done`, `failed` and `cancelled` are the ends, of which every task has one.
//!
//! Everything is a transaction on the database, so that whoever is killed loses nothing that was
//! acknowledged. Each transition appends to the history.

mod answer;
mod hold;
mod put;
mod refusal;
mod state;
mod take;
mod upload;
mod view;

use super::database::Database;
use super::settings::Timing;

pub use put::Cancelled;
pub use refusal::Refusal;
pub use state::{Event, State};
pub use upload::{Upload, UploadKind};
pub use view::{Entry, TaskRecord};

/// The tasks of a platform. Cheap to clone; its calls block.
#[derive(Debug, Clone)]
pub struct Queue {
    database: Database,
    timing: Timing,
}

/// Who asks for tasks: a host of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worker<'w> {
    /// The client id.
    pub client: &'w str,
    /// The host, as it names itself.
    pub host: &'w str,
}

impl Queue {
    pub(super) fn new(database: Database, timing: Timing) -> Self {
        Self { database, timing }
    }
}
