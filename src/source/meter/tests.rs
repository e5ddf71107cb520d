use std::cell::Cell;
use std::future::pending;
use std::task::Poll;

use futures::FutureExt as _;

use super::*;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Goes on by itself when somebody has waited.
fn wait_on(clock: &Cell<u64>, reason: WaitReason, length: u64) -> impl Future<Output = ()> {
    let sleep = async move { clock.set(clock.get() + length) };
    waiting(reason, seconds(length), || at(clock.get()), sleep)
}

#[tokio::test]
async fn what_is_asked_counts_where_it_is_measured_and_in_the_whole() {
    let whole = Meter::new();
    let (users, groups) = (Meter::part_of(&whole), Meter::part_of(&whole));
    let clock = Cell::new(1_000);
    asked();
    users
        .measure(async {
            asked();
            received(70);
            wait_on(&clock, WaitReason::RateLimit, 20).await;
            retried();
            asked();
            received(30);
        })
        .await;
    whole.measure(async { asked() }).await;
    groups
        .measure(async {
            asked();
            wait_on(&clock, WaitReason::Job, 5).await;
        })
        .await;
    retried();
    let once = Cost {
        requests: 1,
        ..Cost::default()
    };
    let of_users = Cost {
        requests: 2,
        retries: 1,
        bytes: 100,
        rate_limit_wait_ms: 20_000,
        wall_wait_ms: 20_000,
        ..Cost::default()
    };
    let of_groups = Cost {
        requests: 1,
        job_wait_ms: 5_000,
        wall_wait_ms: 5_000,
        ..Cost::default()
    };
    assert_eq!(users.cost(), of_users);
    assert_eq!(groups.cost(), of_groups);
    assert_eq!(whole.cost(), of_users + of_groups + once);
    assert!(whole.waiting().is_empty());
}

#[tokio::test]
async fn the_clock_says_how_long_a_wait_was() {
    // A recording is replayed without waiting: nothing was waited for.
    let meter = Meter::new();
    let replayed = waiting(WaitReason::Retry, seconds(30), || at(0), async {});
    meter.measure(replayed).await;
    assert_eq!(meter.cost(), Cost::default());
    // The clock was put back meanwhile.
    let clock = Cell::new(1_000);
    let sleep = async { clock.set(10) };
    let wait = waiting(WaitReason::Retry, seconds(30), || at(clock.get()), sleep);
    meter.measure(wait).await;
    assert_eq!(meter.cost(), Cost::default());
}

#[tokio::test]
async fn tasks_that_wait_together_hold_the_sync_up_once() {
    let whole = Meter::new();
    let clock = Cell::new(100);
    let until = async |end: u64| {
        let sleep = std::future::poll_fn(|_| match clock.get() >= end {
            true => Poll::Ready(()),
            false => Poll::Pending,
        });
        let length = seconds(end - clock.get());
        waiting(WaitReason::RateLimit, length, || at(clock.get()), sleep).await;
    };
    let (one, other) = (Meter::part_of(&whole), Meter::part_of(&whole));
    let mut first = Box::pin(one.measure(until(160)));
    let mut second = Box::pin(other.measure(until(140)));
    assert!(first.as_mut().now_or_never().is_none());
    clock.set(110);
    assert!(second.as_mut().now_or_never().is_none());
    let ends: Vec<SystemTime> = whole.waiting().iter().map(|some| some.until).collect();
    assert_eq!(ends, [at(140), at(160)], "the one first that ends first");
    assert_eq!(one.waiting().len(), 1);
    clock.set(140);
    assert!(second.now_or_never().is_some());
    assert_eq!(whole.waiting().len(), 1);
    clock.set(160);
    assert!(first.now_or_never().is_some());
    let cost = whole.cost();
    assert_eq!(cost.rate_limit_wait_ms, 60_000 + 30_000);
    assert_eq!(cost.wall_wait_ms, 60_000);
}

#[tokio::test]
async fn a_wait_that_is_given_up_is_over() {
    let meter = Meter::new();
    let forever = waiting(WaitReason::Job, seconds(600), SystemTime::now, pending());
    let mut waits = Box::pin(meter.measure(forever));
    assert!(waits.as_mut().now_or_never().is_none());
    assert_eq!(meter.waiting()[0].reason, WaitReason::Job);
    drop(waits);
    assert!(meter.waiting().is_empty());
    assert!(
        meter.cost().job_wait_ms < 60_000,
        "not what it would have been"
    );
}

#[tokio::test]
async fn what_no_one_measures_is_not_counted() {
    let clock = Cell::new(0);
    asked();
    wait_on(&clock, WaitReason::Retry, 3).await;
    assert_eq!(clock.get(), 3);
}
