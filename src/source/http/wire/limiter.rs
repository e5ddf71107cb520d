//! How many requests go to an API at a time, and when: what all tasks of a connector share.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

use super::clock::{self, Clock};
use super::retry::LONGEST_WAIT;
use crate::config::http::{HttpClientConfig, RateLimitConfig};
use crate::source::{WaitReason, turn};

/// Requests at a time where neither the file nor the run says how many.
const MANY: u32 = 64;

/// Lets requests through.
#[derive(Debug)]
pub(in crate::source::http) struct Limiter {
    /// `http.max_concurrency`.
    written: Option<u32>,
    state: Mutex<State>,
    /// Somebody may go now.
    freed: Notify,
    /// The same, for those who go first.
    freed_first: Notify,
}

#[derive(Debug)]
struct State {
    in_flight: u32,
    /// How many may be in flight at most.
    most: f64,
    /// How many may be now: halved when the API is overloaded, one more for each round that went
    /// well.
    allowed: f64,
    /// How often it was halved.
    halved: u64,
    budget: Vec<Window>,
    /// Until when a host is left alone.
    pauses: HashMap<String, SystemTime>,
    /// How many wait for a host that go before others.
    first: HashMap<String, usize>,
}

/// At most so many requests in any span of so much time.
#[derive(Debug)]
struct Window {
    most: usize,
    span: Duration,
    /// When the last of them went out.
    sent: VecDeque<SystemTime>,
}

/// The place of one request. Free again when this is dropped.
#[derive(Debug)]
pub(in crate::source::http) struct Slot {
    limiter: Arc<Limiter>,
    /// How often the limit was halved when the request went out.
    halved: u64,
}

impl Limiter {
    pub fn compile(config: Option<&HttpClientConfig>) -> Arc<Self> {
        let written = config.and_then(|config| config.max_concurrency);
        let written = written.map(NonZeroU32::get);
        let budget = config.and_then(|config| config.rate_limit.as_ref());
        let most = f64::from(written.unwrap_or(MANY));
        Arc::new(Self {
            written,
            state: Mutex::new(State {
                in_flight: 0,
                most,
                allowed: most,
                halved: 0,
                budget: budget.map(windows).unwrap_or_default(),
                pauses: HashMap::new(),
                first: HashMap::new(),
            }),
            freed: Notify::new(),
            freed_first: Notify::new(),
        })
    }

    /// Says how many tasks the run has. What the file says goes first.
    pub fn side_by_side(&self, tasks: u32) {
        let most = f64::from(self.written.unwrap_or(tasks).max(1));
        let mut state = self.state();
        (state.most, state.allowed) = (most, most);
    }

    /// Waits until a request to a host may go. Nothing is held while waiting.
    pub async fn enter(self: &Arc<Self>, host: &str, clock: &dyn Clock) -> Slot {
        let first = turn::goes_first().then(|| First::begin(self, host));
        let mut now = clock.now();
        loop {
            let freed = match first {
                Some(_) => self.freed_first.notified(),
                None => self.freed.notified(),
            };
            let wait = {
                let mut state = self.state();
                let wait = state.wait(host, now);
                let stands_back = first.is_none() && state.first.contains_key(host);
                if wait.is_none() && !stands_back && state.has_place() {
                    state.in_flight += 1;
                    for window in &mut state.budget {
                        window.send(now);
                    }
                    let halved = state.halved;
                    let more = state.has_place();
                    drop(state);
                    if more {
                        self.wake();
                    }
                    return Slot {
                        limiter: self.clone(),
                        halved,
                    };
                }
                wait
            };
            match wait {
                Some(wait) => {
                    // Others may wait for a place that is free: they should know of the pause too, for
                    // this request may be given up before it takes one.
                    self.wake();
                    tracing::info!(
                        host,
                        wait_ms = wait.as_millis(),
                        "waiting for the API's limit"
                    );
                    clock::wait(WaitReason::RateLimit, wait, clock).await;
                    now = clock.now().max(now + wait);
                }
                None => {
                    freed.await;
                    now = clock.now().max(now);
                }
            }
        }
    }

    /// Leaves a host alone for a time. Longer than a run waits, it is not: what is asked next says so.
    pub fn pause(&self, host: &str, wait: Duration, now: SystemTime) {
        if wait > LONGEST_WAIT {
            return;
        }
        let mut state = self.state();
        let until = state.pauses.entry(host.to_owned()).or_insert(now);
        *until = (*until).max(now + wait);
    }

