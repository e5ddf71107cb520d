//! Why a sync was not delivered → the failure that the platform is told.

use tonic::Code;

use crate::c1z::C1zError;
use crate::causes::in_one_line;
use crate::daemon::Failure;
use crate::source::SourceError;
use crate::sync::{Report, SyncError};

/// What is noted of a resource that was looked for and is not there.
const MISSING: &str = "missing-target";

/// A sync that gave up. The next attempt goes on with what was found, so most may pass.
pub(super) fn of_sync(error: &SyncError) -> Failure {
    let message = in_one_line(error);
    let code = match error {
        SyncError::Interrupted => {
            return Failure::retryable(Code::Cancelled, "cancelled: the sync was interrupted");
        }
        // No attempt would do better.
        SyncError::NothingMapped { .. } => {
            return Failure::lasting(Code::FailedPrecondition, message);
        }
        SyncError::Source { source, .. } | SyncError::Connect { source, .. } => of_source(source),
        SyncError::Mapping { .. } => Code::FailedPrecondition,
        SyncError::TooManyWarnings { .. } => Code::Aborted,
        SyncError::Sink(sink) => sink.0.downcast_ref().map_or(Code::Internal, code_of_file),
    };
    Failure::retryable(code, message)
}

fn of_source(error: &SourceError) -> Code {
    match error.is_transient() {
        true => Code::Unavailable,
        false => Code::Unknown,
    }
}

/// A sync file that could not be written.
pub(super) fn of_file(error: &C1zError) -> Failure {
    Failure::retryable(code_of_file(error), in_one_line(error))
}

fn code_of_file(error: &C1zError) -> Code {
    match error {
        C1zError::NoRoom { .. } => Code::ResourceExhausted,
        C1zError::InUse { .. } => Code::Aborted,
        _ => Code::Internal,
    }
}

/// A sync of single resources, none of which is there.
pub(super) fn nothing_found(report: &Report, targets: usize) -> Option<Failure> {
    let (_, missing) = report.findings.iter().find(|(code, _)| *code == MISSING)?;
    if missing.count < targets as u64 {
        return None;
    }
    let missing = missing.examples.join("; ");
    Some(Failure::lasting(Code::NotFound, missing))
}

/// A sync that may lack something: the platform would take what is missing for gone. That a single
/// resource was looked for and is not there is no such thing.
pub(super) fn partial(report: &Report) -> Option<Failure> {
    let reasons = report.findings.iter();
    let reasons = reasons.filter(|(code, found)| found.partial && *code != MISSING);
    let reasons = reasons.map(|(code, found)| match found.examples.first() {
        Some(example) => format!("{code} ({}): {example}", found.count),
        None => format!("{code} ({})", found.count),
    });
    let reasons: Vec<_> = reasons.collect();
    let message = format!(
        "the sync may lack something, so it is not uploaded (`--partial-syncs upload` does): {}",
        reasons.join("; ")
    );
    (!reasons.is_empty()).then(|| Failure::retryable(Code::Aborted, message))
}

/// Runs what waits for the disk.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let span = tracing::Span::current();
    let ran = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    ran.map_err(|_| Failure::retryable(Code::Internal, "a fault of the program ended the sync"))
}
