//! Plan → facts in a store: the lifecycle of a sync, page by page.

mod checkpoint;
mod error;
mod event;
mod listing;
mod overlap;
mod page;
mod report;
mod run;
mod shared;
mod sink;
mod step;
mod store;
mod under_way;

pub use error::SyncError;
pub use event::{Event, ListingName, Phase};
pub use report::{Doubts, FindingCount, Findings, Report, Verdict};
pub use run::{Options, connect, fingerprint, run};
pub use sink::{
    Audit, Committed, Counts, Finding, PageFacts, RowPosition, Settled, SinkError, SyncSink,
};
