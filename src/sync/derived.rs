//! What was derived from the grants of a run → findings.

use super::Findings;
use crate::expansion::{Expanded, Noted};

/// What a run holds beyond what its system said.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Derived {
    /// What came of the grants that bring others; `None` when they were not followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expansion: Option<Expanded>,
}

/// Notes what was odd.
pub(super) fn note(derived: &Derived, findings: &mut Findings) {
    let mut note = |code, partial, noted: &Noted| {
        if noted.count() > 0 {
            let examples = noted.examples().map(str::to_owned);
            findings.add_many(code, partial, noted.count(), examples);
        }
    };
    if let Some(expanded) = &derived.expansion {
        note("missing-source", false, &expanded.missing);
        note("foreign-source", false, &expanded.mismatched);
        note("membership-cycle", false, &expanded.cycles);
        note("id-taken", true, &expanded.taken);
    }
}
