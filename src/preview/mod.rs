//! A plan, and one listing of it → its first pages as a sync maps them, the way of a record, what
//! paging did.

mod journey;
mod look;
pub mod online;
pub mod paging;
mod place;
mod run;
mod secrets;
mod seen;
mod trace;
mod wanted;

pub use journey::Journey;
pub use place::Places;
pub use run::{Preview, PreviewError, preview};
pub use secrets::{Hide, Secrets};
pub use seen::{ListingSeen, PageSeen, RecordSeen, Row, RowSeen};
pub use trace::Step;
pub use wanted::{Wanted, What};
