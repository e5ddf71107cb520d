//! What a connector in service mode and a platform must agree on besides the messages of
//! [`crate::proto`]: names, keys, limits.

mod assertion;
mod client_id;
mod client_key;
pub mod json;
mod task_kind;
#[cfg(test)]
mod tests;
pub mod values;

pub use assertion::{Assertion, AssertionError};
pub use client_id::{ClientId, ClientIdError, authority};
pub use client_key::{ClientKey, ClientSecretError};
pub use task_kind::{Lane, lane, name as task_kind};

/// Bytes of a file in one message of an upload.
pub const UPLOAD_CHUNK: usize = 512 << 10;
/// The most bytes that one message of an upload may have.
pub const LARGEST_UPLOAD_CHUNK: usize = 1 << 20;
