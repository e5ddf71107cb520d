//! Ids of sync runs: KSUIDs, in the order of the seconds in which the runs began.

use chrono::{DateTime, Utc};

use crate::ksuid;
pub use crate::ksuid::encode;
use crate::model::SyncId;

/// A new id for a run that began at `started_at`.
pub fn generate(started_at: DateTime<Utc>) -> SyncId {
    SyncId(ksuid::generate(started_at))
}

/// When the run of an id began, to the second. `None` when the text is no KSUID.
pub fn started_at(id: &SyncId) -> Option<DateTime<Utc>> {
    ksuid::made_at(&id.0)
}
