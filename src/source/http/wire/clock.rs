//! Time and chance as an API sees them, so that tests need not wait and know what is sent.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use crate::hex::hex;
use crate::source::{SourceError, WaitReason, meter};

/// Tells the time, waits, and draws lots.
#[async_trait::async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time now.
    fn now(&self) -> SystemTime;

    /// Waits.
    async fn sleep(&self, time: Duration);

    /// A text that no request had before: 32 hexadecimal digits.
    fn nonce(&self) -> Result<String, SourceError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| {
            SourceError::Invalid(format!("this machine gives no random numbers: {error}"))
        })?;
        Ok(hex(&bytes))
    }
}

/// Waits, and notes why.
pub(in crate::source::http) async fn wait(reason: WaitReason, time: Duration, clock: &dyn Clock) {
    meter::waiting(reason, time, || clock.now(), clock.sleep(time)).await;
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
pub(in crate::source::http) struct Replaceable {
    first: Arc<dyn Clock>,
    instead: OnceLock<Arc<dyn Clock>>,
}

impl Replaceable {
    pub(in crate::source::http) fn new(first: Arc<dyn Clock>) -> Self {
        Self {
            first,
            instead: OnceLock::new(),
        }
    }

    /// Takes the place of the clock, once.
    pub(in crate::source::http) fn replace(&self, clock: Arc<dyn Clock>) {
        let _ = self.instead.set(clock);
    }

    /// The time now.
    pub(in crate::source::http) fn now(&self) -> SystemTime {
        self.clock().now()
    }

    /// Waits, and notes why.
    pub(in crate::source::http) async fn wait(&self, reason: WaitReason, time: Duration) {
        wait(reason, time, self.clock()).await;
    }

    /// A text that no request had before.
    pub(in crate::source::http) fn nonce(&self) -> Result<String, SourceError> {
        self.clock().nonce()
    }

    /// The clock that counts.
    pub(in crate::source::http) fn clock(&self) -> &dyn Clock {
        self.instead.get().unwrap_or(&self.first).as_ref()
    }
}
