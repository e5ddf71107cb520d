//! What asking a system costs, told to whoever asks: requests, tries, bytes, and what was waited for.
//!
//! Sources do not know who asks. A meter is put around what is asked with [`Meter::measure`], and
//! belongs to everything that happens inside, as long as that starts no task of its own. Where
//! nobody measures, nothing is counted.

use std::collections::BTreeMap;
use std::ops::{Add, AddAssign};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

tokio::task_local! {
    static CURRENT: Arc<Meter>;
}

/// Why somebody waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitReason {
    /// The system's limit, or the one that the file sets.
    RateLimit,
    /// Something failed and is tried again.
    Retry,
    /// A job of the system that is not done yet.
    Job,
}

impl WaitReason {
    /// Every reason, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::RateLimit, Self::Retry, Self::Job];

    /// The reason as reports name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RateLimit => "rate-limit",
            Self::Retry => "retry",
            Self::Job => "job",
        }
    }
}

/// What was asked and waited for up to now. All numbers are sums over the tasks that asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// Requests that were sent or statements that were run, the repeated ones among them.
    pub requests: u64,
    /// How many of them repeated one that had failed.
    pub retries: u64,
    /// Bytes of the bodies that APIs answered, unpacked.
    pub bytes: u64,
    /// Milliseconds waited for rate limits.
    pub rate_limit_wait_ms: u64,
    /// Milliseconds waited before something was tried again.
    pub retry_wait_ms: u64,
    /// Milliseconds waited for jobs of the system.
    pub job_wait_ms: u64,
    /// Milliseconds in which at least one task waited. Less than the sum of the waits where several
    /// tasks waited at the same time.
    pub wall_wait_ms: u64,
}

impl Cost {
    /// Milliseconds that tasks waited for a reason.
    pub fn waited_ms(&self, reason: WaitReason) -> u64 {
        match reason {
            WaitReason::RateLimit => self.rate_limit_wait_ms,
            WaitReason::Retry => self.retry_wait_ms,
            WaitReason::Job => self.job_wait_ms,
        }
    }

    fn waited(&mut self, reason: WaitReason, ms: u64) {
        let of_reason = match reason {
            WaitReason::RateLimit => &mut self.rate_limit_wait_ms,
            WaitReason::Retry => &mut self.retry_wait_ms,
            WaitReason::Job => &mut self.job_wait_ms,
        };
        *of_reason += ms;
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.retries += other.retries;
        self.bytes += other.bytes;
        self.rate_limit_wait_ms += other.rate_limit_wait_ms;
        self.retry_wait_ms += other.retry_wait_ms;
        self.job_wait_ms += other.job_wait_ms;
        self.wall_wait_ms += other.wall_wait_ms;
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

/// A task that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Why.
    pub reason: WaitReason,
    /// Until when.
    pub until: SystemTime,
}

/// Counts what is asked inside [`measure`](Meter::measure).
#[derive(Debug, Default)]
pub struct Meter {
    /// What this is a part of: everything counts there too.
    whole: Option<Arc<Meter>>,
    requests: AtomicU64,
    retries: AtomicU64,
    bytes: AtomicU64,
    waits: Mutex<Waits>,
}

/// What was and is waited for.
#[derive(Debug, Default)]
struct Waits {
    /// Only the waits in it count.
    over: Cost,
    /// Those who wait now, by the number they drew.
    now: BTreeMap<u64, Waiting>,
    /// The number of the next one.
    next: u64,
    /// Since when somebody waits.
    since: Option<SystemTime>,
}

impl Meter {
    /// A meter that stands alone.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A meter whose counts are part of those of another one.
    pub fn part_of(whole: &Arc<Meter>) -> Arc<Self> {
        Arc::new(Self {
            whole: Some(whole.clone()),
            ..Self::default()
        })
    }

    /// Counts what is asked while a future runs. Inside another one, only the inner meter counts,
    /// unless it is part of the other.
    pub async fn measure<F: Future>(self: &Arc<Self>, asking: F) -> F::Output {
        CURRENT.scope(self.clone(), asking).await
    }

    /// What was asked up to now. Waits count when they are over.
    pub fn cost(&self) -> Cost {
        let mut cost = self.waits().over;
        cost.requests = self.requests.load(Ordering::Relaxed);
        cost.retries = self.retries.load(Ordering::Relaxed);
        cost.bytes = self.bytes.load(Ordering::Relaxed);
        cost
    }

    /// The tasks that wait now, the one first that goes on first.
    pub fn waiting(&self) -> Vec<Waiting> {
        let mut waiting: Vec<Waiting> = self.waits().now.values().copied().collect();
        waiting.sort_by_key(|waiting| (waiting.until, waiting.reason));
        waiting
    }

    /// This meter, and those that it is part of.
    fn and_above(self: &Arc<Self>) -> impl Iterator<Item = &Arc<Meter>> {
        std::iter::successors(Some(self), |meter| meter.whole.as_ref())
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        // Numbers are whole whatever else went wrong.
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes a request that is sent or a statement that is run.
pub(super) fn asked() {
    add(|meter| &meter.requests, 1);
}

/// Notes that what failed is tried again.
pub(super) fn retried() {
    add(|meter| &meter.retries, 1);
}

/// Notes bytes of an answer.
pub(super) fn received(bytes: usize) {
    add(|meter| &meter.bytes, bytes as u64);
}

fn add(count: fn(&Meter) -> &AtomicU64, more: u64) {
    // Where nobody measures, there is nothing to count.
    let _ = CURRENT.try_with(|current| {
        for meter in current.and_above() {
            count(meter).fetch_add(more, Ordering::Relaxed);
        }
    });
}

/// Waits: notes since when and until when, and in the end how long it was by the clock of `now`. A
/// wait that is given up counts as long as it took.
pub(super) async fn waiting(
    reason: WaitReason,
    length: Duration,
    now: impl Fn() -> SystemTime,
    sleep: impl Future<Output = ()>,
) {
    let begun = now();
    let mut wait = Wait::begin(reason, begun, begun + length);
    sleep.await;
    wait.ended = Some(now());
}

/// A wait under way. Over when this is dropped.
struct Wait {
    reason: WaitReason,
    begun: SystemTime,
    at: Instant,
    ended: Option<SystemTime>,
    /// Where it is noted, under which number.
    noted: Vec<(Arc<Meter>, u64)>,
}

impl Wait {
    fn begin(reason: WaitReason, begun: SystemTime, until: SystemTime) -> Self {
        let note = |meter: &Arc<Meter>| {
            let mut waits = meter.waits();
            let number = waits.next;
            waits.next += 1;
            waits.since.get_or_insert(begun);
            waits.now.insert(number, Waiting { reason, until });
            drop(waits);
            (meter.clone(), number)
        };
        let noted = CURRENT.try_with(|current| current.and_above().map(note).collect());
        Self {
            reason,
            begun,
            at: Instant::now(),
            ended: None,
            noted: noted.unwrap_or_default(),
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let ended = self.ended.unwrap_or_else(|| self.begun + self.at.elapsed());
        for (meter, number) in &self.noted {
            let mut waits = meter.waits();
            waits.now.remove(number);
            waits.over.waited(self.reason, ms(self.begun, ended));
            if waits.now.is_empty()
                && let Some(since) = waits.since.take()
            {
                waits.over.wall_wait_ms += ms(since, ended);
            }
        }
    }
}

/// Milliseconds between two moments; none when a clock was put back.
fn ms(from: SystemTime, to: SystemTime) -> u64 {
    let time = to.duration_since(from).unwrap_or_default();
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
