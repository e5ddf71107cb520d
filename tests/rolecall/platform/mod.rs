//! The local platform: its queue, its service, its commands.

pub mod caller;
mod commands;
mod processes;
mod queue;
mod service;
pub mod site;
mod token;
mod uploads;

use rolecall::proto::connectorapi::baton::v1::Task;
use rolecall::proto::connectorapi::baton::v1::task::{
    ActionListSchemasTask, HelloTask, SyncFullTask, TaskType,
};

/// A task that takes long.
pub fn sync() -> Task {
    task(TaskType::SyncFull(SyncFullTask::default()))
}

/// A task that does not.
pub fn short() -> Task {
    task(TaskType::ActionListSchemas(ActionListSchemasTask::default()))
}

pub fn hello() -> Task {
    task(TaskType::Hello(HelloTask::default()))
}

fn task(kind: TaskType) -> Task {
    Task {
        task_type: Some(kind),
        ..Default::default()
    }
}
