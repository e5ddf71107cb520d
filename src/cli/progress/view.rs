//! What a run tells → how far it is. Knows no terminal and no clock: whoever asks says how long the
//! run has been going.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use super::past::Past;
use crate::cli::terminal::printable;
use crate::source::{Cost, WaitReason, Waiting};
use crate::sync::{Event, ListingName, Phase};

/// How far a run is.
#[derive(Debug, Default)]
pub(super) struct View {
    pub listings: Vec<Listing>,
    /// The phase, its number, and how many there are.
    pub phase: Option<(Phase, usize, usize)>,
    pub resumed: bool,
    /// Everything was found; what is left is to pack it.
    pub sealed: bool,
    pub past: Option<Past>,
    pub cost: Cost,
    pub waiting: Vec<Waiting>,
    pub speed: Speed,
}

/// A listing of the run.
#[derive(Debug)]
pub(super) struct Listing {
    pub name: ListingName,
    pub pages: u64,
    pub records: u64,
    pub rows: u64,
    /// When its phase began.
    pub begun: Option<Duration>,
    pub done: bool,
    pub speed: Speed,
}

/// Those who wait for the same reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    pub reason: WaitReason,
    /// How long the first of them still waits, and until when.
    pub left: Duration,
    pub until: SystemTime,
    /// How many they are.
    pub tasks: usize,
}

impl View {
    /// Notes what the run tells.
    pub fn hear(&mut self, event: &Event, elapsed: Duration) {
        match event {
            Event::Begins { listings, resumed } => {
                self.listings = listings.iter().cloned().map(Listing::new).collect();
                self.resumed = *resumed;
            }
            Event::Phase { phase, number, of } => {
                self.phase = Some((*phase, *number, *of));
                for listing in &mut self.listings {
                    if listing.name.phase == *phase {
                        listing.begun.get_or_insert(elapsed);
                    }
                }
            }
            Event::Stored {
                listing,
                pages,
                records,
                rows,
            } => {
                if let Some(listing) = self.listings.get_mut(*listing) {
                    listing.begun.get_or_insert(elapsed);
                    listing.pages += pages;
                    listing.records += records;
                    listing.rows += rows;
                }
            }
            Event::Done { listing } => {
                if let Some(listing) = self.listings.get_mut(*listing) {
                    listing.done = true;
                }
            }
            Event::Sealed => self.sealed = true,
        }
    }

    /// Notes what the meter says, and how fast records come.
    pub fn measure(&mut self, cost: Cost, waiting: Vec<Waiting>, elapsed: Duration) {
        (self.cost, self.waiting) = (cost, waiting);
        let records = self.records();
        self.speed.note(elapsed, records);
        for listing in self.listings.iter_mut().filter(|listing| !listing.done) {
            listing.speed.note(elapsed, listing.records);
        }
    }

    pub fn records(&self) -> u64 {
        self.listings.iter().map(|listing| listing.records).sum()
    }

    pub fn pages(&self) -> u64 {
        self.listings.iter().map(|listing| listing.pages).sum()
    }

    /// The listings under way.
    pub fn under_way(&self) -> Vec<&Listing> {
        let phase = self.phase.map(|(phase, ..)| phase);
        let in_phase = |listing: &&Listing| Some(listing.name.phase) == phase;
        let open = self.listings.iter().filter(in_phase);
        open.filter(|listing| !listing.done && listing.name.phase.asks())
            .collect()
    }

    /// How long the run is likely to go on. Nothing is known of a run that goes on from another one:
    /// how far that one was is not told.
    pub fn left(&self, elapsed: Duration, now: SystemTime) -> Option<Duration> {
        let (phase, ..) = self.phase.filter(|_| !self.resumed && !self.sealed)?;
        let of_phase = self.listings.iter();
        let of_phase = of_phase.filter(|listing| listing.name.phase == phase);
        let rows = of_phase.map(|listing| listing.rows).sum();
        let left = self.past.as_ref()?.left(phase, rows, elapsed)?;
        let waits = self.waiting.iter();
        let waits = waits.filter_map(|wait| wait.until.duration_since(now).ok());
        // It is not over while somebody waits.
        Some(left.max(waits.max().unwrap_or_default()))
    }

    /// Waits that go on for so long at least, one for each reason.
    pub fn waits(&self, now: SystemTime, least: Duration) -> Vec<Wait> {
        let of_reason = |reason| {
            let mut same = self.waiting.iter().filter(|wait| wait.reason == reason);
            let tasks = same.clone().count();
            let until = same.next()?.until;
            let left = until.duration_since(now).ok()?;
            (left >= least).then_some(Wait {
                reason,
                left,
                until,
                tasks,
            })
        };
        WaitReason::ALL.into_iter().filter_map(of_reason).collect()
    }
}

impl Listing {
    fn new(mut name: ListingName) -> Self {
        // Ids come from a file, and names from anywhere.
        name.name = printable(&name.name).into_owned();
        name.resource_type = name.resource_type.map(|id| printable(&id).into_owned());
        Self {
            name,
            pages: 0,
            records: 0,
            rows: 0,
            begun: None,
            done: false,
            speed: Speed::default(),
        }
    }
}

/// How fast something grows, over the last seconds.
#[derive(Debug, Default)]
pub(super) struct Speed(VecDeque<(Duration, u64)>);

impl Speed {
    /// The time that counts.
    const WINDOW: Duration = Duration::from_secs(10);
    /// Time between two entries.
    const STEP: Duration = Duration::from_millis(500);

    fn note(&mut self, elapsed: Duration, count: u64) {
        let newest = self.0.back().map(|(at, _)| *at);
        if newest.is_some_and(|at| elapsed < at + Self::STEP) {
            return;
        }
        self.0.push_back((elapsed, count));
        while self
            .0
            .get(1)
            .is_some_and(|(at, _)| *at + Self::WINDOW <= elapsed)
        {
            self.0.pop_front();
        }
    }

    /// Per second; `None` while it is too early to say, or when nothing came.
    pub fn per_second(&self) -> Option<u64> {
        let ((since, from), (now, to)) = (self.0.front()?, self.0.back()?);
        let time = now.saturating_sub(*since);
        let more = to.saturating_sub(*from);
        (time >= Duration::from_secs(1) && more > 0)
            .then(|| (more as f64 / time.as_secs_f64()).round().max(1.0) as u64)
    }
}
