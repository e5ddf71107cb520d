//! How many statements run on one database at a time, and who is next.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::source::turn;

/// Statements of a sync at a time. Pages beyond that wait for their turn.
const USUAL: usize = 5;

/// Further ones for questions that go first, so that they wait for no page.
const FIRST: usize = 2;

/// The most connections that are open for reading.
pub const MOST_CONNECTIONS: usize = USUAL + FIRST;

/// Hands out turns in the order in which they are asked for.
#[derive(Debug)]
pub struct Turns {
    usual: Arc<Semaphore>,
    first: Arc<Semaphore>,
}

impl Turns {
    /// Nobody has a turn yet.
    pub fn new() -> Self {
        Self {
            usual: Arc::new(Semaphore::new(USUAL)),
            first: Arc::new(Semaphore::new(FIRST)),
        }
    }

    /// Waits for a turn, which ends when it is dropped; `None` when there are no more.
    pub async fn take(&self) -> Option<OwnedSemaphorePermit> {
        let turns = match turn::goes_first() {
            true => &self.first,
            false => &self.usual,
        };
        turns.clone().acquire_owned().await.ok()
    }

    /// Hands out no more turns.
    pub fn close(&self) {
        self.usual.close();
        self.first.close();
    }

    /// Whether there are no more turns.
    #[cfg(feature = "odbc")]
    pub fn is_closed(&self) -> bool {
        self.usual.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_change_waits_for_no_page() {
        let turns = Turns::new();
        let mut pages = Vec::new();
        for _ in 0..USUAL {
            pages.push(turns.take().await);
        }
        assert!(turns.take().now_or_never().is_none());
        let first = crate::source::first(turns.take()).now_or_never();
        assert!(first.is_some_and(|turn| turn.is_some()));
        turns.close();
        assert!(turns.take().await.is_none());
    }
}
