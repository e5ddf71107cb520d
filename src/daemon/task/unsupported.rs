//! Tasks that no connector file has a word for.

use tonic::Code;

use crate::daemon::Failure;
use crate::proto::connectorapi::baton::v1::Task;
use crate::proto::connectorapi::baton::v1::task::TaskType;
use crate::protocol::task_kind;

/// Why a task is not run. One of a kind that this program does not know may be run by a newer one: the
/// platform may hand it out again.
pub(super) fn unsupported(task: &Task) -> Failure {
    let why = match &task.task_type {
        None => {
            let message = "unsupported task type: it has none, or one of a newer protocol";
            return Failure::retryable(Code::Unknown, message);
        }
        Some(
            TaskType::CreateTicketTask(_)
            | TaskType::ListTicketSchemas(_)
            | TaskType::GetTicket(_)
            | TaskType::BulkCreateTickets(_)
            | TaskType::BulkGetTickets(_),
        ) => "connector files have no tickets",
        Some(TaskType::IssueCredential(_)) => {
            "connector files set passwords, and issue no other credentials"
        }
        Some(TaskType::CreateSyncDiff(_) | TaskType::CompactSyncs(_)) => {
            "sync files are compared and compacted where they are: by `rolecall connector --diff-syncs` and `--compact-syncs`"
        }
        Some(_) => "nothing is to be done for it",
    };
    let kind = task_kind(task);
    Failure::lasting(
        Code::Unimplemented,
        format!("unsupported task type `{kind}`: {why}"),
    )
}
