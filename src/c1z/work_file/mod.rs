//! A running sync → a SQLite file beside the output, page by page, safe at every moment.

mod damage;
mod derive;
mod digest;
mod expand;
mod external;
mod failure;
mod flushing;
mod holder;
mod open;
mod put;
mod shipped;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

pub use derive::Derive;
pub use holder::Holder;
pub(super) use open::kind;
pub use open::{Begin, Opened};

use flushing::Flushing;
use holder::Held;
use shipped::Shipped;

use super::{C1zError, Stats, message, timestamp};
use crate::model::{Resource, ResourceId, ResourceTypeId, SyncRun};
use crate::span;
use crate::sync::{Committed, PageFacts, RowPosition, RunRecord, Settled, SinkError, SyncSink};

/// The store of a run in progress: `<output>.work`, a SQLite file in the schema of a sync file.
///
/// It is kept in WAL mode: a commit appends the page and its checkpoint to the log in one piece, so
/// whatever cuts it short leaves either both or neither. Not every commit waits until the disk has
/// it: see `flushing.rs`. The lock on the file is
/// exclusive from opening to dropping, so a second run is turned away, not interleaved.
pub struct WorkFile {
    /// Before the database: while others can read who holds the file, it is held.
    held: Option<Held>,
    db: Connection,
    path: PathBuf,
    run: SyncRun,
    /// What readers will get; made when all pages are there, and never before.
    shipped: Option<Shipped>,
    flushing: Flushing,
    derive: Derive,
}

impl WorkFile {
    /// Where the work file of an output is.
    pub fn path_for(output: &Path) -> PathBuf {
        with_suffix(output, ".work")
    }

    /// The same work file, of which readers will get what `derive` says besides what was found.
    /// The run itself does not depend on it, and goes on whatever it is.
    pub fn deriving(self, derive: Derive) -> Self {
        Self {
            derive,
            shipped: None,
            ..self
        }
    }

    /// The file this run is written to.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes what readers get of a sealed run, closed and ready to be compressed.
    pub(super) fn ship(&mut self) -> Result<RemovedOnDrop, C1zError> {
        self.shipped()?;
        let shipped = self.shipped.take().expect("it was just made");
        shipped.finish(&self.db)
    }

    /// Folds the log into the file, which removes the log, as well as what says who holds the file.
    pub(super) fn fold_log(&mut self) -> Result<(), C1zError> {
        self.held = None;
        self.db
            .execute_batch("pragma journal_mode = delete")
            .map_err(self.sqlite("close the run"))
    }

    fn sqlite(&self, action: &'static str) -> impl FnOnce(rusqlite::Error) -> C1zError + use<> {
        let path = self.path.clone();
        move |error| damage::explain(&path, action, error)
    }

    fn decode_resource(&self, row: i64, data: &[u8]) -> Result<Resource, C1zError> {
        message::resource::decode(data).map_err(|source| C1zError::Blob {
            path: self.path.clone(),
            table: "v1_resources",
            row,
            source,
        })
    }

    fn commit_page(&mut self, page: &PageFacts, checkpoint: &str) -> Result<Committed, C1zError> {
        if self.run.ended_at.is_some() {
            return Err(C1zError::Sealed {
                path: self.path.clone(),
            });
        }
        if let Some(resource) = external::marked_in(page) {
            return Err(C1zError::ReservedMarker {
                resource: resource.id.clone(),
            });
        }
        let _within = tracing::info_span!(target: span::TARGET, "commit").entered();
        let failed = self.sqlite("write a page");
        let (db, run) = (&mut self.db, &self.run);
        let flushing = &mut self.flushing;
        let mut write = || {
            let began = flushing.begin(db)?;
            let transaction = db.transaction()?;
            let replaced = put::page(&transaction, &run.id, page, checkpoint, &Utc::now())?;
            transaction.commit()?;
            flushing.ended(began);
            Ok(Committed { replaced })
        };
        write().map_err(failed)
    }

    fn read_resources_after(
        &self,
        resource_type: &ResourceTypeId,
        after: Option<RowPosition>,
        limit: usize,
    ) -> Result<Vec<(RowPosition, Resource)>, C1zError> {
        let after = after.map_or(0, |position| position.0);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = || -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
            self.db
                .prepare_cached(
                    "select id, data from v1_resources
                     where resource_type_id = ?1 and id > ?2 order by id limit ?3",
                )?
                .query_map(params![resource_type.0, after, limit], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect()
        };
        rows()
            .map_err(self.sqlite("list resources"))?
            .into_iter()
            .map(|(row, data)| Ok((RowPosition(row), self.decode_resource(row, &data)?)))
            .collect()
    }

