//! The run before this one, from the file that this one is going to replace → how long is left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::c1z::{C1z, ReadLimits, Stats};
use crate::sync::Phase;

/// Runs that are over sooner need no estimate, and nothing is read for them.
const AFTER: Duration = Duration::from_secs(2);
/// Larger files are not read: unpacking one would take from the run what the estimate gives.
const LARGEST: u64 = 16 << 20;
/// Nor is one unpacked beyond this.
const LARGEST_DECODED: u64 = 256 << 20;

/// The phases whose rows can be compared with what comes in.
const LISTED: [Phase; 3] = [Phase::Resources, Phase::Entitlements, Phase::Grants];

/// What an earlier run of the same output came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Past {
    /// How long each phase took; where that is not known, how many rows came of it.
    weights: BTreeMap<Phase, u64>,
    /// The rows that came of each phase.
    rows: BTreeMap<Phase, u64>,
}

impl Past {
    /// What the numbers of a run say; `None` when they say nothing of use.
    pub fn of(stats: &Stats) -> Option<Self> {
        let rows = [stats.resources, stats.entitlements, stats.grants];
        let rows: BTreeMap<Phase, u64> = LISTED.into_iter().zip(rows).collect();
        let took = |phase: Phase| Some((phase, *stats.step_durations_ms.get(phase.step_name())?));
        let took: BTreeMap<Phase, u64> = Phase::ALL.into_iter().filter_map(took).collect();
        let known = LISTED.iter().any(|phase| took.contains_key(phase));
        let weights = if known { took } else { rows.clone() };
        let weighs = weights.values().any(|weight| *weight > 0);
        weighs.then_some(Self { weights, rows })
    }

    /// How long is left of a run that has been in `phase` for so many rows, if it goes on as it went
    /// so far. `None` while too little was done to say.
    pub fn left(&self, phase: Phase, rows: u64, elapsed: Duration) -> Option<Duration> {
        let total: u64 = self.weights.values().sum();
        let before: u64 = self.weights.range(..phase).map(|(_, weight)| weight).sum();
        let weight = self.weights.get(&phase).copied().unwrap_or_default();
        let of_phase = match self.rows.get(&phase).copied() {
            // What is longer than last time is never quite done.
            Some(then) if then > 0 => (rows as f64 / then as f64).min(0.99),
            _ => 0.0,
        };
        let done = (before as f64 + of_phase * weight as f64) / total as f64;
        (done >= ENOUGH).then(|| elapsed.mul_f64((1.0 - done).max(0.0) / done))
    }
}

/// The part of a run after which its speed says something.
const ENOUGH: f64 = 0.03;

/// A thread that reads the past, if the run takes long enough to need it.
pub(super) struct Reading {
    stop: mpsc::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Reading {
    /// Reads the run that `output` holds in the background and hands it on.
    pub fn start(output: PathBuf, to: impl FnOnce(Past) + Send + 'static) -> Self {
        let (stop, stopped) = mpsc::channel();
        let read = move || {
            if stopped.recv_timeout(AFTER) == Err(RecvTimeoutError::Timeout)
                && let Some(past) = read(&output)
            {
                to(past);
            }
        };
        // A machine that can start no thread has no estimate.
        let thread = thread::Builder::new().name("past".to_owned()).spawn(read);
        Self {
            stop,
            thread: thread.ok(),
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        // It is gone already where nothing had to be read. What it unpacked it has to clear away.
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The latest finished run of a file. A file that is not there, damaged or large has none.
pub(super) fn read(output: &Path) -> Option<Past> {
    if std::fs::metadata(output).ok()?.len() > LARGEST {
        return None;
    }
    let limits = ReadLimits {
        decoded_bytes: LARGEST_DECODED,
    };
    let file = C1z::open(output, limits).ok()?;
    let sync = file.sync(None).ok()?;
    Past::of(&sync.stats().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats() -> Stats {
        Stats {
            resource_types: 2,
            resources: 100,
            entitlements: 100,
            grants: 800,
            ..Stats::default()
        }
    }

    #[test]
    fn rows_stand_for_time_where_the_past_run_tells_none() {
        let past = Past::of(&stats()).expect("there is one");
        let at = |phase, rows| past.left(phase, rows, Duration::from_secs(20));
        // Half the resources are 5 % of the run: 19 times as long is left.
        assert_eq!(at(Phase::Resources, 50), Some(Duration::from_secs(380)));
        assert_eq!(at(Phase::Grants, 0), Some(Duration::from_secs(80)));
        assert_eq!(at(Phase::Resources, 10), None, "too early to say");
        let many = at(Phase::Grants, 5_000).expect("more than last time is known to be late");
        assert!(many < Duration::from_secs(1), "{many:?}");
    }

    #[test]
    fn the_time_of_each_phase_is_taken_where_it_is_known() {
        let durations = [
            ("list-resources", 30_000),
            ("list-grants", 60_000),
            ("x", 9),
        ];
        let past = Past::of(&Stats {
            step_durations_ms: durations.map(|(step, ms)| (step.to_owned(), ms)).into(),
            ..stats()
        });
        let past = past.expect("there is one");
        // This run is half as fast: the first third took a minute.
        let left = past.left(Phase::Grants, 0, Duration::from_secs(60));
        assert_eq!(left.map(|left| left.as_secs()), Some(120));
        // What the past run did not do takes no time.
        assert_eq!(
            past.left(Phase::StaticEntitlements, 7, Duration::from_secs(60)),
            left
        );
    }

    #[test]
    fn a_past_that_cannot_be_read_is_none() {
        assert_eq!(Past::of(&Stats::default()), None);
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("out.c1z");
        assert_eq!(read(&file), None);
        std::fs::write(&file, b"C1ZF\0 but nothing else").expect("it is ours");
        assert_eq!(read(&file), None);
    }
}
