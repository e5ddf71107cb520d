//! The sync runs of a file, and which of them a reader means.

use rusqlite::Row;

use super::{C1z, Sync};
use crate::c1z::work_file::kind;
use crate::c1z::{C1zError, timestamp};
use crate::model::{SyncId, SyncRun};

const TABLE: &str = "v1_sync_runs";

impl C1z {
    /// Every run of the file, the latest finished one first, unfinished ones last.
    pub fn runs(&self) -> Result<Vec<SyncRun>, C1zError> {
        if !self.has_table(TABLE) {
            return Ok(Vec::new());
        }
        // Ends are compared as text and ties go to the greater id: every reader does it so, and
        // two that disagree on which run is the latest would show different facts.
        let sql = format!(
            "select sync_id, started_at, ended_at, sync_token, {}, {} from {TABLE}
             order by ended_at is null, ended_at desc, started_at desc, sync_id desc",
            self.column(TABLE, "sync_type", "'full'"),
            self.column(TABLE, "parent_sync_id", "''"),
        );
        let list =
            || -> rusqlite::Result<_> { self.db.prepare(&sql)?.query_map([], read_run)?.collect() };
        list().map_err(self.sqlite("list the sync runs"))
    }

    /// The run of an id, or the latest finished one. A file with nothing but unfinished runs
    /// shows what the latest of them has.
    pub fn sync(&self, wanted: Option<&SyncId>) -> Result<Sync<'_>, C1zError> {
        let runs = self.runs()?;
        let run = match wanted {
            None => runs.first(),
            Some(id) => runs.iter().find(|run| run.id == *id),
        };
        match (run, wanted) {
            (Some(run), _) => Ok(Sync::of(self, run.clone())),
            (None, Some(id)) if !runs.is_empty() => {
                let held: Vec<_> = runs.iter().map(|run| format!("`{}`", run.id)).collect();
                Err(C1zError::UnknownSync {
                    path: self.path.clone(),
                    sync_id: id.clone(),
                    held: held.join(", "),
                })
            }
            (None, _) => Err(C1zError::NoRuns {
                path: self.path.clone(),
            }),
        }
    }
}

fn read_run(row: &Row) -> rusqlite::Result<SyncRun> {
    let parent: Option<String> = row.get(5)?;
    Ok(SyncRun {
        id: SyncId(row.get(0)?),
        kind: kind(
            row.get::<_, Option<String>>(4)?
                .unwrap_or_else(|| "full".into()),
        ),
        started_at: timestamp::from_column(row.get_ref(1)?).unwrap_or_default(),
        ended_at: timestamp::from_column(row.get_ref(2)?),
        parent: parent.filter(|id| !id.is_empty()).map(SyncId),
        token: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
    })
}
