//! Plan → facts in a store: the lifecycle of a sync, page by page.

mod sink;

pub use sink::{Audit, Committed, Counts, Finding, PageFacts, RowPosition, SinkError, SyncSink};
