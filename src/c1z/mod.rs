//! What a sync found ⇄ the `.c1z` file in which Baton tools exchange it.

pub mod audit;
mod container;
pub mod diff;
mod error;
mod external;
mod growth;
mod keep;
pub mod message;
mod pack;
mod reader;
mod rework;
mod room;
mod schema;
mod stats;
pub mod sync_id;
pub mod timestamp;
mod work_file;

pub use container::{Compression, ReadLimits};
pub use error::C1zError;
pub use external::External;
pub use growth::{Growing, Grown, Growth, growth};
pub use keep::check_kept;
pub use pack::{check_output, pack, pack_and_keep, pack_and_tell, resolve_output};
pub use reader::{C1z, EntitlementFilter, GrantFilter, Listing, Sync};
pub use rework::{Compacted, Diffed, add_diff, compact};
pub use room::unpack_in;
pub use stats::Stats;
pub use work_file::{Begin, Derive, Holder, Opened, WorkFile};
