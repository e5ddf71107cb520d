//! A plan, and one listing of it → its first pages as a sync maps them, the way of a record, what
//! paging did.

mod look;
mod run;
mod seen;
mod wanted;

pub use run::{Preview, PreviewError, preview};
pub use seen::{ListingSeen, PageSeen, RecordSeen, Row, RowSeen};
pub use wanted::{Wanted, What};
