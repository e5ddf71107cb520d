//! Who goes first: what a change asks does not queue behind the pages of a sync.

use std::future::Future;

tokio::task_local! {
    static FIRST: ();
}

/// Does something whose questions go before others that wait for the same system. That belongs to
/// everything inside, as long as it starts no task of its own.
pub async fn first<F: Future>(what: F) -> F::Output {
    FIRST.scope((), what).await
}

/// Whether whoever asks now goes first.
pub(super) fn goes_first() -> bool {
    FIRST.try_with(|()| ()).is_ok()
}
