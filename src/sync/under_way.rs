//! The lanes of a phase and their listings that run side by side.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::checkpoint::Checkpoint;
use super::listing::{Arrival, Arrivals, Wanted};
use super::page::Subject;
use super::step::Lane;
use crate::source::{Cost, Meter};

/// Pages stored in one transaction at most.
const PAGES_PER_COMMIT: usize = 64;
/// Rows stored in one transaction at most, as soon as a page goes over it.
const ROWS_PER_COMMIT: usize = 5_000;
/// Subjects that may be open or finished ahead of the oldest open one: bounds the checkpoint.
const WINDOW: usize = 128;

/// One lane of a phase.
pub(super) struct LaneUnderWay {
    /// Its index among all lanes.
    pub index: usize,
    pub lane: Lane,
    /// What it is over with once it is found; `None`: its end.
    pub wanted: Option<Wanted>,
    /// Subjects whose listing has not said its last word.
    pub running: BTreeSet<i64>,
    /// Subjects whose last page has not been stored.
    pub open: BTreeSet<i64>,
    /// Subjects whose listing brings again what an earlier process has stored in part.
    pub again: BTreeSet<i64>,
    /// Read from the store, not begun.
    pub waiting: VecDeque<(i64, Option<Arc<Subject>>)>,
    pub newest: Option<i64>,
    /// True when the store has no more subjects, and will have none.
    pub exhausted: bool,
    /// True when the store has no more subjects until another lane stores some.
    pub dry: bool,
    pub done: bool,
    /// Listings begun so far.
    begun: u64,
    /// What it asks of the system in this process.
    pub meter: Arc<Meter>,
    /// What earlier processes asked.
    before: Cost,
    /// Since when one of its listings runs.
    busy_since: Option<Instant>,
}

impl LaneUnderWay {
    /// A lane that has come as far as the checkpoint has it.
    pub fn new(index: usize, lane: Lane, checkpoint: &Checkpoint, meter: &Arc<Meter>) -> Self {
        let progress = checkpoint.lanes.get(&index);
        let tally = checkpoint.tallies.get(&index);
        let wanted = lane.only.clone().map(|only| Arc::new(Mutex::new(only)));
        Self {
            index,
            lane,
            wanted,
            running: BTreeSet::new(),
            open: BTreeSet::new(),
            again: BTreeSet::new(),
            waiting: VecDeque::new(),
            newest: progress.and_then(|progress| progress.done_to),
            exhausted: false,
            dry: false,
            done: progress.is_some_and(|progress| progress.done),
            begun: 0,
            meter: Meter::part_of(meter),
            before: tally.map(|tally| tally.cost).unwrap_or_default(),
            busy_since: None,
        }
    }

    /// True when another subject would make the checkpoint too large.
    pub fn is_far_ahead(&self, finished: usize) -> bool {
        !self.running.is_empty() && self.open.len() + finished >= WINDOW
    }

    /// True when everything it was looking for was found.
    pub fn has_found_all(&self) -> bool {
        self.wanted
            .as_ref()
            .is_some_and(|wanted| wanted.lock().expect("nothing panics under it").is_empty())
    }

    /// Notes that a listing begins.
    pub fn begin(&mut self, position: i64) {
        self.begun += 1;
        self.open.insert(position);
        self.running.insert(position);
        self.busy_since.get_or_insert_with(Instant::now);
    }

    /// Notes that a listing has said its last word.
    pub fn end(&mut self, position: i64) {
        self.running.remove(&position);
    }

    /// What it asked of the system so far, in all processes.
    pub fn cost(&self) -> Cost {
        self.before + self.meter.cost()
    }

    /// How long listings have run since this was last asked.
    pub fn busy(&mut self) -> Duration {
        let now = Instant::now();
        let since = self.busy_since.take();
        self.busy_since = (!self.running.is_empty()).then_some(now);
        since.map_or(Duration::ZERO, |since| now - since)
    }

