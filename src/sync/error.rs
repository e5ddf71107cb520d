//! Why a sync gave up.

use crate::mapping::MappingError;
use crate::source::SourceError;

use super::SinkError;

/// A sync that cannot go on. What was stored stays stored: the next run resumes there.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The system did not answer, or not what was expected.
    #[error("{system}: listing {listing}{}", placed(at))]
    Source {
        /// The system's name.
        system: String,
        /// What was being listed.
        listing: String,
        /// Where the listing is written, when the cause does not say so.
        at: Option<String>,
        /// Whether the system does not know what it was asked for.
        not_found: bool,
        /// What the system did instead.
        #[source]
        source: Box<SourceError>,
    },
    /// The system could not be reached at all.
    #[error("{system}: connecting")]
    Connect {
        /// The system's name.
        system: String,
        /// What the system did instead.
        #[source]
        source: Box<SourceError>,
    },
    /// A record could not be mapped.
    #[error("{system}: mapping record {record} of {listing}{}", placed(at))]
    Mapping {
        /// The system's name.
        system: String,
        /// What was being listed.
        listing: String,
        /// Where the listing is written, when the cause does not say so.
        at: Option<String>,
        /// Which record of its page, from 1, and its id when it has one.
        record: String,
        /// The field and the expression.
        #[source]
        source: Box<MappingError>,
    },
    /// The work file could not be read or written.
    #[error("storing what was found")]
    Sink(#[from] SinkError),
    /// More went wrong than the connector file tolerates.
    #[error(
        "{warnings} of {all} {what} so far, and `tolerance` lets a sync go on with {most} or {percent} % of them; for example: {first}"
    )]
    TooManyWarnings {
        /// What was counted.
        what: &'static str,
        /// How many of them were bad.
        warnings: u64,
        /// How many there were.
        all: u64,
        /// How many bad ones there may be.
        most: u64,
        /// And which share of all.
        percent: u64,
        /// One of them, in words.
        first: String,
    },
    /// Every record of a listing failed: that is no bad record, that is a bad mapping.
    #[error("no record of {listing} can be mapped, of {records}; for example: {first}")]
    NothingMapped {
        /// What was being listed.
        listing: String,
        /// How many records there were.
        records: u64,
        /// One of them, in words.
        first: String,
    },
    /// The run was asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl SyncError {
    /// Whether going on with what was found would not mend what is wrong.
    pub fn gives_up_what_was_found(&self) -> bool {
        matches!(
            self,
            SyncError::TooManyWarnings { .. } | SyncError::NothingMapped { .. }
        )
    }

    /// Whether the system does not know what it was asked for.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(
            self,
            SyncError::Source {
                not_found: true,
                ..
            }
        )
    }
}

fn placed(at: &Option<String>) -> String {
    at.as_ref()
        .map_or(String::new(), |at| format!(", written at {at}"))
}
