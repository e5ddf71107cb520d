//! The connection to the platform: calls of its service → its answers, or why there is none.
//!
//! Both the token endpoint and gRPC are reached through the same HTTP client, so that TLS, proxies
//! and time limits are the same for both. A [`Link`] keeps one connection open however many tasks
//! use it, and makes a new one where that one is dead.

mod call;
mod client;
mod error;
mod grpc;
mod parcel;
mod settings;
mod token;
mod token_request;
mod upload;

pub use call::Link;
pub use error::RpcError;
pub use parcel::{Parcel, ParcelError, Reading};
pub use settings::{Limits, LinkError, LinkSettings};
