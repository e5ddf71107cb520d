//! How long to wait before something is tried again.

use std::time::Duration;

/// Waits that double with each failure up to a longest one, each a random part of that: clients that
/// failed together do not come back together ("full jitter").
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// How often something is tried at most, the first time included.
    pub attempts: u32,
    /// The most that the first wait takes.
    pub initial: Duration,
    /// The most that any wait takes.
    pub longest: Duration,
}

impl Backoff {
    /// The wait before the attempt after `failed` failed ones; `None` to give up.
    pub fn wait(&self, failed: u32) -> Option<Duration> {
        let doubled = || {
            self.initial
                .saturating_mul(1 << (failed.max(1) - 1).min(20))
        };
        (failed < self.attempts).then(|| fraction(doubled().min(self.longest)))
    }
}

/// A random part of a time, evenly spread from nothing to all of it.
pub(super) fn fraction(time: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX);
    time.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_are_spread() {
        let backoff = Backoff {
            attempts: 4,
            initial: Duration::from_secs(1),
            longest: Duration::from_secs(3),
        };
        for (failed, most) in [(1, 1), (2, 2), (3, 3)] {
            let waits: Vec<_> = (0..50)
                .map(|_| backoff.wait(failed).expect("tries again"))
                .collect();
            assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(most)));
            assert!(
                waits.iter().any(|wait| wait != &waits[0]),
                "not spread: {waits:?}"
            );
        }
        assert_eq!(backoff.wait(4), None);
    }
}
