//! The listings of a step that run side by side.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::listing::{Arrival, Arrivals};
use super::page::Subject;

/// Pages stored in one transaction at most.
const PAGES_PER_COMMIT: usize = 64;
/// Rows stored in one transaction at most, as soon as a page goes over it.
const ROWS_PER_COMMIT: usize = 5_000;

/// The listings of a step that are under way.
pub(super) struct UnderWay {
    /// Only so that they end when the run gives up, and so that a bug in one is not silence.
    pub tasks: JoinSet<()>,
    pub sender: Arrivals,
    receiver: mpsc::Receiver<(i64, Arrival)>,
    /// Subjects whose listing has not said its last word.
    pub running: BTreeSet<i64>,
    /// Subjects whose last page has not been stored.
    pub open: BTreeSet<i64>,
    /// Subjects whose listing brings again what an earlier process has stored in part.
    pub again: BTreeSet<i64>,
    /// Read from the store, not begun.
    pub waiting: VecDeque<(i64, Option<Arc<Subject>>)>,
    pub newest: Option<i64>,
    /// True when the store has no more subjects.
    pub exhausted: bool,
}

impl UnderWay {
    /// Nothing under way yet, in a step that has come to `done_to`.
    pub fn new(done_to: Option<i64>, concurrency: usize) -> Self {
        // A page per listing may wait to be stored while the next one is fetched.
        let (sender, receiver) = mpsc::channel(concurrency);
        Self {
            tasks: JoinSet::new(),
            sender,
            receiver,
            running: BTreeSet::new(),
            open: BTreeSet::new(),
            again: BTreeSet::new(),
            waiting: VecDeque::new(),
            newest: done_to,
            exhausted: false,
        }
    }

    /// Waits for an arrival, then takes whatever else has arrived by then, up to a transaction's
    /// worth.
    pub async fn arrivals(&mut self) -> Vec<(i64, Arrival)> {
        let first = loop {
            tokio::select! {
                biased;
                arrival = self.receiver.recv() => break arrival.expect("we hold a sender"),
                Some(ended) = self.tasks.join_next() => {
                    if let Err(error) = ended && error.is_panic() {
                        std::panic::resume_unwind(error.into_panic());
                    }
                }
            }
        };
        let mut arrived = vec![first];
        let mut rows = 0;
        while arrived.len() < PAGES_PER_COMMIT && rows < ROWS_PER_COMMIT {
            if let Some((_, Arrival::Page(page))) = arrived.last() {
                rows += page.facts.len();
            }
            match self.receiver.try_recv() {
                Ok(arrival) => arrived.push(arrival),
                Err(_) => break,
            }
        }
        arrived
    }
}
