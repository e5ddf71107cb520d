//! What went wrong → the failure that the platform is told: its class, and whether the same task may
//! succeed later.

use std::collections::BTreeMap;
use std::io;

use tonic::Code;

use crate::causes::in_one_line;
use crate::daemon::{Failure, pack};
use crate::proto::google::rpc::ErrorInfo;
use crate::provision::{AskError, Outcome, StepState, Verdict};
use crate::source::SourceError;

/// The reason by which platforms know a grant that the connector file refuses.
const CANCELLED: &str = "grant_cancelled";
/// Who gives that reason a meaning.
const CANCELLED_BY: &str = "github.com/conductorone/baton-sdk";

/// A task that lacks something, or has what is no value of its kind.
pub(super) fn malformed(message: impl Into<String>) -> Failure {
    Failure::lasting(Code::InvalidArgument, message)
}

/// A change, where none are allowed.
pub(super) fn not_provisioning(what: &str) -> Failure {
    Failure::lasting(
        Code::Unimplemented,
        format!(
            "{what} would change the system, and this connector was started without `--provisioning`"
        ),
    )
}

/// A change that could not even be tried.
pub(super) fn asked(error: &AskError) -> Failure {
    match error {
        AskError::Unknown { .. } => Failure::lasting(Code::NotFound, error.to_string()),
        AskError::NotOffered { .. } => Failure::lasting(Code::Unimplemented, error.to_string()),
        AskError::Argument(_) => malformed(error.to_string()),
        AskError::Busy(_) => Failure::retryable(Code::ResourceExhausted, error.to_string()),
        AskError::Source(source) => of_source(source),
    }
}

/// The system did not answer, or not what was expected; nothing was changed.
pub(super) fn of_source(error: &SourceError) -> Failure {
    match error.is_transient() {
        true => Failure::retryable(Code::Unavailable, in_one_line(error)),
        false => Failure::lasting(Code::FailedPrecondition, in_one_line(error)),
    }
}

/// A change of which nothing was sent, since the audit file could not be written.
pub(super) fn unwritten(error: &io::Error) -> Failure {
    Failure::retryable(Code::Internal, format!("nothing was sent: {error}"))
}

/// The failure of a change that was not made, or not wholly; `None` where it is so now.
///
/// Only what surely changed nothing, because the system had no time for it, is worth trying again:
/// for everything else, somebody has to look.
pub(super) fn of_outcome(outcome: &Outcome) -> Option<Failure> {
    let message = outcome.message.as_str();
    Some(match outcome.verdict {
        Verdict::Made | Verdict::AlreadySo => return None,
        Verdict::Refused => refused(outcome),
        Verdict::WrongRows => Failure::lasting(Code::FailedPrecondition, message),
        Verdict::Failed => not_made(outcome),
        Verdict::HalfDone => Failure::lasting(
            Code::Aborted,
            format!("only a part of the change was made: {message}"),
        ),
        Verdict::Unclear => Failure::lasting(
            Code::Unknown,
            format!("whether the change was made is not known: {message}"),
        ),
    })
}

fn refused(outcome: &Outcome) -> Failure {
    let mut failure = Failure::lasting(Code::FailedPrecondition, outcome.message.as_str());
    if outcome.operation == "grant" {
        failure.details.push(pack(&ErrorInfo {
            reason: CANCELLED.to_owned(),
            domain: CANCELLED_BY.to_owned(),
            metadata: BTreeMap::from([("reason".to_owned(), outcome.message.clone())]),
        }));
    }
    failure
}

fn not_made(outcome: &Outcome) -> Failure {
    let mut steps = outcome.steps.iter().rev();
    let failed = steps.find(|step| matches!(step.state, StepState::Failed | StepState::Unknown));
    let message = outcome.message.as_str();
    match failed.and_then(|step| step.status) {
        Some(429) => Failure::retryable(Code::ResourceExhausted, message),
        Some(502..=504) => Failure::retryable(Code::Unavailable, message),
        Some(400 | 422) => Failure::lasting(Code::InvalidArgument, message),
        Some(401) => Failure::lasting(Code::Unauthenticated, message),
        Some(403) => Failure::lasting(Code::PermissionDenied, message),
        Some(404 | 410) => Failure::lasting(Code::NotFound, message),
        Some(409) => Failure::lasting(Code::AlreadyExists, message),
        _ => Failure::lasting(Code::Unknown, message),
    }
}
