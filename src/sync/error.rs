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
    /// The run was asked to stop.
    #[error("interrupted")]
    Interrupted,
}

fn placed(at: &Option<String>) -> String {
    at.as_ref()
        .map_or(String::new(), |at| format!(", written at {at}"))
}