    /// Lets somebody see whether they may go.
    fn wake(&self) {
        self.freed_first.notify_one();
        self.freed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// The API answered well.
    pub fn went_well(&self) {
        let mut state = self.limiter.state();
        state.allowed = (state.allowed + 1.0 / state.allowed).min(state.most);
    }

    /// The API is overloaded. Requests that were on their way together count once.
    pub fn overloaded(&self) {
        let mut state = self.limiter.state();
        if state.halved == self.halved {
            state.halved += 1;
            state.allowed = (state.allowed / 2.0).max(1.0);
            let allowed = state.allowed.floor();
            tracing::info!(allowed, "fewer requests at a time");
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        state.in_flight -= 1;
        drop(state);
        self.limiter.wake();
    }
}

/// Somebody waits who goes before others, until this is dropped.
struct First<'l> {
    limiter: &'l Limiter,
    host: &'l str,
}

impl<'l> First<'l> {
    fn begin(limiter: &'l Limiter, host: &'l str) -> Self {
        let mut state = limiter.state();
        *state.first.entry(host.to_owned()).or_default() += 1;
        drop(state);
        Self { limiter, host }
    }
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        if let Some(waiting) = state.first.get_mut(self.host) {
            *waiting -= 1;
            if *waiting == 0 {
                state.first.remove(self.host);
            }
        }
        drop(state);
        // Others stood back for this one.
        self.limiter.wake();
    }
}

impl State {
    fn has_place(&self) -> bool {
        f64::from(self.in_flight) < self.allowed.floor()
    }

    /// How long a request to a host has to wait now, other requests aside.
    fn wait(&mut self, host: &str, now: SystemTime) -> Option<Duration> {
        self.pauses.retain(|_, until| *until > now);
        let pause = self.pauses.get(host).copied();
        let pause = pause.and_then(|until| until.duration_since(now).ok());
        let windows = self.budget.iter_mut().filter_map(|window| window.wait(now));
        windows.chain(pause).max()
    }
}

impl Window {
    fn wait(&mut self, now: SystemTime) -> Option<Duration> {
        // A clock that was put back would block for as long.
        self.sent.retain(|sent| *sent <= now);
        while self
            .sent
            .front()
            .is_some_and(|sent| *sent + self.span <= now)
        {
            self.sent.pop_front();
        }
        let oldest = self.sent.front().filter(|_| self.sent.len() >= self.most)?;
        (*oldest + self.span).duration_since(now).ok()
    }

    fn send(&mut self, now: SystemTime) {
        self.sent.push_back(now);
    }
}

