//! Service mode: tasks of a platform → what this connector does about them, and the answers.

mod about;
mod answer;
mod host;
mod link;
pub mod task;

pub use about::about;
pub use answer::{Answer, Failure, pack};
pub use host::host_name;
pub use link::{Limits, Link, LinkError, LinkSettings, Parcel, RpcError};
