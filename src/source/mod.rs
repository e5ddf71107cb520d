//! A system we read from: what a page is, and how one is asked for.

pub mod http;
pub mod sql;

mod backoff;
mod described;
mod error;
mod meter;
mod page;
pub(crate) mod redact;
mod told;
mod turn;

pub(crate) use backoff::Backoff;
pub use described::{Described, Typed};
pub use error::SourceError;
pub use meter::{Cost, Meter, WaitReason, Waiting};
pub use page::{FoundOne, Page, PageToken, PartialReason};
pub use told::{AnswerTold, Asked, Told};
pub use turn::first;

use async_trait::async_trait;

use crate::diagnostic::Location;
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

    /// Hands the pages from `token` on to `to`, one after the other, until the last one or until
    /// no more are wanted. A listing that has no pages of its own may bring one answer in several
    /// (see [`Page::more`]), so that it is never held as a whole.
    async fn pages(
        &self,
        inputs: &Inputs,
        token: Option<PageToken>,
        to: &mut dyn TakePages,
    ) -> Result<(), SourceError> {
        page_by_page(self, inputs, token, to).await
    }

    /// Says whether records are mapped with `response`: then an answer is kept as a whole until its
    /// records are mapped, because what they need may stand behind them. Otherwise its records may
    /// come in several pages, and nobody needs the rest. Not said: it is kept.
    fn share_answers(&mut self, wanted: bool) {
        let _ = wanted;
    }

    /// What the system says of the answer without giving it. Fails where what is asked is no
    /// question that the system understands.
    async fn describe(&self) -> Result<Described, SourceError> {
        Ok(Described::not("only an answer tells what is in it"))
    }

    /// Where the listing is written, for errors that do not say so themselves.
    fn place(&self) -> Option<&Location> {
        None
    }

    /// Where the listing is written, whatever its errors say.
    fn written(&self) -> Option<Location> {
        self.place().cloned()
    }

    /// Whether the answers depend on the resource or the parent that the listing runs for. One
    /// that does not is run once per sync, not once per resource.
    fn depends_on_resource(&self) -> bool;
}

/// Asks for one page after the other: how every listing is read that has pages of its own.
async fn page_by_page<F: Fetch + ?Sized>(
    fetch: &F,
    inputs: &Inputs,
    mut token: Option<PageToken>,
    to: &mut dyn TakePages,
) -> Result<(), SourceError> {
    loop {
        let page = fetch.page(inputs, token.as_ref()).await?;
        token = page.next.clone();
        if !to.take(page).await || token.is_none() {
            return Ok(());
        }
    }
}

/// Takes pages while they come from a source.
#[async_trait]
pub trait TakePages: Send {
    /// Takes a page; `false` when no more are wanted.
    async fn take(&mut self, page: Page) -> bool;

    /// Says that the connection was lost in the middle of an answer that cannot be gone on with:
    /// its records come again, from the first one. `whole` when those are all the records since the
    /// last page that came to its end; otherwise the answers of the databases before it stand.
    async fn again(&mut self, whole: bool);
}

/// A system that was reached: checks that it answers and that its credentials are good.
#[async_trait]
pub trait Source: Send + Sync + std::fmt::Debug {
    /// Connects. The first thing a sync does, so that a wrong password fails before any work.
    async fn check(&self) -> Result<(), SourceError>;

    /// Lets every page from now on say what it was asked with and what came with its records: see
    /// [`Page::told`].
    fn tell(&self);

    /// A text without the credentials of the connector.
    fn redact(&self, text: &str) -> String;

    /// The source as an API, when it is one.
    fn http(&self) -> Option<&http::HttpSource> {
        None
    }

    /// Lets go of connections. Nothing is asked of the source afterwards.
    async fn close(&self);
}
