//! What kinds of tasks there are, as people and programs name them.

use crate::proto::connectorapi::baton::v1::Task;
use crate::proto::connectorapi::baton::v1::task::TaskType;

/// Which way through a connector a task takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Hours may pass: one at a time, and nothing else waits for it.
    Sync,
    /// Everything else: several side by side.
    Short,
}

/// The name of a task's kind: that of its field in the protocol. `unknown` where it has none, or one
/// of a newer protocol.
pub fn name(task: &Task) -> &'static str {
    match &task.task_type {
        None => "unknown",
        Some(TaskType::None(_)) => "none",
        Some(TaskType::Hello(_)) => "hello",
        Some(TaskType::SyncFull(_)) => "sync_full",
        Some(TaskType::Grant(_)) => "grant",
        Some(TaskType::Revoke(_)) => "revoke",
        Some(TaskType::CreateAccount(_)) => "create_account",
        Some(TaskType::CreateResource(_)) => "create_resource",
        Some(TaskType::DeleteResource(_)) => "delete_resource",
        Some(TaskType::RotateCredentials(_)) => "rotate_credentials",
        Some(TaskType::EventFeed(_)) => "event_feed",
        Some(TaskType::CreateTicketTask(_)) => "create_ticket_task",
        Some(TaskType::ListTicketSchemas(_)) => "list_ticket_schemas",
        Some(TaskType::GetTicket(_)) => "get_ticket",
        Some(TaskType::BulkCreateTickets(_)) => "bulk_create_tickets",
        Some(TaskType::BulkGetTickets(_)) => "bulk_get_tickets",
        Some(TaskType::ActionListSchemas(_)) => "action_list_schemas",
        Some(TaskType::ActionGetSchema(_)) => "action_get_schema",
        Some(TaskType::ActionInvoke(_)) => "action_invoke",
        Some(TaskType::ActionStatus(_)) => "action_status",
        Some(TaskType::CreateSyncDiff(_)) => "create_sync_diff",
        Some(TaskType::CompactSyncs(_)) => "compact_syncs",
        Some(TaskType::ListEventFeeds(_)) => "list_event_feeds",
        Some(TaskType::ListEvents(_)) => "list_events",
        Some(TaskType::IssueCredential(_)) => "issue_credential",
    }
}

/// Which way a task takes.
pub fn lane(task: &Task) -> Lane {
    match &task.task_type {
        Some(TaskType::SyncFull(_)) => Lane::Sync,
        _ => Lane::Short,
    }
}
