//! Time and chance as an API sees them, so that tests need not wait and know what is sent.

use std::time::{Duration, SystemTime};

use crate::source::SourceError;

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

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
