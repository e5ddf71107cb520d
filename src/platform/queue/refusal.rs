//! Why the queue does not do what a connector asks for.

use tonic::{Code, Status};

use super::State;
use crate::causes::in_one_line;
use crate::platform::PlatformError;

/// Why a call about a task is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such task, or it is another client's.
    #[error("there is no task `{0}` for this client")]
    Unknown(String),
    /// It ended.
    #[error("the task `{task}` is {} already", .state.as_str())]
    Ended {
        /// Its id.
        task: String,
        /// How.
        state: State,
    },
    /// Somebody else has it, or nobody.
    #[error("the task `{0}` is not leased to this host (any more)")]
    NotHeld(String),
    /// A hello does not answer it.
    #[error("the task `{0}` is no hello task")]
    NotHello(String),
    /// The platform itself.
    #[error(transparent)]
    Platform(#[from] PlatformError),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Refusal::Platform(error.into())
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::Unknown(_) => Code::NotFound,
            Refusal::Ended { .. } | Refusal::NotHeld(_) | Refusal::NotHello(_) => {
                Code::FailedPrecondition
            }
            Refusal::Platform(error) => {
                // What is wrong here is not the connector's, and nobody's but the owner's to know.
                tracing::error!(error = %in_one_line(error), "the platform failed");
                return Status::unavailable("the platform cannot do that now");
            }
        };
        Status::new(code, refusal.to_string())
    }
}
