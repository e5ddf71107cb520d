//! What a sync found ⇄ the `.c1z` file in which Baton tools exchange it.

mod container;
mod error;
mod external;
pub mod message;
mod pack;
mod reader;
mod schema;
mod stats;
pub mod sync_id;
pub mod timestamp;
mod work_file;

pub use container::{Compression, ReadLimits};
pub use error::C1zError;
pub use external::External;
pub use pack::{check_output, pack, resolve_output};
pub use reader::{C1z, EntitlementFilter, GrantFilter, Listing, Sync};
pub use stats::Stats;
pub use work_file::{Begin, Derive, Opened, WorkFile};
