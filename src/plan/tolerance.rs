//! `tolerance`, with what is not written filled in.

use crate::config::tolerance::{ToleranceAction, ToleranceConfig};

/// How much may go wrong before a sync gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// What is done about a record that cannot be mapped.
    pub records: ToleranceAction,
    /// What is done when the system does not know a resource that it listed.
    pub not_found: ToleranceAction,
    /// How many warnings there may be, whatever their share.
    pub warnings: u64,
    /// Their share, in percent.
    pub percent: u64,
}

impl Tolerance {
    /// What is written, and what holds where nothing is.
    pub(super) fn of(config: Option<&ToleranceConfig>) -> Self {
        let action = |written: Option<ToleranceAction>| written.unwrap_or(ToleranceAction::Warn);
        Self {
            records: action(config.and_then(|config| config.records)),
            not_found: action(config.and_then(|config| config.not_found)),
            warnings: config.map_or(10, |config| config.warnings.into()),
            percent: config.map_or(10, |config| config.percent.into()),
        }
    }

    /// True when `warnings` among `all` are more than are gone on with.
    ///
    /// The reference implementation gives up by the same rule: more than ten, and more than a tenth.
    pub fn is_exceeded(&self, warnings: u64, all: u64) -> bool {
        warnings > self.warnings && warnings.saturating_mul(100) > all.saturating_mul(self.percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_the_number_and_the_share_must_be_exceeded() {
        let usual = Tolerance::of(None);
        assert!(!usual.is_exceeded(10, 10), "ten are always gone on with");
        assert!(usual.is_exceeded(11, 109));
        assert!(!usual.is_exceeded(11, 110), "exactly a tenth");
    }
}
