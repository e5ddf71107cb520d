//! Listings of changes → events: what became of resources, who gained and lost what.
//!
//! A [`Feed`] asks the sources of a plan, one after the other, and hands on pages of [`Event`]s, each
//! with the [`Cursor`] that goes on behind it. All state is in the cursor.

mod cursor;
mod error;
mod event;
mod mark;
mod reader;
mod source;

pub use cursor::{Cursor, LONGEST_CURSOR};
pub use error::FeedError;
pub use event::{Event, EventEntitlement, EventKind, EventResource};
pub use reader::{EventPage, FEED_ID, Feed, LARGEST_PAGE, TakeEvents};
