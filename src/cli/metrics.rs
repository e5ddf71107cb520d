//! A sync in numbers, in a file that Prometheus' node exporter collects.
//!
//! Written by our own hand: the crates for Prometheus write the newer format, which that collector
//! does not take, or serve a page; and none of them keeps what the file of the run before says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use super::{stderr, whole_file};
use crate::c1z::Stats;
use crate::exposition::{Kind, Text};
use crate::source::{Meter, WaitReason};
use crate::sync::{Event, ListingName, Phase, Report, Verdict};

/// Time between two files of a run.
const EVERY: Duration = Duration::from_secs(10);
/// The largest file of an earlier run that is read.
const LARGEST: u64 = 4 << 20;

/// Keeps the file of a run's numbers up to date, and writes it a last time when this is dropped.
pub(super) struct Metrics {
    shared: Arc<Shared>,
    stop: mpsc::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    file: PathBuf,
    connector: String,
    meter: Arc<Meter>,
    began: Instant,
    began_at: SystemTime,
    /// The file of the run before.
    before: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    listings: Vec<(ListingName, Tally)>,
    phase: Option<(Phase, Instant)>,
    phases: BTreeMap<Phase, Duration>,
    ended: Option<Ended>,
    /// Only the first failure to write is told.
    told: bool,
}

#[derive(Default)]
struct Tally {
    pages: u64,
    records: u64,
}

enum Ended {
    Failed,
    Done {
        verdict: Verdict,
        /// By kind and resource type.
        rows: Vec<(&'static str, String, u64)>,
        /// By code, with the weight.
        findings: Vec<(String, &'static str, u64)>,
    },
}

impl Metrics {
    /// Begins the file of a run.
    pub fn start(file: &Path, connector: &str, meter: &Arc<Meter>) -> Self {
        let shared = Arc::new(Shared {
            file: file.to_owned(),
            connector: connector.to_owned(),
            meter: meter.clone(),
            began: Instant::now(),
            began_at: SystemTime::now(),
            before: before(file),
            state: Mutex::default(),
        });
        shared.write();
        let (stop, stopped) = mpsc::channel();
        let writer = shared.clone();
        let write = move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                writer.write();
            }
        };
        let thread = thread::Builder::new().name("metrics".to_owned());
        Self {
            shared,
            stop,
            // Without it, the file is written at the end alone.
            thread: thread.spawn(write).ok(),
        }
    }

    /// Hears of an event.
    pub fn hear(&self, event: &Event) {
        let mut state = self.shared.state();
        match event {
            Event::Begins { listings, .. } => {
                let listings = listings.iter().cloned();
                state.listings = listings.map(|name| (name, Tally::default())).collect();
            }
            Event::Phase { phase, .. } => state.enter(Some(*phase)),
            Event::Stored {
                listing,
                pages,
                records,
                ..
            } => {
                if let Some((_, tally)) = state.listings.get_mut(*listing) {
                    tally.pages += pages;
                    tally.records += records;
                }
            }
            Event::Sealed => state.enter(None),
            Event::Done { .. } => {}
        }
    }

    /// Notes that the sync succeeded, and what came of it.
    pub fn done(&self, report: &Report, stats: &Stats) {
        let of_kind = |kind: &'static str, by_type: &BTreeMap<String, u64>| {
            let rows = by_type.iter();
            rows.map(|(id, rows)| (kind, id.clone(), *rows))
                .collect::<Vec<_>>()
        };
        let mut rows = of_kind("resources", &stats.resources_by_resource_type);
        rows.extend(of_kind(
            "entitlements",
            &stats.entitlements_by_resource_type,
        ));
        rows.extend(of_kind("grants", &stats.grants_by_resource_type));
        let findings = report.findings.iter().map(|(code, finding)| {
            let weight = if finding.partial {
                "partial"
            } else {
                "warning"
            };
            (code.to_owned(), weight, finding.count)
        });
        self.shared.state().ended = Some(Ended::Done {
            verdict: report.verdict,
            rows,
            findings: findings.collect(),
        });
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let mut state = self.shared.state();
        state.enter(None);
        state.ended.get_or_insert(Ended::Failed);
        drop(state);
        self.shared.write();
    }
}

