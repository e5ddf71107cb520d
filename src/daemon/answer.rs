//! How a task ended → what the platform is told.

use prost::{Message, Name};
use prost_types::Any;
use tonic::Code;

use crate::proto::connectorapi::baton::v1::BatonServiceFinishTaskRequest;
use crate::proto::connectorapi::baton::v1::baton_service_finish_task_request::{
    Error, FinalState, Success,
};
use crate::proto::google::rpc::Status;

/// The longest message that is told; what a system says may be very long.
const LONGEST_MESSAGE: usize = 8 << 10;

/// How a task ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// As it should.
    Done(Success),
    /// Otherwise.
    Failed(Failure),
}

/// Why a task failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Its class, by the codes of gRPC.
    pub code: Code,
    /// One sentence for people; never holds a secret.
    pub message: String,
    /// Whether the same task may succeed later. The platform does not hand out again what may not.
    pub retryable: bool,
    /// More about it, for programs: `google.rpc.ErrorInfo` …
    pub details: Vec<Any>,
    /// What is told besides.
    pub annotations: Vec<Any>,
}

impl Answer {
    /// Done, with the protocol's message of what came of it.
    pub fn with<M: Message + Name>(response: &M, annotations: Vec<Any>) -> Self {
        Answer::Done(Success {
            annotations,
            response: Some(pack(response)),
        })
    }

    /// Done, with nothing to tell.
    pub fn done() -> Self {
        Answer::Done(Success::default())
    }

    /// The code of the end; `Ok` for one as it should be.
    pub fn code(&self) -> Code {
        match self {
            Answer::Done(_) => Code::Ok,
            Answer::Failed(failure) => failure.code,
        }
    }

    /// What is sent to the platform.
    pub fn request(&self, host_id: &str, task_id: &str) -> BatonServiceFinishTaskRequest {
        let (status, state) = match self {
            Answer::Done(success) => (None, FinalState::Success(success.clone())),
            Answer::Failed(failure) => (
                Some(Status {
                    code: failure.code.into(),
                    message: failure.message.clone(),
                    details: failure.details.clone(),
                }),
                FinalState::Error(Error {
                    non_retryable: !failure.retryable,
                    annotations: failure.annotations.clone(),
                    response: None,
                }),
            ),
        };
        BatonServiceFinishTaskRequest {
            host_id: host_id.to_owned(),
            task_id: task_id.to_owned(),
            status,
            final_state: Some(state),
        }
    }
}

impl Failure {
    /// A failure that may pass.
    pub fn retryable(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: shortened(message.into()),
            retryable: true,
            details: Vec::new(),
            annotations: Vec::new(),
        }
    }

    /// A failure that stays.
    pub fn lasting(code: Code, message: impl Into<String>) -> Self {
        Self {
            retryable: false,
            ..Self::retryable(code, message)
        }
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        Answer::Failed(failure)
    }
}

/// A message as annotations and responses hold it.
pub fn pack<M: Message + Name>(message: &M) -> Any {
    Any {
        type_url: M::type_url(),
        value: message.encode_to_vec(),
    }
}

fn shortened(mut message: String) -> String {
    if message.len() > LONGEST_MESSAGE {
        let end = message.floor_char_boundary(LONGEST_MESSAGE);
        message.truncate(end);
        message.push('…');
    }
    message
}
