//! Output path → its work file: the run that was interrupted, or a new one.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use super::damage::{self, explain};
use super::digest::sum_of_text;
use super::flushing::Flushing;
use super::holder::Held;
use super::{Derive, WorkFile};
use crate::c1z::{C1zError, schema, sync_id, timestamp};
use crate::model::{SyncId, SyncKind, SyncRun};

/// What a run that is about to begin or to go on is.
#[derive(Debug, Clone)]
pub struct Begin<'a> {
    /// What it covers.
    pub kind: SyncKind,
    /// Tells configs apart: a run goes on only under the fingerprint it began with.
    pub fingerprint: &'a str,
    /// The time of day.
    pub now: DateTime<Utc>,
    /// True to begin anew whatever is there.
    pub fresh: bool,
}

/// What [`WorkFile::open`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// An interrupted run, which goes on.
    Resumed,
    /// Nothing: a run begins.
    New,
    /// A run that was given up because the caller wanted a fresh one.
    Discarded,
    /// A run of another config or another kind, which was given up.
    ConfigChanged,
    /// A run that began more than seven days ago, which was given up.
    TooOld,
}

/// How long an interrupted run is worth going on with; other programs use the same span.
const RESUMABLE: TimeDelta = TimeDelta::days(7);

impl WorkFile {
    /// Opens the work file of `output` and locks it.
    ///
    /// A file that rolecall did not make is never touched: it is an error, as is a damaged one.
    pub fn open(output: &Path, begin: &Begin) -> Result<(Self, Opened), C1zError> {
        let path = Self::path_for(output);
        let mut db = lock(&path)?;
        let held = Some(Held::by_this_process(&path));
        let explain = |error| explain(&path, OPEN, error);
        let unreadable = |error| damage::unreadable(&path, error);

        let stored = if is_empty(&db).map_err(unreadable)? {
            None
        } else if has_progress(&db).map_err(unreadable)? {
            stored_run(&db).map_err(unreadable)?
        } else {
            return Err(C1zError::ForeignWorkFile { path });
        };
        tune(&db).map_err(explain)?;

        let (opened, run) = match stored {
            Some(stored) if !begin.fresh && !stored.as_written => {
                return Err(damage::found(
                    &path,
                    "its run is not what was written to it",
                ));
            }
            Some(stored) => match stored.verdict(begin) {
                Opened::Resumed => {
                    damage::check(&db, &path)?;
                    let run = reopen(&mut db, stored.run, begin.now).map_err(explain)?;
                    (Opened::Resumed, run)
                }
                given_up => (given_up, start(&mut db, begin).map_err(explain)?),
            },
            None => (Opened::New, start(&mut db, begin).map_err(explain)?),
        };
        let (shipped, flushing) = (None, Flushing::default());
        Ok((
            Self {
                held,
                db,
                path,
                run,
                shipped,
                flushing,
                derive: Derive::default(),
            },
            opened,
        ))
    }
}

fn lock(path: &Path) -> Result<Connection, C1zError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let take = || {
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(std::time::Duration::ZERO)?;
        // Before the first access: in WAL mode, this also does without shared memory.
        db.execute_batch("pragma locking_mode = exclusive; begin exclusive; commit;")?;
        Ok(db)
    };
    take().map_err(|error| explain(path, OPEN, error))
}

const OPEN: &str = "open it";

fn is_empty(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("select count(*) = 0 from sqlite_master", [], |row| {
        row.get(0)
    })
}

fn has_progress(db: &Connection) -> rusqlite::Result<bool> {
    let sql = "select count(*) > 0 from sqlite_master where name = 'rolecall_progress'";
    db.query_row(sql, [], |row| row.get(0))
}

fn tune(db: &Connection) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(32);
    db.execute_batch(
        // Rows mostly come at the ends of their tables, so a large cache would only hold what is
        // not needed again; folding the log in rarely saves writing the same pages twice.
        "pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -8192;
         pragma wal_autocheckpoint = 8000;",
    )
}

struct Stored {
    run: SyncRun,
    fingerprint: String,
    as_written: bool,
}

impl Stored {
    fn verdict(&self, begin: &Begin) -> Opened {
        if begin.fresh {
            Opened::Discarded
        } else if self.fingerprint != begin.fingerprint || self.run.kind != begin.kind {
            Opened::ConfigChanged
        } else if begin.now - self.run.started_at > RESUMABLE {
            Opened::TooOld
        } else {
            Opened::Resumed
        }
    }
}