    fn read_resource(&self, id: &ResourceId) -> Result<Option<Resource>, C1zError> {
        let row = || -> rusqlite::Result<Option<(i64, Vec<u8>)>> {
            self.db
                .prepare_cached(
                    "select id, data from v1_resources
                     where external_id = ?1 and resource_type_id = ?2",
                )?
                .query_row([id.to_string(), id.resource_type.0.clone()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()
        };
        row()
            .map_err(self.sqlite("look up a resource"))?
            .map(|(row, data)| self.decode_resource(row, &data))
            .transpose()
    }

    /// What the run comes to, once all pages are there.
    pub fn stats(&self) -> Option<&Stats> {
        self.shipped.as_ref().map(Shipped::stats)
    }

    /// The file that readers will get. Anything committed since it was made is not in it.
    fn shipped(&mut self) -> Result<&Shipped, C1zError> {
        let made = match self.shipped.take() {
            Some(made) => made,
            None => Shipped::make(&self.db, &self.path, &self.run, &self.derive)?,
        };
        Ok(self.shipped.insert(made))
    }

    fn mark_sealed(&mut self, ended_at: DateTime<Utc>, record: &RunRecord) -> Result<(), C1zError> {
        // A clock that was set back does not end a run before it began.
        let ended_at = ended_at.max(self.run.started_at);
        let stats = Stats {
            step_durations_ms: record.step_durations_ms.clone(),
            ..self.shipped()?.stats().clone()
        };
        let stats = stats.to_json();
        let failed = self.sqlite("seal the run");
        let mut write = || -> rusqlite::Result<()> {
            self.flushing.at_once(&self.db)?;
            let transaction = self.db.transaction()?;
            transaction.execute(
                "update v1_sync_runs set ended_at = ?1, stats = ?2, sync_token = ?3
                 where ended_at is null",
                params![timestamp::format(&ended_at), stats, record.verdict],
            )?;
            // The checkpoint stays until the sync file is in place: when packing fails, the run
            // goes on from its end instead of from its beginning.
            transaction.execute("update rolecall_progress set sealed = 1", [])?;
            transaction.commit()
        };
        write().map_err(failed)?;
        self.run.ended_at = Some(ended_at);
        self.run.token.clone_from(&record.verdict);
        Ok(())
    }
}

impl SyncSink for WorkFile {
    fn run(&self) -> &SyncRun {
        &self.run
    }

    fn checkpoint(&self) -> Result<Option<String>, SinkError> {
        if self.run.ended_at.is_some() {
            return Ok(None);
        }
        let checkpoint = self
            .db
            .query_row("select checkpoint from rolecall_progress", [], |row| {
                row.get(0)
            })
            .map_err(self.sqlite("read the checkpoint"))?;
        Ok(checkpoint)
    }

    fn commit(&mut self, page: &PageFacts, checkpoint: &str) -> Result<Committed, SinkError> {
        self.shipped = None;
        Ok(self.commit_page(page, checkpoint)?)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        let flushed = self.flushing.flush(&self.db);
        Ok(flushed.map_err(self.sqlite("flush what was found"))?)
    }

    fn newest_grant(&self) -> Result<RowPosition, SinkError> {
        let newest = self
            .db
            .query_row("select coalesce(max(id), 0) from v1_grants", [], |row| {
                row.get(0)
            })
            .map_err(self.sqlite("find the last grant"))?;
        Ok(RowPosition(newest))
    }

    fn note_again(&mut self, since: RowPosition) -> Result<(), SinkError> {
        self.db
            .execute(
                "insert into rolecall_again select ?1, coalesce(max(id), 0) from v1_grants",
                [since.0],
            )
            .map_err(self.sqlite("note a new beginning"))?;
        Ok(())
    }

    fn resources_after(
        &self,
        resource_type: &ResourceTypeId,
        after: Option<RowPosition>,
        limit: usize,
    ) -> Result<Vec<(RowPosition, Resource)>, SinkError> {
        Ok(self.read_resources_after(resource_type, after, limit)?)
    }

    fn resource(&self, id: &ResourceId) -> Result<Option<Resource>, SinkError> {
        Ok(self.read_resource(id)?)
    }

    fn count_resources(&self, resource_type: &ResourceTypeId) -> Result<u64, SinkError> {
        let count: i64 = self
            .db
            .prepare_cached("select count(*) from v1_resources where resource_type_id = ?1")
            .and_then(|mut count| count.query_row([&resource_type.0], |row| row.get(0)))
            .map_err(self.sqlite("count resources"))?;
        Ok(count.cast_unsigned())
    }

    fn settle(&mut self) -> Result<Settled, SinkError> {
        // Pages may have come since an earlier settling.
        self.shipped = None;
        Ok(self.shipped()?.settled()?)
    }

    fn seal(&mut self, ended_at: DateTime<Utc>, record: &RunRecord) -> Result<(), SinkError> {
        Ok(self.mark_sealed(ended_at, record)?)
    }
}

/// A file that does not outlive this value.
pub(super) struct RemovedOnDrop(pub PathBuf);

impl Drop for RemovedOnDrop {
    fn drop(&mut self) {
        // Renamed away when all went well; when not, the failure itself is what to report.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Removes a file; gone already is fine.
pub(super) fn remove_if_there(path: &Path) -> Result<(), C1zError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(C1zError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// `path` with more characters at its end: `with_extension` would take some away.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
