//! Where a run stands, in a text that stays small however large the system is.
//!
//! A run is a fixed list of lanes, phase by phase. A lane that runs once per resource remembers how
//! far it got by the position of resources in the store, not by a list of what is left to do:
//! everything up to `done_to` is finished, and the few that are open or were finished ahead of it are
//! named.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::event::Phase;
use super::report::Findings;
use super::tally::Tally;

/// A checkpoint. Serialized as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Layout of this text. Another version is not resumed.
    pub version: u32,
    /// The current phase.
    pub phase: Phase,
    /// How far its lanes got, by their index among all lanes. One that has not begun is not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lanes: BTreeMap<usize, Progress>,
    /// The last grant that was stored before the phase.
    #[serde(default)]
    pub grants_before: i64,
    /// Oddities so far.
    #[serde(default)]
    pub findings: Findings,
    /// What each lane of the run came to so far.
    #[serde(default)]
    pub tallies: BTreeMap<usize, Tally>,
    /// Milliseconds spent in each phase so far.
    #[serde(default)]
    pub phase_ms: BTreeMap<Phase, u64>,
}

/// How far a lane got.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Every subject up to this position is finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_to: Option<i64>,
    /// Subjects after it that are finished too.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub finished: BTreeSet<i64>,
    /// Open subjects, and where their listings go on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cursors: BTreeMap<i64, Cursor>,
    /// What was odd in the first pages of answers that can only be asked for again as a whole: it
    /// counts once the answer has come to its end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unsettled: BTreeMap<i64, Findings>,
    /// True when the lane has come to its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub done: bool,
}

/// Where a listing goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The token of the page to ask for; `None` for the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Part of that page is stored already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begun: bool,
}

impl Checkpoint {
    /// The layout this program writes.
    pub const VERSION: u32 = 5;

    /// The start of a run.
    pub fn start() -> Self {
        Self {
            version: Self::VERSION,
            ..Self::default()
        }
    }

    /// Reads a checkpoint; `None` when it is of another version or damaged.
    pub fn parse(text: &str) -> Option<Self> {
        let checkpoint: Self = serde_json::from_str(text).ok()?;
        (checkpoint.version == Self::VERSION).then_some(checkpoint)
    }

    /// The text to store.
    pub fn render(&self) -> String {
        serde_json::to_string(self).expect("a checkpoint has no keys that JSON lacks")
    }

    /// Goes on to another phase; `newest_grant` is the last one that was stored.
    pub fn enter(&mut self, phase: Phase, newest_grant: i64) {
        self.phase = phase;
        self.lanes.clear();
        self.grants_before = newest_grant;
    }

    /// How far a lane got.
    pub fn lane(&mut self, lane: usize) -> &mut Progress {
        self.lanes.entry(lane).or_default()
    }

    /// What a lane came to.
    pub fn tally(&mut self, lane: usize) -> &mut Tally {
        self.tallies.entry(lane).or_default()
    }
}

impl Progress {
    /// Remembers that a page of a subject was stored, or a part of one, and where to go on.
    pub fn paged(&mut self, subject: i64, cursor: Cursor) {
        self.cursors.insert(subject, cursor);
    }

    /// Remembers that a subject is finished. `oldest_open` is the first subject that is not:
    /// everything before it is covered by `done_to`.
    pub fn finished(&mut self, subject: i64) {
        self.cursors.remove(&subject);
        self.finished.insert(subject);
    }

    /// Moves `done_to` up to, but not including, the oldest open subject; `newest` is the last one
    /// that was begun.
    pub fn settle(&mut self, oldest_open: Option<i64>, newest: Option<i64>) {
        let covered = match oldest_open {
            Some(open) => self.finished.range(..open).next_back().copied(),
            None => newest,
        };
        if let Some(covered) = covered {
            self.done_to = Some(self.done_to.unwrap_or(covered).max(covered));
            self.finished = self.finished.split_off(&(covered + 1));
        }
    }

    /// Remembers that nothing is left to do.
    pub fn end(&mut self) {
        *self = Self {
            done: true,
            ..Self::default()
        };
    }

    /// True when a subject needs no more work.
    pub fn is_finished(&self, subject: i64) -> bool {
        self.done
            || self.done_to.is_some_and(|done| subject <= done)
            || self.finished.contains(&subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_stays_small_and_forgets_nothing() {
        let mut progress = Progress::default();
        for subject in [2, 3] {
            progress.finished(subject);
        }
        progress.settle(Some(1), Some(4));
        assert_eq!(progress.done_to, None, "1 is still open");
        progress.paged(4, Cursor::default());
        progress.finished(1);
        progress.settle(Some(4), Some(4));
        assert_eq!((progress.done_to, progress.finished.len()), (Some(3), 0));
        assert!(progress.is_finished(2) && !progress.is_finished(4));
        progress.finished(4);
        progress.settle(None, Some(4));
        assert_eq!(
            progress,
            Progress {
                done_to: Some(4),
                ..Progress::default()
            }
        );
    }

    #[test]
    fn a_checkpoint_of_another_version_is_not_resumed() {
        let checkpoint = Checkpoint::start();
        assert_eq!(
            Checkpoint::parse(&checkpoint.render()),
            Some(checkpoint.clone())
        );
        let newer = Checkpoint {
            version: Checkpoint::VERSION + 1,
            ..checkpoint
        };
        assert_eq!(Checkpoint::parse(&newer.render()), None);
        assert_eq!(Checkpoint::parse("{"), None);
    }
}
