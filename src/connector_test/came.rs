//! What a test came to, before it is compared.

use super::facts::Facts;

/// What came of a listing.
#[derive(Debug, Default)]
pub(super) struct Came {
    pub resources: Vec<Facts>,
    pub entitlements: Vec<Facts>,
    pub grants: Vec<Facts>,
    /// What the sync found odd.
    pub findings: Vec<Found>,
    /// The requests that were made, in their order.
    pub requests: Vec<String>,
    /// The exchanges that nobody asked for, by their place in the test.
    pub unused: Vec<usize>,
    /// Why the listing failed.
    pub error: Option<String>,
}

/// Something odd.
#[derive(Debug)]
pub(super) struct Found {
    pub code: String,
    /// Whether the listing may lack something because of it.
    pub partial: bool,
    /// An example, in words.
    pub example: String,
}
