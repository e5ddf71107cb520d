//! How long things take, and what time it is.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::protocol::Lane;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How the platform deals with tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// How long a connector may be silent about a task that it sends heartbeats for.
    pub lease: Duration,
    /// How long it may work on a task that no heartbeat was sent for: connectors of the reference
    /// implementation send them for syncs only.
    pub silent_lease: Duration,
    /// When to ask for a task again where there was none.
    pub poll: Duration,
    /// When a task that may be tried again is handed out again; doubled with each attempt.
    pub backoff: Duration,
    /// How long a token is good for.
    pub token: Duration,
    /// How often a task is tried where nobody said otherwise.
    pub attempts: u32,
}

/// The longest wait between two attempts.
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);
/// When to ask again where there was a task: there may be another one.
const POLL_AFTER_TASK: Duration = Duration::from_millis(50);

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(120),
            silent_lease: Duration::from_secs(900),
            poll: Duration::from_secs(1),
            backoff: Duration::from_secs(5),
            token: Duration::from_secs(3600),
            attempts: 5,
        }
    }
}

impl Timing {
    /// How long a task that is handed out now is the holder's. A sync begins with a heartbeat.
    pub(super) fn first_lease(&self, lane: Lane) -> Duration {
        match lane {
            Lane::Sync => self.lease,
            Lane::Short => self.silent_lease.max(self.lease),
        }
    }

    /// When the next heartbeat is due: three may get lost.
    pub(super) fn heartbeat(&self) -> Duration {
        self.lease / 4
    }

    /// When to ask for tasks again.
    pub(super) fn next_poll(&self, found: bool) -> Duration {
        match found {
            true => POLL_AFTER_TASK.min(self.poll),
            false => self.poll,
        }
    }

    /// How long to wait before another attempt, after so many.
    pub(super) fn backoff(&self, attempts: u32) -> Duration {
        let doubled = 2u32.saturating_pow(attempts.saturating_sub(1).min(16));
        self.backoff.saturating_mul(doubled).min(LONGEST_BACKOFF)
    }
}

/// The clock of this machine.
pub fn system_clock() -> Clock {
    Arc::new(Utc::now)
}
