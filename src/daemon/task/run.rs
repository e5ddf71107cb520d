//! A task → the file that runs its kind.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::change::Delivery;
use super::failure::malformed;
use super::unsupported::unsupported;
use super::{Connector, account, action, events, grant, resource, rotation, sync};
use crate::daemon::{Answer, Failure, Parcel};
use crate::proto::connectorapi::baton::v1::Task;
use crate::proto::connectorapi::baton::v1::task::TaskType;

/// The most characters of the id of a task.
const LONGEST_ID: usize = 64;

/// Takes files to whoever gave the task.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// Delivers a file that belongs to a task, also while it is still being written. What cannot be
    /// delivered now may be later: the file stays.
    async fn deliver(&self, task_id: &str, parcel: &Parcel) -> Result<(), Failure>;
}

/// Runs a task to its end. `came_before`: it was handed out to this connector before. `cancel` asks syncs to stop; changes of the system are not broken off.
pub async fn run(
    connector: &Connector,
    task: &Task,
    came_before: bool,
    to: &dyn Deliver,
    cancel: &CancellationToken,
) -> Answer {
    let delivery = Delivery {
        id: &task.id,
        came_before,
    };
    let ran = match checked(task, cancel) {
        Ok(()) => dispatch(connector, task, &delivery, to, cancel).await,
        Err(failure) => Err(failure),
    };
    ran.unwrap_or_else(Answer::Failed)
}

/// Refuses a task whose id could not be the name of a file, and one that is cancelled already.
fn checked(task: &Task, cancel: &CancellationToken) -> Result<(), Failure> {
    let is_plain = |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !(1..=LONGEST_ID).contains(&task.id.len()) || !is_plain(&task.id) {
        return Err(malformed(
            "the id of the task is not made of letters and digits",
        ));
    }
    match cancel.is_cancelled() {
        true => Err(Failure::retryable(
            Code::Cancelled,
            "the task was cancelled before it began",
        )),
        false => Ok(()),
    }
}

async fn dispatch(
    connector: &Connector,
    task: &Task,
    delivery: &Delivery<'_>,
    to: &dyn Deliver,
    cancel: &CancellationToken,
) -> Result<Answer, Failure> {
    match &task.task_type {
        // Nothing is to be done: whoever fetches tasks says hello.
        Some(TaskType::None(_) | TaskType::Hello(_)) => Ok(Answer::done()),
        Some(TaskType::SyncFull(what)) => sync::sync(connector, task, what, to, cancel).await,
        Some(TaskType::Grant(task)) => grant::grant(connector, delivery, task).await,
        Some(TaskType::Revoke(task)) => grant::revoke(connector, delivery, task).await,
        Some(TaskType::CreateAccount(task)) => account::create(connector, delivery, task).await,
        Some(TaskType::CreateResource(task)) => resource::create(connector, delivery, task).await,
        Some(TaskType::DeleteResource(task)) => resource::delete(connector, delivery, task).await,
        Some(TaskType::RotateCredentials(task)) => {
            rotation::rotate(connector, delivery, task).await
        }
        Some(TaskType::ActionListSchemas(task)) => action::list(connector, task),
        Some(TaskType::ActionGetSchema(task)) => action::schema(connector, task),
        Some(TaskType::ActionInvoke(task)) => action::invoke(connector, delivery, task).await,
        Some(TaskType::ActionStatus(task)) => action::status(connector, task),
        Some(TaskType::EventFeed(task)) => events::begin(connector, task).await,
        Some(TaskType::ListEventFeeds(_)) => Ok(events::list_feeds(connector)),
        Some(TaskType::ListEvents(task)) => events::list(connector, task).await,
        _ => Err(unsupported(task)),
    }
}
