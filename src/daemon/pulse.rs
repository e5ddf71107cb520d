//! Heartbeats: a long task says that it is alive, and hears when it is not wanted any more.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::link::Link;
use crate::proto::connectorapi::baton::v1::BatonServiceHeartbeatResponse;
use crate::source::Backoff;

/// The time between two heartbeats where the platform does not say.
pub(super) const USUAL: Duration = Duration::from_secs(30);
/// The least and the most time between two heartbeats, whatever the platform says.
const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(5 * 60);
/// After so many failures in a row the platform has given the task up.
const FAILURES: u32 = 10;

/// What the platform says to the first heartbeat of a task.
pub(super) enum First {
    /// Go on; the next heartbeat is due after this time.
    GoOn(Duration),
    /// The task is not wanted any more, or is somebody else's.
    Leave,
}

/// Says for the first time that a task is under way, before anything is done for it.
pub(super) async fn first(link: &Link, task_id: &str) -> First {
    match link.heartbeat(task_id).await {
        Ok(beat) if beat.cancelled => {
            info!("the task was cancelled before it began");
            First::Leave
        }
        Ok(beat) => First::GoOn(interval(&beat)),
        // A platform that cannot be reached now has not taken the task away.
        Err(error) if !super::refuses_the_task(&error) => First::GoOn(LEAST),
        Err(error) => {
            warn!("the platform refuses the task's heartbeat, so the task is left: {error}");
            First::Leave
        }
    }
}

/// Sends heartbeats until it is dropped. Cancels the task when the platform says so, or when it
/// hears nothing of it for long.
pub(super) async fn beat(
    link: &Link,
    task_id: &str,
    mut every: Duration,
    cancel: &CancellationToken,
) {
    let backoff = Backoff {
        attempts: u32::MAX,
        initial: LEAST,
        longest: every.clamp(LEAST, USUAL),
    };
    let (mut failures, mut wait, mut heard) = (0, every, Instant::now());
    loop {
        sleep(wait).await;
        match link.heartbeat(task_id).await {
            Ok(beat) => {
                (every, failures, heard) = (interval(&beat), 0, Instant::now());
                wait = every;
                if beat.cancelled && !cancel.is_cancelled() {
                    info!("the platform cancels the task");
                    cancel.cancel();
                }
            }
            Err(error) => {
                failures += 1;
                warn!(failures, "a heartbeat failed: {error}");
                // Short interruptions are tried again sooner; giving up takes as long as with
                // heartbeats at their usual times.
                wait = backoff.wait(failures).unwrap_or(every).max(LEAST / 2);
                let given_up = failures >= FAILURES && heard.elapsed() >= every * FAILURES;
                if (given_up || super::refuses_the_task(&error)) && !cancel.is_cancelled() {
                    warn!("the platform does not know the task any more, so it is cancelled");
                    cancel.cancel();
                }
            }
        }
    }
}

fn interval(beat: &BatonServiceHeartbeatResponse) -> Duration {
    let said = beat.next_heartbeat.as_ref().and_then(super::positive);
    said.map_or(USUAL, |said| said.clamp(LEAST, MOST))
}
