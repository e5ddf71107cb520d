//! Why there are no events.

use super::cursor::LONGEST_CURSOR;
use crate::source::SourceError;

/// Events could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The connector file lists no changes.
    #[error(
        "the connector file lists no changes: write `incremental_sync` on a resource type or an entry of `grants`"
    )]
    NoFeed,
    /// The text is no cursor, or was cut or changed on its way.
    #[error("this is no cursor of an event feed, or not all of it")]
    NotACursor,
    /// The cursor belongs to another connector file.
    #[error(
        "the cursor is of another connector file: none of the listings it knows is in this one"
    )]
    OtherFile,
    /// The place in a listing is too long to be kept.
    #[error(
        "the cursor would be {length} bytes long, more than the {LONGEST_CURSOR} that a cursor may have: `{source_name}` has very long page tokens; read to the end of the feed in one go"
    )]
    TooLong {
        /// How long it would be.
        length: usize,
        /// The listing that is under way.
        source_name: String,
    },
    /// A listing brings no moments.
    #[error("the records of `{source_name}` have no `{column}`; they have {found}")]
    NoMoment {
        /// The listing.
        source_name: String,
        /// What should be there.
        column: String,
        /// What is.
        found: String,
    },
    /// A listing or `get` failed. The events before stand.
    #[error("`{source_name}` failed")]
    Source {
        /// The listing, for example `resource_types.user.incremental_sync`.
        source_name: String,
        /// What happened.
        #[source]
        error: Box<SourceError>,
    },
    /// Whoever takes the events cannot.
    #[error(transparent)]
    Taker(#[from] std::io::Error),
}

impl FeedError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, FeedError::Source { error, .. } if error.is_transient())
    }

    /// Whether what was asked for is wrong, rather than what the system answered.
    pub fn is_wrong(&self) -> bool {
        matches!(
            self,
            FeedError::NoFeed | FeedError::NotACursor | FeedError::OtherFile
        )
    }
}