/// The windows of a budget: the budget itself, and a shorter one where bursts are limited.
fn windows(config: &RateLimitConfig) -> Vec<Window> {
    let requests = config.requests.get();
    let window = |most: u32, span: Duration| Window {
        most: most as usize,
        span,
        sent: VecDeque::new(),
    };
    let mut windows = vec![window(requests, config.per.0)];
    if let Some(burst) = config.burst.filter(|burst| (1..requests).contains(burst)) {
        windows.push(window(burst, config.per.0 * burst / requests));
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::scalar::DurationText;
    use crate::source::Meter;
    use proptest::prelude::*;

    /// Goes on when somebody waits, and at no other time.
    #[derive(Debug)]
    struct TestClock(Mutex<SystemTime>);

    impl TestClock {
        fn new() -> Self {
            Self(Mutex::new(
                SystemTime::UNIX_EPOCH + Duration::from_secs(1_000),
            ))
        }
    }

    #[async_trait::async_trait]
    impl Clock for TestClock {
        fn now(&self) -> SystemTime {
            *self.0.lock().expect("no panic")
        }

        async fn sleep(&self, time: Duration) {
            *self.0.lock().expect("no panic") += time;
            tokio::task::yield_now().await;
        }
    }

    fn limiter(most: u32, budget: Option<(u32, u64, Option<u32>)>) -> Arc<Limiter> {
        let limiter = Limiter::compile(None);
        limiter.side_by_side(most);
        limiter.state().budget = budget
            .map(|(requests, seconds, burst)| {
                windows(&RateLimitConfig {
                    requests: NonZeroU32::new(requests).expect("some"),
                    per: DurationText(Duration::from_secs(seconds)),
                    burst,
                })
            })
            .unwrap_or_default();
        limiter
    }

    proptest! {
        #[test]
        fn no_span_of_time_sees_more_requests_than_allowed(
            requests in 1_u32..20, seconds in 1_u64..100, burst in proptest::option::of(1_u32..20),
        ) {
            let limiter = limiter(8, Some((requests, seconds, burst)));
            let clock = TestClock::new();
            let mut sent = Vec::new();
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(async {
                for _ in 0..60 {
                    drop(limiter.enter("h", &clock).await);
                    sent.push(clock.now());
                }
            });
            let within = |most: u32, span: Duration| sent.windows(most as usize + 1).all(|some| {
                some[some.len() - 1].duration_since(some[0]).is_ok_and(|time| time >= span)
            });
            let span = Duration::from_secs(seconds);
            prop_assert!(within(requests, span));
            if let Some(burst) = burst.filter(|burst| *burst < requests) {
                prop_assert!(within(burst, span * burst / requests));
            }
        }
    }

    #[tokio::test]
    async fn an_overloaded_api_is_asked_less_and_slowly_more_again() {
        let (limiter, clock) = (limiter(8, None), TestClock::new());
        let allowed = || limiter.state().allowed.floor();
        let mut slots = Vec::new();
        for _ in 0..8 {
            slots.push(limiter.enter("h", &clock).await);
        }
        assert!(futures::future::FutureExt::now_or_never(limiter.enter("h", &clock)).is_none());
        slots.iter().for_each(Slot::overloaded);
        assert_eq!(allowed(), 4.0, "those that went together count once");
        slots.clear();
        for _ in 0..5 {
            limiter.enter("h", &clock).await.overloaded();
        }
        assert_eq!(allowed(), 1.0, "one always goes");
        for _ in 0..100 {
            limiter.enter("h", &clock).await.went_well();
        }
        assert_eq!(allowed(), 8.0, "no more than were asked for");
    }

    #[tokio::test]
    async fn a_pause_holds_for_all_requests_to_a_host() {
        let (limiter, clock) = (limiter(2, None), TestClock::new());
        let start = clock.now();
        limiter.pause("h", Duration::from_secs(20), start);
        limiter.pause("h", Duration::from_secs(5), start);
        limiter.pause("h", LONGEST_WAIT * 2, start);
        drop(limiter.enter("other", &clock).await);
        assert_eq!(clock.now(), start);
        let meter = Meter::new();
        drop(meter.measure(limiter.enter("h", &clock)).await);
        assert_eq!(clock.now(), start + Duration::from_secs(20));
        assert_eq!(meter.cost().rate_limit_wait_ms, 20_000);
    }

    /// However many pages of a sync wait, a change is next.
    #[tokio::test]
    async fn a_change_goes_before_the_pages_of_a_sync() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        for budget in [None, Some((2, 10, None))] {
            let limiter = limiter(2, budget);
            let (clock, entered) = (Arc::new(TestClock::new()), Arc::new(AtomicUsize::new(0)));
            let pages = (0..100).map(|_| {
                let (limiter, clock, entered) = (limiter.clone(), clock.clone(), entered.clone());
                tokio::spawn(async move {
                    let slot = limiter.enter("h", &*clock).await;
                    entered.fetch_add(1, Ordering::Relaxed);
                    for _ in 0..3 {
                        tokio::task::yield_now().await;
                    }
                    drop(slot);
                })
            });
            let pages: Vec<_> = pages.collect();
            for _ in 0..5 {
                tokio::task::yield_now().await;
                let before = entered.load(Ordering::Relaxed);
                drop(crate::source::first(limiter.enter("h", &*clock)).await);
                let overtaken_by = entered.load(Ordering::Relaxed) - before;
                assert!(overtaken_by <= 2, "{overtaken_by} pages went before it");
            }
            let all = futures::future::join_all(pages).await;
            assert!(all.iter().all(Result::is_ok));
            assert!(limiter.state().first.is_empty());
        }
    }

    /// Every task gets its turn, whoever was cancelled in between.
    #[tokio::test(flavor = "multi_thread")]
    async fn nobody_is_forgotten() {
        let limiter = limiter(3, None);
        let clock = Arc::new(TestClock::new());
        let tasks = (0..200_u32).map(|n| {
            let (limiter, clock) = (limiter.clone(), clock.clone());
            tokio::spawn(async move {
                let entering = async {
                    match n % 5 {
                        0 => crate::source::first(limiter.enter("h", &*clock)).await,
                        _ => limiter.enter("h", &*clock).await,
                    }
                };
                if n % 7 == 0 {
                    let short = Duration::from_micros(50);
                    return drop(tokio::time::timeout(short, entering).await);
                }
                let slot = entering.await;
                assert!(limiter.state().in_flight <= 3);
                tokio::time::sleep(Duration::from_micros(100)).await;
                drop(slot);
            })
        });
        let all = futures::future::join_all(tasks.collect::<Vec<_>>());
        let done = tokio::time::timeout(Duration::from_secs(20), all).await;
        assert!(done.expect("all get their turn").iter().all(Result::is_ok));
        assert_eq!(limiter.state().in_flight, 0);
    }
}
