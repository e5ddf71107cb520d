//! What a lane of a run came to so far, in numbers that a resumed run goes on with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::report::Findings;
use crate::source::Cost;

/// What a lane came to so far. Kept in the checkpoint, so it is small whatever the lane brings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Listings that came to their end: one, or one per resource.
    #[serde(skip_serializing_if = "is_zero")]
    pub listings: u64,
    /// Pages stored.
    #[serde(skip_serializing_if = "is_zero")]
    pub pages: u64,
    /// Records on them.
    #[serde(skip_serializing_if = "is_zero")]
    pub records: u64,
    /// Rows that came of them.
    #[serde(skip_serializing_if = "is_zero")]
    pub rows: u64,
    /// Records that could not be mapped.
    #[serde(skip_serializing_if = "is_zero")]
    pub failed_records: u64,
    /// Listings for a resource that the system said it does not know.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_found: u64,
    /// What it asked of the system, and waited for.
    #[serde(skip_serializing_if = "nothing_was_asked")]
    pub cost: Cost,
    /// Microseconds during which it was under way: pages come faster than milliseconds can count.
    #[serde(skip_serializing_if = "is_zero")]
    pub duration_us: u64,
    /// True when something of it may be missing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// How often something was odd, by code.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub findings: BTreeMap<String, u64>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn nothing_was_asked(cost: &Cost) -> bool {
    *cost == Cost::default()
}

impl Tally {
    /// Notes what was odd.
    pub fn found(&mut self, findings: &Findings) {
        for (code, finding) in findings.iter() {
            *self.findings.entry(code.to_owned()).or_default() += finding.count;
            self.partial |= finding.partial;
        }
    }
}