    /// True when a listing of it has begun.
    pub fn begun(&self) -> bool {
        self.begun > 0
    }

    /// True when there is no subject to begin with, at least for now.
    pub fn has_no_more(&self) -> bool {
        self.waiting.is_empty() && (self.exhausted || self.dry)
    }

    /// True when nothing is left to do.
    pub fn is_over(&self) -> bool {
        self.exhausted && self.waiting.is_empty() && self.running.is_empty()
    }
}

/// The lanes of a phase.
pub(super) struct UnderWay {
    pub lanes: Vec<LaneUnderWay>,
    /// Only so that they end when the run gives up, and so that a bug in one is not silence.
    pub tasks: JoinSet<()>,
    pub sender: Arrivals,
    receiver: mpsc::Receiver<(usize, i64, Arrival)>,
}

impl UnderWay {
    /// Nothing under way yet.
    pub fn new(lanes: Vec<LaneUnderWay>, concurrency: usize) -> Self {
        // A page per listing may wait to be stored while the next one is fetched.
        let (sender, receiver) = mpsc::channel(concurrency);
        Self {
            lanes,
            tasks: JoinSet::new(),
            sender,
            receiver,
        }
    }

    /// How many listings run.
    pub fn running(&self) -> usize {
        self.lanes.iter().map(|lane| lane.running.len()).sum()
    }

    /// The lanes that may begin another listing, those first that have the fewest: a type with a
    /// hundred thousand resources does not keep the others waiting.
    pub fn by_turn(&self) -> Vec<usize> {
        let is_done = |index: &usize| {
            let lane = self.lanes.iter().find(|lane| lane.index == *index);
            lane.is_none_or(|lane| lane.done)
        };
        let may_begin = |lane: &LaneUnderWay| {
            !lane.done && !lane.has_no_more() && lane.lane.after.iter().all(is_done)
        };
        let mut turns: Vec<usize> = (0..self.lanes.len())
            .filter(|at| may_begin(&self.lanes[*at]))
            .collect();
        turns.sort_by_key(|at| (self.lanes[*at].running.len(), self.lanes[*at].begun));
        turns
    }

    /// Notes that a lane stored resources, or came to its end: those it feeds look again.
    pub fn fed(&mut self, feeder: usize) {
        for lane in &mut self.lanes {
            if lane.lane.fed_by == Some(feeder) {
                lane.dry = false;
            }
        }
    }

    /// True when a lane's subjects may still come.
    pub fn may_be_fed(&self, at: usize) -> bool {
        let feeder = self.lanes[at].lane.fed_by;
        let feeder = self.lanes.iter().find(|lane| Some(lane.index) == feeder);
        feeder.is_some_and(|lane| !lane.done)
    }

    /// The place of a lane among those of the phase.
    pub fn place(&self, index: usize) -> usize {
        let place = self.lanes.iter().position(|lane| lane.index == index);
        place.expect("only lanes of the phase are under way")
    }

    /// Waits for an arrival, then takes whatever else has arrived by then, up to a transaction's
    /// worth. Nothing when `at_most` has passed before.
    pub async fn arrivals(&mut self, at_most: Duration) -> Vec<(usize, i64, Arrival)> {
        let timer = tokio::time::sleep(at_most);
        tokio::pin!(timer);
        let first = loop {
            tokio::select! {
                biased;
                arrival = self.receiver.recv() => break arrival.expect("we hold a sender"),
                Some(ended) = self.tasks.join_next() => {
                    if let Err(error) = ended && error.is_panic() {
                        std::panic::resume_unwind(error.into_panic());
                    }
                }
                () = &mut timer => return Vec::new(),
            }
        };
        let mut arrived = vec![first];
        let mut rows = 0;
        while arrived.len() < PAGES_PER_COMMIT && rows < ROWS_PER_COMMIT {
            if let Some((.., Arrival::Page(page, _))) = arrived.last() {
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
