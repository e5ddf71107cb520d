//! What a system did instead of answering.

use std::time::Duration;

use super::meter::WaitReason;
use crate::diagnostic::Location;

/// A page could not be had. Messages never hold a credential, a query string or a record.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Nothing answered, or the connection broke.
    #[error("cannot reach {system}: {reason}")]
    Unreachable {
        /// Host and port, or the path of a database file.
        system: String,
        /// What went wrong.
        reason: String,
        /// Whether trying again may help.
        transient: bool,
    },
    /// The system does not accept the credentials.
    #[error("{system} refuses the credentials: {reason}")]
    Refused {
        /// Host and port.
        system: String,
        /// The system's words.
        reason: String,
    },
    /// An API answered with a status that is no success.
    #[error("{method} {url} answered {status}{detail}")]
    Status {
        /// The method of the request.
        method: String,
        /// Scheme, host and path: never the query.
        url: String,
        /// The status code and its name.
        status: String,
        /// What the answer said, shortened, after a colon; empty when it said nothing useful.
        detail: String,
        /// Whether trying again may help.
        transient: bool,
        /// How long the system asked us to wait.
        retry_after: Option<Duration>,
        /// Whether the connector file has a rule for the status, which says that it is a failure.
        by_rule: bool,
    },
    /// An API answered with the status of a success, and says that it failed.
    #[error("{url} answered that it failed: {reason}")]
    Failed {
        /// Scheme, host and path.
        url: String,
        /// The API's words.
        reason: String,
        /// Whether trying again may help.
        transient: bool,
        /// How long the system asked us to wait.
        retry_after: Option<Duration>,
    },
    /// An answer that cannot be read as what it should be.
    #[error("{url} answered something that is not {expected}: {reason}")]
    Unreadable {
        /// Scheme, host and path.
        url: String,
        /// What was expected, for example `JSON`.
        expected: &'static str,
        /// Where and why reading stopped.
        reason: String,
    },
    /// The path of the items leads nowhere.
    #[error(
        "`items_path: {items_path}` matched nothing in the answer from {url}; its top level has {found}. Correct the path, or write `items_missing: empty` if this API leaves an empty list out"
    )]
    ItemsMissing {
        /// The path as written.
        items_path: String,
        /// Scheme, host and path.
        url: String,
        /// The keys that are there.
        found: String,
    },
    /// The database cannot run a query.
    #[error("the query failed{}: {reason}", at.as_ref().map_or(String::new(), |at| format!(" at {at}")))]
    Query {
        /// Where in the connector file the cause seems to be.
        at: Option<Location>,
        /// The database's own message.
        reason: String,
        /// Whether trying again may help: a deadlock, a lost connection.
        transient: bool,
    },
    /// Paging came back to where it had been. Paging strategies say so; listings turn it into a last
    /// page with the reason `paging-loop`, so that what was listed is kept.
    #[error("paging goes in circles: {reason}")]
    Loop {
        /// What repeated.
        reason: String,
    },
    /// A request that is made before others failed.
    #[error("the pre-request `{name}` failed: {cause}")]
    PreRequest {
        /// Its name in the file.
        name: String,
        /// Why.
        cause: Box<SourceError>,
    },
    /// A page asks for something the source cannot give.
    #[error("{0}")]
    Invalid(String),
    /// An expression of the request or the query failed.
    #[error(transparent)]
    Expression(#[from] crate::expr::EvalError),
}

impl SourceError {
    /// Whether asking again may succeed.
    pub fn is_transient(&self) -> bool {
        match self {
            SourceError::Unreachable { transient, .. }
            | SourceError::Status { transient, .. }
            | SourceError::Failed { transient, .. }
            | SourceError::Query { transient, .. } => *transient,
            SourceError::PreRequest { cause, .. } => cause.is_transient(),
            _ => false,
        }
    }

    /// Whether the system does not know what it was asked for, as far as the connector file leaves
    /// that open.
    pub fn is_not_found(&self) -> bool {
        match self {
            SourceError::Status {
                status, by_rule, ..
            } => !by_rule && (status.starts_with("404") || status.starts_with("410")),
            _ => false,
        }
    }

    /// Why one waits before that: a limit tells how long, other failures do not.
    pub(super) fn wait_reason(&self) -> WaitReason {
        match self.retry_after() {
            Some(_) => WaitReason::RateLimit,
            None => WaitReason::Retry,
        }
    }

    /// How long the system asked us to wait before that.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            SourceError::Status { retry_after, .. } | SourceError::Failed { retry_after, .. } => {
                *retry_after
            }
            SourceError::PreRequest { cause, .. } => cause.retry_after(),
            _ => None,
        }
    }
}
