//! Sync runs: one pass over a system.

use std::fmt;

use chrono::{DateTime, Utc};

/// Identifies a sync run: a KSUID of 27 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SyncId(pub String);

impl fmt::Display for SyncId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a run covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncKind {
    /// Everything.
    Full,
    /// Some types or resources only.
    Partial,
    /// Resources without entitlements and grants.
    ResourcesOnly,
    /// A kind of another program, by its name there.
    Other(String),
}

impl SyncKind {
    /// The kind as a c1z writes it.
    pub fn as_str(&self) -> &str {
        match self {
            SyncKind::Full => "full",
            SyncKind::Partial => "partial",
            SyncKind::ResourcesOnly => "resources_only",
            SyncKind::Other(name) => name,
        }
    }
}

/// A run as a c1z records it.
#[derive(Debug, Clone, PartialEq)]
pub struct SyncRun {
    /// Its identity.
    pub id: SyncId,
    /// What it covers.
    pub kind: SyncKind,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it was sealed; `None` while it is unfinished.
    pub ended_at: Option<DateTime<Utc>>,
    /// The run it builds on; empty for a run of its own.
    pub parent: Option<SyncId>,
    /// The writer's private checkpoint text; empty when sealed.
    pub token: String,
}
