//! What went wrong with a request, as those see it who may try again.

use std::time::Instant;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::retry::LONGEST_WAIT;
use crate::source::SourceError;

/// A failure, with the status where an answer came.
#[derive(Debug)]
pub(in crate::source::http) struct Failure {
    pub error: SourceError,
    pub status: Option<StatusCode>,
    /// When the request went out, with its credentials, that was answered so.
    pub sent: Option<Instant>,
    /// The headers of the answer.
    pub headers: Box<HeaderMap>,
    /// The beginning of its body, where an answer came.
    pub body: Option<Vec<u8>>,
    /// False when the request surely was not obeyed: it did not reach the API, or only its login.
    pub arrived: bool,
}

impl Failure {
    /// A failure after the request may have reached the API.
    pub fn lost(error: SourceError) -> Self {
        Self {
            arrived: true,
            ..error.into()
        }
    }

    /// Whether the API may have obeyed the request. Statuses from 400 to 499 say that it did not,
    /// except for the one that says that it gave up waiting.
    pub fn may_be_obeyed(&self) -> bool {
        match self.status {
            Some(status) if status.is_client_error() => status == StatusCode::REQUEST_TIMEOUT,
            Some(_) | None => self.arrived,
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self {
            error,
            status: None,
            sent: None,
            headers: Box::default(),
            body: None,
            arrived: false,
        }
    }
}

/// Says how long the API wants to be left alone, where that is longer than we wait.
pub(super) fn too_long(mut failure: Failure) -> Failure {
    if let SourceError::Status {
        detail,
        retry_after: Some(asked),
        ..
    } = &mut failure.error
        && *asked > LONGEST_WAIT
    {
        let minutes = asked.as_secs().div_ceil(60);
        detail.push_str(&format!(
            "; it asks to be left alone for {minutes} minutes: run again then"
        ));
    }
    failure
}