fn stored_run(db: &Connection) -> rusqlite::Result<Option<Stored>> {
    db.query_row(
        &format!("select {RUN}, run_sum from v1_sync_runs, rolecall_progress"),
        [],
        |row| {
            let as_written = sum_of_run(row)? == row.get::<_, i64>(4)?;
            let run = SyncRun {
                id: SyncId(row.get(0)?),
                kind: kind(row.get(2)?),
                started_at: timestamp::from_column(row.get_ref(1)?).unwrap_or_default(),
                ended_at: None,
                parent: None,
                token: String::new(),
            };
            Ok(Stored {
                run,
                fingerprint: row.get(3)?,
                as_written,
            })
        },
    )
    .optional()
}

/// What a run is.
const RUN: &str = "sync_id, cast(started_at as text), sync_type, fingerprint";

fn sum_of_run(row: &Row) -> rusqlite::Result<i64> {
    let mut text = String::new();
    for column in 0..4 {
        text.push_str(row.get_ref(column)?.as_str()?);
        text.push('\n');
    }
    Ok(sum_of_text(&text))
}

/// Keeps the sum of what the run is now.
fn keep_sum_of_run(db: &Connection) -> rusqlite::Result<()> {
    let sql = format!("select {RUN} from v1_sync_runs, rolecall_progress");
    let sum = db.query_row(&sql, [], sum_of_run)?;
    db.execute("update rolecall_progress set run_sum = ?1", [sum])?;
    Ok(())
}

/// The kind that a file writes as `name`.
pub(in crate::c1z) fn kind(name: String) -> SyncKind {
    [SyncKind::Full, SyncKind::Partial, SyncKind::ResourcesOnly]
        .into_iter()
        .find(|kind| kind.as_str() == name)
        .unwrap_or(SyncKind::Other(name))
}

/// A run that was sealed but never packed is open again: it goes on from its last checkpoint,
/// finds nothing left to do, and is sealed once more.
///
/// One that began later than it is now began by a clock that was wrong: readers that order runs by
/// time would take it for the latest for as long as the clock was ahead.
fn reopen(db: &mut Connection, mut run: SyncRun, now: DateTime<Utc>) -> rusqlite::Result<SyncRun> {
    run.started_at = run.started_at.min(as_kept(now));
    let transaction = db.transaction()?;
    transaction.execute("update rolecall_progress set sealed = 0", [])?;
    transaction.execute(
        "update v1_sync_runs
         set started_at = ?1, ended_at = null, stats = null, sync_token = ''",
        [timestamp::format(&run.started_at)],
    )?;
    keep_sum_of_run(&transaction)?;
    transaction.commit()?;
    Ok(run)
}

/// The text keeps less than the clock may tell; the run says what the file says.
fn as_kept(now: DateTime<Utc>) -> DateTime<Utc> {
    timestamp::parse(&timestamp::format(&now)).unwrap_or(now)
}

fn start(db: &mut Connection, begin: &Begin) -> rusqlite::Result<SyncRun> {
    let started_at = as_kept(begin.now);
    let run = SyncRun {
        id: sync_id::generate(started_at),
        kind: begin.kind.clone(),
        started_at,
        ended_at: None,
        parent: None,
        token: String::new(),
    };
    let transaction = db.transaction()?;
    for table in tables(&transaction)? {
        transaction.execute_batch(&format!("drop table \"{table}\""))?;
    }
    transaction.execute_batch(schema::CREATE_TABLES)?;
    transaction.execute_batch(schema::CREATE_RUN_INDEXES)?;
    transaction.execute_batch(schema::CREATE_PROGRESS)?;
    transaction.execute(
        "insert into v1_sync_runs (sync_id, started_at, sync_token, sync_type, grants_backfilled)
         values (?1, ?2, '', ?3, 1)",
        params![
            run.id.0,
            timestamp::format(&run.started_at),
            run.kind.as_str()
        ],
    )?;
    transaction.execute(
        "insert into rolecall_progress (one, fingerprint, run_sum) values (1, ?1, 0)",
        [begin.fingerprint],
    )?;
    keep_sum_of_run(&transaction)?;
    transaction.commit()?;
    Ok(run)
}

fn tables(db: &Connection) -> rusqlite::Result<Vec<String>> {
    db.prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")?
        .query_map([], |row| row.get(0))?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_one_flushed_append_under_an_exclusive_lock() {
        let directory = tempfile::TempDir::new().unwrap();
        let begin = Begin {
            kind: SyncKind::Full,
            fingerprint: "",
            now: Utc::now(),
            fresh: false,
        };
        let (work, _) = WorkFile::open(&directory.path().join("o.c1z"), &begin).unwrap();
        let pragma = |name| -> String {
            let sql = format!("select cast({name} as text) from pragma_{name}");
            work.db.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(pragma("journal_mode"), "wal");
        assert_eq!(pragma("synchronous"), "2");
        assert_eq!(pragma("locking_mode"), "exclusive");
    }
}
