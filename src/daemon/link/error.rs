//! A call that failed → its class, and a sentence that says what to do.

use std::error::Error;
use std::time::{Duration, SystemTime};

use prost::{Message as _, Name as _};
use tonic::{Code, Status};

use crate::proto::google::rpc::{RetryInfo, Status as Details};
use crate::source::Backoff;
use crate::source::http::{TlsTrouble, retry_after, told};

/// The longest that is repeated of what a platform says.
const LONGEST: usize = 2 << 10;
/// The longest that a platform is left alone because it asks for that.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
/// The shortest wait before a call is made again.
const SHORTEST_WAIT: Duration = Duration::from_millis(500);

/// Why a call of the platform has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RpcError {
    /// Its class, by the codes of gRPC.
    pub code: Code,
    /// One sentence for people; never holds a secret.
    pub message: String,
    /// How long the platform asks to be left alone, where it does, and five minutes at most.
    pub retry_after: Option<Duration>,
}

impl RpcError {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    pub(super) fn after(self, retry_after: Option<Duration>) -> Self {
        Self {
            retry_after: retry_after.map(|wait| wait.min(LONGEST_WAIT)),
            ..self
        }
    }

    /// How long to wait before the call is made again, after so many failures: as long as the platform
    /// asks for, else by `backoff`.
    pub(in crate::daemon) fn wait(&self, backoff: &Backoff, failures: u32) -> Duration {
        let wait = backoff.wait(failures).unwrap_or(backoff.longest);
        self.retry_after.unwrap_or(wait).max(SHORTEST_WAIT)
    }

    /// Whether the same call may succeed later, with nothing changed here.
    pub fn is_transient(&self) -> bool {
        !matches!(
            self.code,
            Code::Unauthenticated
                | Code::PermissionDenied
                | Code::InvalidArgument
                | Code::Unimplemented
                | Code::FailedPrecondition
                | Code::NotFound
        )
    }

    /// A request that got no answer from `place`.
    pub(super) fn unreached(place: &str, error: reqwest::Error) -> Self {
        let error = error.without_url();
        let reason = told(&error);
        let reason = match TlsTrouble::of(&reason) {
            Some(trouble) => advice(trouble).to_owned(),
            None if error.is_timeout() => {
                "no connection in time: is the host right, and does a firewall let this machine through?".to_owned()
            }
            None if reason.contains("lookup") => {
                format!("its name is not known: is the host right? ({reason})")
            }
            None => reason,
        };
        let message = match error.is_connect() {
            true => format!("`{place}` cannot be reached: {reason}"),
            false => format!("the connection to `{place}` broke: {reason}"),
        };
        Self::new(Code::Unavailable, message)
    }

    /// What a call of `method` came to that did not succeed. `clean` takes secrets out of what the
    /// platform says.
    pub(super) fn of(
        status: &Status,
        method: &str,
        place: &str,
        now: SystemTime,
        clean: impl Fn(&str) -> String,
    ) -> Self {
        let mut cause = status.source();
        while let Some(error) = cause {
            if let Some(known) = error.downcast_ref::<RpcError>() {
                return known.clone();
            }
            if error.is::<reqwest::Error>() {
                let reason = told(error);
                let message = format!("the connection to `{place}` broke: {reason}");
                return Self::new(Code::Unavailable, message);
            }
            cause = error.source();
        }
        let said = clean(status.message());
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = match said.char_indices().nth(LONGEST) {
            Some((end, _)) => format!(": {}…", &said[..end]),
            None if said.is_empty() => String::new(),
            None => format!(": {said}"),
        };
        let code = status.code();
        let message = format!("`{place}` answers `{method}` with `{code:?}`{said}");
        let headers = status.metadata().clone().into_headers();
        Self::new(code, message).after(retry_after(&headers, now).or_else(|| delay(status)))
    }
}

/// What is to be done where TLS does not begin.
fn advice(trouble: TlsTrouble) -> &'static str {
    match trouble {
        TlsTrouble::NoTls => {
            "it does not answer with TLS, and service mode has nothing else: is the port right?"
        }
        TlsTrouble::OtherProtocol => {
            "it speaks no HTTP/2, which gRPC needs: is it the host of the platform, and is nothing between?"
        }
        TlsTrouble::UnknownAuthority => {
            "its certificate is signed by an authority that is not known here; name the file of that authority with `--platform-ca`"
        }
        TlsTrouble::OtherHost => {
            "its certificate is for another host name; give the name it is for with `--platform-host`"
        }
        TlsTrouble::Expired => "its certificate has expired; its administrator renews it",
        TlsTrouble::WantsCertificate | TlsTrouble::OurAuthority | TlsTrouble::OurCertificate => {
            "it wants a certificate of us, which service mode has none of: is the host right?"
        }
    }
}

/// How long to wait, where the details of a status say it.
fn delay(status: &Status) -> Option<Duration> {
    let details = Details::decode(status.details()).ok()?;
    let info = details.details.iter().find_map(|detail| {
        let is_info = detail.type_url == RetryInfo::type_url();
        is_info.then(|| RetryInfo::decode(detail.value.as_slice()).ok())?
    })?;
    Duration::try_from(info.retry_delay?).ok()
}
