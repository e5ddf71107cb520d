//! Where a running sync keeps what it finds: the contract between the lifecycle and its work file.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Derived;
use crate::model::{
    Entitlement, Grant, Resource, ResourceId, ResourceType, ResourceTypeId, SyncRun,
};

/// What one page of one listing came to.
#[derive(Debug, Default)]
pub struct PageFacts {
    /// Resource types; only the first step writes any.
    pub resource_types: Vec<ResourceType>,
    /// Resources, in the order of the page.
    pub resources: Vec<Resource>,
    /// Entitlements, in the order of the page.
    pub entitlements: Vec<Entitlement>,
    /// Grants, in the order of the page.
    pub grants: Vec<Grant>,
}

impl PageFacts {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.resource_types.len()
            + self.resources.len()
            + self.entitlements.len()
            + self.grants.len()
    }

    /// Adds the rows of another page after these.
    pub fn append(&mut self, mut other: PageFacts) {
        self.resource_types.append(&mut other.resource_types);
        self.resources.append(&mut other.resources);
        self.entitlements.append(&mut other.entitlements);
        self.grants.append(&mut other.grants);
    }

    /// True when the page wrote nothing.
    pub fn is_empty(&self) -> bool {
        self.resource_types.is_empty()
            && self.resources.is_empty()
            && self.entitlements.is_empty()
            && self.grants.is_empty()
    }
}

/// What a commit did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Rows whose identity was already there, in this page or an earlier one: the last one wins.
    /// Grants are not looked at before [`SyncSink::settle`].
    pub replaced: Finding,
}

/// The place of a resource in the order in which resources were first stored. Never reused
/// within a run, so that "the resources after this one" means the same after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct RowPosition(pub i64);

/// Facts that point at something the run did not find, with the first few as examples.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Audit {
    /// Grants whose principal was not listed: count and up to [`Finding::EXAMPLES`] grant ids.
    pub missing_principals: Finding,
    /// Grants on an entitlement that was not listed.
    pub missing_entitlements: Finding,
    /// Resources whose parent was not listed.
    pub missing_parents: Finding,
}

/// How often something was seen, and where first.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Number of rows.
    pub count: u64,
    /// The first few ids, in their order.
    pub examples: Vec<String>,
}

impl Finding {
    /// How many examples there are at most.
    pub const EXAMPLES: usize = 5;
}

/// What a run comes to once all its pages are there.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Settled {
    /// What the run holds.
    pub counts: Counts,
    /// And of each type.
    pub by_type: BTreeMap<String, TypeCounts>,
    /// What points at nothing.
    pub audit: Audit,
    /// Grants of an identity that a listing brought twice: the last one stays.
    pub duplicate_grants: Finding,
    /// What the run holds beyond what its system said.
    pub derived: Derived,
}

/// Number of rows a run holds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counts {
    pub resource_types: u64,
    pub resources: u64,
    pub entitlements: u64,
    pub grants: u64,
}

/// Number of rows a run holds of one type: grants and entitlements on its resources.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct TypeCounts {
    pub resources: u64,
    pub entitlements: u64,
    pub grants: u64,
}

/// The store of a run in progress. Calls block on the disk: callers keep them off the
/// asynchronous threads.
///
/// The contract is one sentence: **after [`commit`](SyncSink::commit) returns, the page and the
/// checkpoint are both there for whoever opens the store next; before it returns, neither can be
/// seen.** So a run that is killed at any moment goes on from the last commit, with nothing lost and
/// nothing twice. A power cut may cost the last commits, but always as a whole, and never more than
/// those of the last ten seconds: [`flush`](SyncSink::flush).
pub trait SyncSink: Send {
    /// The run being written.
    fn run(&self) -> &SyncRun;

    /// The checkpoint of the last commit; `None` before the first one.
    fn checkpoint(&self) -> Result<Option<String>, SinkError>;

    /// Writes a page and the checkpoint that follows it in one transaction. Rows with an identity
    /// that is already stored are replaced and keep their place; grants wait for
    /// [`settle`](SyncSink::settle).
    fn commit(&mut self, page: &PageFacts, checkpoint: &str) -> Result<Committed, SinkError>;

    /// Brings everything that was committed to the disk itself, if it is not there yet. Commits see
    /// to that themselves from time to time; this is for when none comes.
    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// The last grant that was stored, 0 when there is none.
    fn newest_grant(&self) -> Result<RowPosition, SinkError>;

    /// Notes that grants which were stored after `since` may come again: they are no duplicates.
    fn note_again(&mut self, since: RowPosition) -> Result<(), SinkError>;

    /// Up to `limit` resources of a type that were stored after `after`, in stored order.
    fn resources_after(
        &self,
        resource_type: &ResourceTypeId,
        after: Option<RowPosition>,
        limit: usize,
    ) -> Result<Vec<(RowPosition, Resource)>, SinkError>;

    /// One resource, or `None` when it was not stored.
    fn resource(&self, id: &ResourceId) -> Result<Option<Resource>, SinkError>;

    /// How many resources of a type are stored.
    fn count_resources(&self, resource_type: &ResourceTypeId) -> Result<u64, SinkError>;

    /// Settles what can only be known when all pages are there: which of several grants of one
    /// identity stays, what follows from the grants, what the run holds, what points at nothing.
    fn settle(&mut self) -> Result<Settled, SinkError>;

    /// Marks the run as finished at `ended_at`, with its statistics, and drops the checkpoint.
    fn seal(&mut self, ended_at: DateTime<Utc>, record: &RunRecord) -> Result<(), SinkError>;
}

/// What is kept with a sealed run besides its facts.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// JSON that says how far the run can be trusted; empty when nothing is known of that.
    pub verdict: String,
    /// Milliseconds of each step.
    pub step_durations_ms: BTreeMap<String, u64>,
}

/// The store could not do what was asked: the disk is full, the file is damaged …
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SinkError(pub Box<dyn std::error::Error + Send + Sync>);
