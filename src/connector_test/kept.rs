//! A scratch work file that also keeps what came, in its order.

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::c1z::{Begin, C1zError, Derive, WorkFile};
use crate::model::{Entitlement, Grant, Resource, ResourceId, ResourceTypeId, SyncKind, SyncRun};
use crate::sync::{Committed, PageFacts, RowPosition, RunRecord, Settled, SinkError, SyncSink};

/// What a sync writes to while it is tested.
pub(super) struct Kept {
    work: WorkFile,
    pub resources: Vec<Resource>,
    pub entitlements: Vec<Entitlement>,
    pub grants: Vec<Grant>,
}

impl Kept {
    /// A new one, in a folder of its own.
    pub fn new(folder: &Path) -> Result<Self, C1zError> {
        let begin = Begin {
            kind: SyncKind::Full,
            fingerprint: "test",
            now: Utc::now(),
            fresh: true,
        };
        let (work, _) = WorkFile::open(&folder.join("test.c1z"), &begin)?;
        let work = work.deriving(Derive {
            external: None,
            expand: false,
        });
        Ok(Self {
            work,
            resources: Vec::new(),
            entitlements: Vec::new(),
            grants: Vec::new(),
        })
    }
}

impl SyncSink for Kept {
    fn run(&self) -> &SyncRun {
        self.work.run()
    }

    fn checkpoint(&self) -> Result<Option<String>, SinkError> {
        self.work.checkpoint()
    }

    fn commit(&mut self, page: &PageFacts, checkpoint: &str) -> Result<Committed, SinkError> {
        self.resources.extend_from_slice(&page.resources);
        self.entitlements.extend_from_slice(&page.entitlements);
        self.grants.extend_from_slice(&page.grants);
        self.work.commit(page, checkpoint)
    }

    fn newest_grant(&self) -> Result<RowPosition, SinkError> {
        self.work.newest_grant()
    }

    fn note_again(&mut self, since: RowPosition) -> Result<(), SinkError> {
        self.work.note_again(since)
    }

    fn resources_after(
        &self,
        resource_type: &ResourceTypeId,
        after: Option<RowPosition>,
        limit: usize,
    ) -> Result<Vec<(RowPosition, Resource)>, SinkError> {
        self.work.resources_after(resource_type, after, limit)
    }

    fn resource(&self, id: &ResourceId) -> Result<Option<Resource>, SinkError> {
        self.work.resource(id)
    }

    fn count_resources(&self, resource_type: &ResourceTypeId) -> Result<u64, SinkError> {
        self.work.count_resources(resource_type)
    }

    fn settle(&mut self) -> Result<Settled, SinkError> {
        self.work.settle()
    }

    fn seal(&mut self, ended_at: DateTime<Utc>, record: &RunRecord) -> Result<(), SinkError> {
        self.work.seal(ended_at, record)
    }
}
