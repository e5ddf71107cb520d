//! Files that connectors uploaded for their tasks.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;

use super::hold::Held;
use super::state::Line;
use super::{Event, Queue, Refusal, Worker};
use crate::platform::{PlatformError, moment};

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadKind {
    /// A sync file.
    Sync,
    /// A sync file of the newer form, which only newer tools of others read.
    PebbleSync,
    /// Text: the log of a task that was to be debugged.
    Log,
    /// Anything else.
    Other,
}

/// A file that a connector uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Upload {
    /// Its path in the folder of uploads.
    pub file: String,
    /// What it is.
    pub kind: UploadKind,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// The attempt at the task in which it came.
    pub attempt: u32,
    /// When it had arrived.
    pub at: DateTime<Utc>,
}

impl UploadKind {
    const ALL: [Self; 4] = [Self::Sync, Self::PebbleSync, Self::Log, Self::Other];

    /// Its name in the database and in what is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::PebbleSync => "pebble_sync",
            Self::Log => "log",
            Self::Other => "other",
        }
    }
}

const COLUMNS: &str = "file, kind, bytes, sha256, attempt, at";

impl Queue {
    /// Keeps that a file arrived for the task that a worker holds. The same file again, because the
    /// worker did not hear that it arrived, is the same upload.
    pub(in crate::platform) fn uploaded(
        &self,
        worker: Worker<'_>,
        id: &str,
        upload: &Upload,
    ) -> Result<(), Refusal> {
        self.database.write(|tx| {
            let held = Held::find(tx, worker, id)?;
            held.check(worker, id)?;
            tx.execute(
                "insert into uploads (task, attempt, at, file, kind, bytes, sha256)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 on conflict (task, sha256) do update set attempt = ?2, at = ?3",
                params![
                    id,
                    held.attempt,
                    moment::column(upload.at),
                    upload.file,
                    upload.kind.as_str(),
                    i64::try_from(upload.bytes).unwrap_or(i64::MAX),
                    upload.sha256,
                ],
            )?;
            let line = Line {
                task: id,
                event: Event::Uploaded,
                attempt: held.attempt,
                host: Some(worker.host),
                note: Some(&upload.file),
            };
            Ok(line.append(tx, upload.at)?)
        })
    }

    /// The files of a task, in the order in which they came.
    pub fn uploads(&self, id: &str) -> Result<Vec<Upload>, PlatformError> {
        self.database.read(|tx| {
            let sql = format!("select {COLUMNS} from uploads where task = ?1 order by seq");
            let mut all = tx.prepare_cached(&sql)?;
            let rows = all.query_map([id], read)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The sync file of a client's last sync that was done.
    pub fn last_sync(&self, client: &str) -> Result<Option<Upload>, PlatformError> {
        self.database.read(|tx| {
            let sql = "select u.file, u.kind, u.bytes, u.sha256, u.attempt, u.at
                 from uploads u join tasks t on t.id = u.task
                 where t.client = ?1 and t.state = 'done' and t.attempt = u.attempt
                   and u.kind in ('sync', 'pebble_sync')
                 order by t.ended_at desc, u.at desc, u.seq desc limit 1";
            Ok(tx.query_row(sql, [client], read).optional()?)
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Upload> {
    let kind: String = row.get(1)?;
    let kind = UploadKind::ALL.into_iter().find(|one| one.as_str() == kind);
    Ok(Upload {
        file: row.get(0)?,
        kind: kind.unwrap_or(UploadKind::Other),
        bytes: row.get::<_, i64>(2)?.unsigned_abs(),
        sha256: row.get(3)?,
        attempt: row.get(4)?,
        at: moment::of_column(row.get(5)?),
    })
}
