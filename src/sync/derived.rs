//! What was derived from the grants of a run → findings.

use super::Findings;
use crate::expansion::{Expanded, Noted};

/// What a run holds beyond what its system said.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Derived {
    /// What came of the grants that bring others; `None` when they were not followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expansion: Option<Expanded>,
    /// What came of the principals of another system; `None` when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<Matched>,
}

/// What came of the principals of another system.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Matched {
    /// Principals that were copied.
    pub principals: u64,
    /// Entitlements on them.
    pub entitlements: u64,
    /// Grants of these.
    pub grants: u64,
    /// Grants of these that were not copied, because their own principals were not.
    pub left_out: u64,
    /// Grants to stand-ins.
    pub stand_ins: u64,
    /// Grants that were made instead.
    pub made: u64,
    /// Stand-ins that mean nobody, or one of several.
    #[serde(skip)]
    pub unmatched: Noted,
    /// What was not copied, because the system itself has something of the same id.
    #[serde(skip)]
    pub clashes: Noted,
    /// Stand-ins that bring others, for principals that have no such entitlement.
    #[serde(skip)]
    pub without_members: Noted,
}

/// Notes what was odd.
pub(super) fn note(derived: &Derived, findings: &mut Findings) {
    let mut note = |code, partial, noted: &Noted| {
        if noted.count() > 0 {
            let examples = noted.examples().map(str::to_owned);
            findings.add_many(code, partial, noted.count(), examples);
        }
    };
    if let Some(matched) = &derived.external {
        note("external-unmatched", false, &matched.unmatched);
        note("external-clash", true, &matched.clashes);
        note("external-without-members", false, &matched.without_members);
    }
    if let Some(expanded) = &derived.expansion {
        note("missing-source", false, &expanded.missing);
        note("foreign-source", false, &expanded.mismatched);
        note("membership-cycle", false, &expanded.cycles);
        note("id-taken", true, &expanded.taken);
    }
}
