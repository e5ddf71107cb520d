//! How a command ended: the exit codes that scripts rely on.

use std::error::Error;
use std::process::ExitCode;

use crate::feed::FeedError;
use crate::provision::{self, AskError, StepState, Verdict};
use crate::source::SourceError;
use crate::sync::SyncError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done.
    Done,
    /// The run failed.
    Failed,
    /// The config or the command line is wrong.
    Wrong,
    /// Done, but something may be missing; of a change, some steps were made and others were not.
    Partial,
    /// Whether a change was made is not known.
    Unclear,
    /// The connector file says that a change must not be made.
    Refused,
    /// Something that is named does not exist.
    NotFound,
    /// A statement changed no row or too many.
    WrongRows,
    /// The run failed: it was asked to stop.
    Interrupted,
    /// The run failed: the system was not reached, or has no time.
    Unreachable,
    /// The run failed: the system took too long.
    TooSlow,
    /// The run failed: the system was asked too much.
    Throttled,
    /// The run failed: the system does not accept the credentials.
    NotKnown,
    /// The run failed: the system does not allow it.
    NotAllowed,
    /// A value on the command line is wrong.
    WrongArgument,
    /// The connector file does not say how it is done.
    NotOffered,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(match outcome {
            Outcome::Done => 0,
            Outcome::Failed
            | Outcome::Interrupted
            | Outcome::Unreachable
            | Outcome::TooSlow
            | Outcome::Throttled
            | Outcome::NotKnown
            | Outcome::NotAllowed => 1,
            Outcome::Wrong | Outcome::WrongArgument | Outcome::NotOffered => 2,
            Outcome::Partial => 3,
            Outcome::Unclear => 4,
            Outcome::Refused => 5,
            Outcome::NotFound => 6,
            Outcome::WrongRows => 7,
        })
    }
}

impl Outcome {
    /// The end of a run that failed with an error, which may say more than that it failed.
    pub(super) fn of_failure(error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(SyncError::Interrupted) = error.downcast_ref() {
                return Outcome::Interrupted;
            }
            if let Some(source) = source_error(error) {
                return Self::of_source(source);
            }
            cause = error.source();
        }
        Outcome::Failed
    }

    /// The end of a command that was asked for something wrong.
    pub(super) fn of_asked(error: &AskError) -> Self {
        match error {
            AskError::Busy(_) => Outcome::Failed,
            AskError::Unknown { .. } => Outcome::NotFound,
            AskError::NotOffered { .. } => Outcome::NotOffered,
            AskError::Argument(_) => Outcome::WrongArgument,
            AskError::Source(source) => Self::of_source(source),
        }
    }

    /// The end of a change.
    pub(super) fn of_change(outcome: &provision::Outcome) -> Self {
        match outcome.verdict {
            Verdict::Made | Verdict::AlreadySo => Outcome::Done,
            Verdict::Failed => {
                let mut steps = outcome.steps.iter().rev();
                let failed = steps.find(|step| step.state == StepState::Failed);
                match failed.and_then(|step| step.status) {
                    // What is not there is a part of the change, not what was named.
                    Some(404 | 410) | None => Outcome::Failed,
                    Some(status) => Self::of_status(status),
                }
            }
            Verdict::HalfDone => Outcome::Partial,
            Verdict::Unclear => Outcome::Unclear,
            Verdict::Refused => Outcome::Refused,
            Verdict::WrongRows => Outcome::WrongRows,
        }
    }

    fn of_source(error: &SourceError) -> Self {
        match error {
            SourceError::Unreachable { .. } => Outcome::Unreachable,
            SourceError::Refused { .. } => Outcome::NotKnown,
            SourceError::Status { status, .. } => {
                let number = status.split(' ').next().and_then(|text| text.parse().ok());
                number.map_or(Outcome::Failed, Self::of_status)
            }
            SourceError::PreRequest { cause, .. } => Self::of_source(cause),
            SourceError::Failed { .. } | SourceError::Query { .. } if error.is_transient() => {
                Outcome::Unreachable
            }
            _ => Outcome::Failed,
        }
    }

    fn of_status(status: u16) -> Self {
        match status {
            401 => Outcome::NotKnown,
            403 => Outcome::NotAllowed,
            408 | 504 => Outcome::TooSlow,
            429 => Outcome::Throttled,
            500.. => Outcome::Unreachable,
            _ => Outcome::Failed,
        }
    }
}

/// The error of a source, also where it is kept in a box.
fn source_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e SourceError> {
    error
        .downcast_ref()
        .or_else(|| error.downcast_ref::<Box<SourceError>>().map(AsRef::as_ref))
        .or_else(|| match error.downcast_ref() {
            Some(FeedError::Source { error, .. }) => Some(error.as_ref()),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    fn refused() -> SourceError {
        SourceError::Refused {
            system: "acme.test".to_owned(),
            reason: "no".to_owned(),
        }
    }

    /// What a failure is, wherever in its causes that stands.
    #[test]
    fn a_failure_is_known_by_its_causes() {
        let connecting = SyncError::Connect {
            system: "Acme".to_owned(),
            source: Box::new(refused()),
        };
        let of = |error: anyhow::Error| Outcome::of_failure(error.as_ref());
        assert_eq!(of(connecting.into()), Outcome::NotKnown);
        assert_eq!(of(SyncError::Interrupted.into()), Outcome::Interrupted);
        let before = SourceError::PreRequest {
            name: "login".to_owned(),
            cause: Box::new(refused()),
        };
        let listing = FeedError::Source {
            source_name: "users".to_owned(),
            error: Box::new(before),
        };
        let listing = Err::<(), _>(listing).context("listing events");
        assert_eq!(of(listing.unwrap_err()), Outcome::NotKnown);
        assert_eq!(of(anyhow::anyhow!("a disk")), Outcome::Failed);
    }

    #[test]
    fn every_end_has_an_exit_code_of_this_program() {
        // The finer ones say nothing new to scripts of this program.
        for outcome in [
            Outcome::Interrupted,
            Outcome::Unreachable,
            Outcome::TooSlow,
            Outcome::Throttled,
            Outcome::NotKnown,
            Outcome::NotAllowed,
        ] {
            assert_eq!(ExitCode::from(outcome), ExitCode::from(Outcome::Failed));
        }
        for outcome in [Outcome::WrongArgument, Outcome::NotOffered] {
            assert_eq!(ExitCode::from(outcome), ExitCode::from(Outcome::Wrong));
        }
    }
}