impl State {
    /// Ends the phase that was, and begins another one.
    fn enter(&mut self, phase: Option<Phase>) {
        let now = Instant::now();
        if let Some((was, since)) = self.phase.take() {
            *self.phases.entry(was).or_default() += now - since;
        }
        self.phase = phase.map(|phase| (phase, now));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a new file in the place of the old one. What cannot be written is no reason to fail.
    fn write(&self) {
        let mut state = self.state();
        let written = whole_file::replace(&self.file, self.text(&state).as_bytes());
        if let Err(error) = written
            && !std::mem::replace(&mut state.told, true)
        {
            let file = self.file.display();
            stderr::say(&format!(
                "the metrics file `{file}` cannot be written: {error}"
            ));
        }
    }

    fn text(&self, state: &State) -> String {
        let mut text = Text::of(&self.connector);
        self.times(&mut text, state);
        results(&mut text, state, &self.before);
        self.costs(&mut text, state);
        text.into_written()
    }

    fn times(&self, text: &mut Text, state: &State) {
        let running = state.ended.is_none();
        let seconds = |time: SystemTime| {
            let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH);
            since_1970.unwrap_or_default().as_secs() as f64
        };
        text.metric(
            "rolecall_sync_running",
            Kind::Gauge,
            "1 while the sync runs. Stays 1 when it is killed.",
        )
        .sample(&[], f64::from(u8::from(running)));
        text.metric(
            "rolecall_sync_start_timestamp_seconds",
            Kind::Gauge,
            "When the latest sync began.",
        )
        .sample(&[], seconds(self.began_at));
        text.metric(
            "rolecall_sync_duration_seconds",
            Kind::Gauge,
            "How long the latest sync took, or has been running.",
        )
        .sample(&[], rounded(self.began.elapsed()));
        text.metric(
            "rolecall_sync_phase_duration_seconds",
            Kind::Gauge,
            "How long the phases of the latest sync took that are over.",
        );
        for (phase, time) in &state.phases {
            text.sample(&[("phase", phase.as_str())], rounded(*time));
        }
        text.metric(
            "rolecall_sync_last_success_timestamp_seconds",
            Kind::Gauge,
            "When a sync last came to its end, complete or partial.",
        );
        match &state.ended {
            Some(Ended::Done { .. }) => text.sample(&[], seconds(SystemTime::now())),
            Some(Ended::Failed) | None => text.kept(&self.before),
        };
    }

    fn costs(&self, text: &mut Text, state: &State) {
        let cost = self.meter.cost();
        text.metric(
            "rolecall_sync_pages_total",
            Kind::Counter,
            "Pages that the latest sync stored.",
        );
        by_listing(text, state, |tally| tally.pages);
        text.metric(
            "rolecall_sync_records_total",
            Kind::Counter,
            "Records on them.",
        );
        by_listing(text, state, |tally| tally.records);
        text.metric(
            "rolecall_sync_requests_total",
            Kind::Counter,
            "Requests that the latest sync sent, or statements that it ran.",
        )
        .sample(&[], cost.requests as f64);
        text.metric(
            "rolecall_sync_retries_total",
            Kind::Counter,
            "How many of them repeated one that had failed.",
        )
        .sample(&[], cost.retries as f64);
        text.metric(
            "rolecall_sync_received_bytes_total",
            Kind::Counter,
            "Bytes of the answers of an API, unpacked.",
        )
        .sample(&[], cost.bytes as f64);
        text.metric(
            "rolecall_sync_wait_seconds_total",
            Kind::Counter,
            "How long the listings of the latest sync waited, added up.",
        );
        for reason in WaitReason::ALL {
            let waited = Duration::from_millis(cost.waited_ms(reason));
            text.sample(&[("reason", reason.as_str())], rounded(waited));
        }
    }
}

/// What came of the latest sync that came to its end: of this one when it did, else of one before.
fn results(text: &mut Text, state: &State, before: &str) {
    text.metric(
        "rolecall_sync_verdict",
        Kind::Gauge,
        "How the latest sync ended: 1 for the verdict that holds.",
    );
    let held = match &state.ended {
        None => None,
        Some(Ended::Failed) => Some("failed"),
        Some(Ended::Done { verdict, .. }) => Some(match verdict {
            Verdict::Complete => "complete",
            Verdict::Partial => "partial",
        }),
    };
    match held {
        None => drop(text.kept(before)),
        Some(held) => {
            for verdict in ["complete", "partial", "failed"] {
                let holds = f64::from(u8::from(verdict == held));
                text.sample(&[("verdict", verdict)], holds);
            }
        }
    }
    text.metric(
        "rolecall_sync_rows",
        Kind::Gauge,
        "What the latest sync file holds, by kind and resource type.",
    );
    let Some(Ended::Done { rows, findings, .. }) = &state.ended else {
        text.kept(before);
        text.metric("rolecall_sync_findings", Kind::Gauge, FINDINGS)
            .kept(before);
        return;
    };
    for (kind, id, rows) in rows {
        text.sample(&[("kind", kind), ("resource_type", id)], *rows as f64);
    }
    text.metric("rolecall_sync_findings", Kind::Gauge, FINDINGS);
    for (code, weight, count) in findings {
        text.sample(&[("code", code), ("weight", weight)], *count as f64);
    }
}

const FINDINGS: &str = "What was odd about the system's facts, by code; `partial` where something may be missing because of it.";

/// A sample for each type and phase that the system is asked for.
fn by_listing(text: &mut Text, state: &State, number: impl Fn(&Tally) -> u64) {
    let mut sums: BTreeMap<(Phase, &str), u64> = BTreeMap::new();
    for (name, tally) in &state.listings {
        if let Some(id) = name.resource_type.as_ref().filter(|_| name.phase.asks()) {
            *sums.entry((name.phase, id)).or_default() += number(tally);
        }
    }
    for ((phase, id), sum) in sums {
        let labels = [("phase", phase.as_str()), ("resource_type", id)];
        text.sample(&labels, sum as f64);
    }
}

/// Seconds, to the millisecond.
fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000.0).round() / 1_000.0
}

/// The file of an earlier run; empty where there is none, or none that can be used.
fn before(file: &Path) -> String {
    match std::fs::metadata(file) {
        Ok(about) if about.len() <= LARGEST => std::fs::read_to_string(file).unwrap_or_default(),
        _ => String::new(),
    }
}
