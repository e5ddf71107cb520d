//! A task → the file that runs its kind.

use std::path::Path;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::Connector;
use crate::daemon::{Answer, Failure};
use crate::proto::connectorapi::baton::v1::Task;

/// Takes files to whoever gave the task.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// Delivers a file that belongs to a task. What cannot be delivered now may be later: the file
    /// stays.
    async fn deliver(&self, task_id: &str, file: &Path) -> Result<(), Failure>;
}

/// Runs a task to its end. `cancel` asks syncs to stop; changes of the system are not broken off.
pub async fn run(
    _connector: &Connector,
    _task: &Task,
    _to: &dyn Deliver,
    _cancel: &CancellationToken,
) -> Answer {
    Failure::lasting(Code::Unimplemented, "unsupported task type").into()
}
