//! A system we read from: what a page is, and how one is asked for.

pub mod http;
pub mod sql;

mod error;
mod page;

pub use error::SourceError;
pub use page::{Page, PageToken, PartialReason};

use async_trait::async_trait;

use crate::expr::Inputs;

/// Reads pages of records from the system being synced.
///
/// The engine calls; a source never controls the flow and keeps no state between calls. All state
/// is in the page token, so a sync may be killed anywhere and go on elsewhere.
#[async_trait]
pub trait Fetch: Send + Sync + std::fmt::Debug {
    /// Returns the page `token` points at, or the first one. Asking again with the same token is
    /// safe: a resumed sync does. `inputs` holds `resource`, `parent_resource` and `vars`, where
    /// the listing has them.
    async fn page(&self, inputs: &Inputs, token: Option<&PageToken>) -> Result<Page, SourceError>;
}

/// A system that was reached: checks that it answers and that its credentials are good.
#[async_trait]
pub trait Source: Send + Sync + std::fmt::Debug {
    /// Connects. The first thing a sync does, so that a wrong password fails before any work.
    async fn check(&self) -> Result<(), SourceError>;

    /// Lets go of connections. Nothing is asked of the source afterwards.
    async fn close(&self);
}
