//! Plan → facts in a store: the lifecycle of a sync, page by page.

mod checkpoint;
mod derived;
mod error;
mod event;
mod finish;
mod listing;
mod overlap;
mod page;
mod phase;
mod report;
mod run;
mod scope;
mod shared;
mod sink;
mod step;
mod store;
mod tally;
mod tolerance;
mod under_way;
mod watcher;

pub use derived::{Derived, Matched};
pub use error::SyncError;
pub use event::{Event, ListingName, Phase};
pub use report::{
    Coverage, FindingCount, Findings, ListingReport, RecordedVerdict, Report, TypeCoverage,
    Verdict, VerdictReasons,
};
pub use run::{Concurrency, Options, connect, fingerprint, run};
pub use scope::{Scope, UnknownType};
pub use sink::{
    Audit, Committed, Counts, Finding, PageFacts, RowPosition, RunRecord, Settled, SinkError,
    SyncSink, TypeCounts,
};
pub use tally::Tally;
pub use watcher::{Became, ListingAt, PageMapped, RecordAt, Watcher};
