//! Time as waiting for an API sees it, so that tests need not wait.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

/// Tells the time and waits.
#[async_trait::async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time now.
    fn now(&self) -> SystemTime;

    /// Waits.
    async fn sleep(&self, time: Duration);
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait::async_trait]
impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// A clock that another one may take the place of, before the first request is sent.
#[derive(Debug)]
pub(super) struct Replaceable {
    first: Arc<dyn Clock>,
    instead: OnceLock<Arc<dyn Clock>>,
}

impl Replaceable {
    pub(super) fn new(first: Arc<dyn Clock>) -> Self {
        Self {
            first,
            instead: OnceLock::new(),
        }
    }

    /// Takes the place of the clock, once.
    pub(super) fn replace(&self, clock: Arc<dyn Clock>) {
        let _ = self.instead.set(clock);
    }

    /// The time now.
    pub(super) fn now(&self) -> SystemTime {
        self.clock().now()
    }

    /// Waits.
    pub(super) async fn sleep(&self, time: Duration) {
        self.clock().sleep(time).await;
    }

    /// The clock that counts.
    pub(super) fn clock(&self) -> &dyn Clock {
        self.instead.get().unwrap_or(&self.first).as_ref()
    }
}
