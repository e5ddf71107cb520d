//! Plan → facts in a store: the lifecycle of a sync, page by page.

mod checkpoint;
mod derived;
mod error;
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

pub use derived::{Derived, Matched};
pub use error::SyncError;
pub use report::{Doubts, FindingCount, Findings, Report, Verdict};
pub use run::{Event, Options, connect, fingerprint, run};
pub use sink::{
    Audit, Committed, Counts, Finding, PageFacts, RowPosition, Settled, SinkError, SyncSink,
};
