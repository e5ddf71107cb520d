//! One request → its answer: from the network, from the network with a recording, from a recording.

mod asked;
mod by_hand;
mod network;
mod record;
mod recording;
mod replay;
mod scrub;

pub use by_hand::same_request;
pub(in crate::source::http) use network::{Network, Timeouts, with_body};
pub(in crate::source::http) use record::Record;
pub use record::Recorder;
pub use recording::Exchange;
pub use replay::Replay;
pub(in crate::source::http) use scrub::carries_credential;

use super::tls;
use super::trouble::{TlsTrouble, told};
use crate::source::SourceError;
use crate::source::http::source::HttpSource;
use crate::source::redact::Redactor;

/// Brings answers to requests. Redirects, retries and credentials are settled elsewhere: what comes
/// in is what goes on the wire.
#[async_trait::async_trait]
pub(in crate::source::http) trait Transport:
    Send + Sync + std::fmt::Debug
{
    /// Sends a request and returns as soon as the head of the answer is there. The body fails with
    /// [`Broken`] where it breaks off.
    async fn send(
        &self,
        request: reqwest::Request,
        about: &About<'_>,
    ) -> Result<reqwest::Response, Undelivered>;
}

/// What a transport should know of a request besides what is sent.
pub(in crate::source::http) struct About<'a> {
    /// Who asks.
    pub source: &'a HttpSource,
    /// Knows the secrets that the request may hold.
    pub redactor: &'a Redactor,
    /// True when the request asks for credentials: then its answer is full of secrets.
    pub credentials: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(in crate::source::http) enum Undelivered {
    /// The connection broke, or never was.
    Broken(Broken),
    /// Nothing could be sent at all.
    Failed(SourceError),
}

/// A connection that broke, in our words.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub(in crate::source::http) struct Broken {
    /// What happened. Not yet without secrets.
    pub reason: String,
    /// Whether trying again may help.
    pub transient: bool,
    /// Whether it was we who gave up waiting.
    pub slow: bool,
    /// False when the request surely was not sent: there was no connection.
    pub sent: bool,
}

impl Broken {
    /// What the client says of a failure, without the URL, which may hold a secret.
    pub(in crate::source::http) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        loop {
            if let Some(broken) = cause.downcast_ref::<Broken>() {
                return broken.clone();
            }
            match cause.source() {
                Some(deeper) => cause = deeper,
                None => break,
            }
        }
        let reason = told(&error);
        // A certificate is as wrong in a minute as it is now.
        let certificate = TlsTrouble::of(&reason).map(tls::meaning);
        let permanent = certificate.is_some() || reason.contains("certificate");
        let transient = !error.is_builder() && !permanent;
        let reason = certificate.map_or(reason, str::to_owned);
        Self {
            reason,
            transient,
            slow: false,
            sent: !error.is_connect() && !error.is_builder(),
        }
    }

    fn too_slow(reason: String) -> Self {
        Self {
            reason,
            transient: true,
            slow: true,
            sent: true,
        }
    }
}
