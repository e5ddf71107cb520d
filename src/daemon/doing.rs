//! What a daemon is doing and has done: for health, metrics, and whoever waits for its end.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tonic::Code;

use crate::exposition::{Kind, Text};
use crate::source::Meter;

/// What a daemon is doing and has done.
#[derive(Debug)]
pub struct Doing {
    began: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Tasks under way, by kind.
    running: BTreeMap<&'static str, u64>,
    /// Tasks that ended, by kind and code.
    ended: BTreeMap<(&'static str, &'static str), Ended>,
    failed_fetches: u64,
    /// The last problem in talking to the platform; none when it worked the last time.
    problem: Option<String>,
    registered: bool,
    heard: Option<SystemTime>,
    leaving: bool,
}

#[derive(Debug, Default)]
struct Ended {
    tasks: u64,
    time: Duration,
}

/// How a daemon stands with its platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It has said hello and takes tasks.
    Ready,
    /// It has not, or does not any more; why.
    NotReady(String),
}

impl Default for Doing {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            inner: Mutex::default(),
        }
    }
}

impl Doing {
    /// The platform answered.
    pub(super) fn heard(&self, registered: bool) {
        let mut inner = self.lock();
        inner.registered |= registered;
        inner.heard = Some(SystemTime::now());
        inner.problem = None;
    }

    /// The platform could not be talked to.
    pub(super) fn failed(&self, problem: String) {
        let mut inner = self.lock();
        inner.failed_fetches += 1;
        inner.problem = Some(problem);
    }

    /// No more tasks are taken.
    pub(super) fn leaves(&self) {
        self.lock().leaving = true;
    }

    pub(super) fn begins(&self, kind: &'static str) {
        *self.lock().running.entry(kind).or_default() += 1;
    }

    /// A task ended. Without a code when it was left without an answer.
    pub(super) fn ends(&self, kind: &'static str, code: Option<Code>, took: Duration) {
        let mut inner = self.lock();
        if let Some(running) = inner.running.get_mut(kind) {
            *running = running.saturating_sub(1);
        }
        let ended = inner.ended.entry((kind, code.map_or("LEFT", name)));
        let ended = ended.or_default();
        ended.tasks += 1;
        ended.time += took;
    }

    /// How the daemon stands with its platform.
    pub fn standing(&self) -> Standing {
        let inner = self.lock();
        let why = match (&inner.problem, inner.leaving, inner.registered) {
            (_, true, _) => "it is shutting down".to_owned(),
            (_, _, true) => return Standing::Ready,
            (Some(problem), ..) => problem.clone(),
            (None, ..) => "the platform has not answered yet".to_owned(),
        };
        Standing::NotReady(why)
    }

    /// What Prometheus collects.
    pub fn metrics(&self, connector: &str, meter: &Meter) -> String {
        let inner = self.lock();
        let mut text = Text::of(connector);
        text.metric(
            "rolecall_daemon_uptime_seconds",
            Kind::Gauge,
            "How long the daemon has been running.",
        )
        .sample(&[], self.began.elapsed().as_secs_f64().round());
        text.metric(
            "rolecall_daemon_registered",
            Kind::Gauge,
            "1 when the platform has accepted this connector.",
        )
        .sample(&[], f64::from(u8::from(inner.registered)));
        text.metric(
            "rolecall_daemon_platform_last_answer_timestamp_seconds",
            Kind::Gauge,
            "When the platform last answered.",
        );
        if let Some(heard) = inner.heard {
            let since_1970 = heard.duration_since(SystemTime::UNIX_EPOCH);
            text.sample(&[], since_1970.unwrap_or_default().as_secs() as f64);
        }
        text.metric(
            "rolecall_daemon_platform_failures_total",
            Kind::Counter,
            "How often the platform could not be asked for tasks.",
        )
        .sample(&[], inner.failed_fetches as f64);
        text.metric(
            "rolecall_daemon_tasks_running",
            Kind::Gauge,
            "Tasks under way.",
        );
        for (kind, running) in &inner.running {
            text.sample(&[("kind", kind)], *running as f64);
        }
        text.metric(
            "rolecall_daemon_tasks_total",
            Kind::Counter,
            "Tasks that ended, by kind and the code that was told; LEFT: without an answer.",
        );
        for ((kind, code), ended) in &inner.ended {
            text.sample(&[("kind", kind), ("code", code)], ended.tasks as f64);
        }
        text.metric(
            "rolecall_daemon_task_duration_seconds_total",
            Kind::Counter,
            "How long they took together.",
        );
        for ((kind, code), ended) in &inner.ended {
            let seconds = (ended.time.as_secs_f64() * 1000.0).round() / 1000.0;
            text.sample(&[("kind", kind), ("code", code)], seconds);
        }
        drop(inner);
        let cost = meter.cost();
        text.metric(
            "rolecall_daemon_requests_total",
            Kind::Counter,
            "Requests that were sent to the system, or statements that were run there.",
        )
        .sample(&[], cost.requests as f64);
        text.into_written()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of a code, as the protocol writes it.
pub(super) fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
