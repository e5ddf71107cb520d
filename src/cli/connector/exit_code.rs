//! How a command ended → the exit code of a Go connector, which is the number of a gRPC status.

use std::process::ExitCode;

use tonic::Code;

use crate::cli::Outcome;

/// The exit code of a class.
pub(super) fn of(code: Code) -> ExitCode {
    ExitCode::from(u8::try_from(i32::from(code)).unwrap_or(u8::MAX))
}

/// The class of an end. What only reads and may lack something still is a success for those who call
/// such a connector.
pub(super) fn code_of(outcome: Outcome, only_reads: bool) -> Code {
    match outcome {
        Outcome::Done => Code::Ok,
        Outcome::Partial if only_reads => Code::Ok,
        // Some steps of a change were made, others were not.
        Outcome::Partial => Code::Aborted,
        Outcome::Failed | Outcome::Wrong | Outcome::Unclear => Code::Unknown,
        Outcome::Refused | Outcome::WrongRows => Code::FailedPrecondition,
        Outcome::NotFound => Code::NotFound,
        Outcome::Interrupted => Code::Cancelled,
        Outcome::WrongArgument => Code::InvalidArgument,
        Outcome::NotOffered => Code::Unimplemented,
        Outcome::TooSlow => Code::DeadlineExceeded,
        Outcome::Unreachable => Code::Unavailable,
        Outcome::Throttled => Code::ResourceExhausted,
        Outcome::NotKnown => Code::Unauthenticated,
        Outcome::NotAllowed => Code::PermissionDenied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_have_the_numbers_of_grpc() {
        let ends = [
            (Outcome::Done, false, 0),
            (Outcome::Partial, true, 0),
            (Outcome::Interrupted, true, 1),
            (Outcome::Failed, true, 2),
            (Outcome::Wrong, true, 2),
            (Outcome::Unclear, false, 2),
            (Outcome::WrongArgument, false, 3),
            (Outcome::TooSlow, true, 4),
            (Outcome::NotFound, false, 5),
            (Outcome::NotAllowed, true, 7),
            (Outcome::Throttled, true, 8),
            (Outcome::Refused, false, 9),
            (Outcome::WrongRows, false, 9),
            (Outcome::Partial, false, 10),
            (Outcome::NotOffered, false, 12),
            (Outcome::Unreachable, true, 14),
            (Outcome::NotKnown, true, 16),
        ];
        for (outcome, only_reads, number) in ends {
            assert_eq!(code_of(outcome, only_reads) as i32, number, "{outcome:?}");
        }
    }
}
