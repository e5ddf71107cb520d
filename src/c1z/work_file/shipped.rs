//! The rows of a run → the database that readers get, with its indexes.
//!
//! It is a copy, because the work file must stay good to go on from until the output is in place.
//! The indexes are made here, over all rows at once, and what is to be known of the run as a whole
//! is asked here, where they help.

use std::io;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Derive, RemovedOnDrop, remove_if_there, with_suffix};
use crate::c1z::{C1zError, Stats, audit, schema};
use crate::model::SyncRun;
use crate::sync::{Counts, Derived, Finding, Settled};

/// The database that readers get, while it is being made.
pub(super) struct Shipped {
    // Before the path: the file is closed, then removed.
    db: Connection,
    path: RemovedOnDrop,
    duplicate_grants: Finding,
    derived: Derived,
    stats: Stats,
}

impl Shipped {
    /// Copies the rows of a work file, settles grants that were listed twice, adds what is derived,
    /// and makes the indexes.
    pub fn make(
        work: &Connection,
        work_path: &Path,
        run: &SyncRun,
        derive: &Derive,
    ) -> Result<Self, C1zError> {
        // The name is fixed, so that a run that was killed here leaves nothing the next one does
        // not overwrite. The lock on the work file keeps two runs from meeting.
        let path = RemovedOnDrop(with_suffix(work_path, "-packing"));
        remove_if_there(&path.0)?;
        let failed = C1zError::sqlite("copy the run", path.0.clone());
        let name = path.0.to_str().ok_or_else(|| C1zError::Io {
            action: "name in UTF-8, as SQLite requires, the file",
            path: path.0.clone(),
            source: io::ErrorKind::InvalidFilename.into(),
        })?;
        let make = || -> rusqlite::Result<_> {
            copy(work, name)?;
            // Nobody reads the work file's pages any more, and sorting needs the room.
            work.execute_batch("pragma shrink_memory")?;
            let db = open(&path.0)?;
            db.execute_batch(schema::CREATE_RUN_INDEXES)?;
            let duplicate_grants = settle_grants(&db, &may_come_again(work)?)?;
            Ok((db, duplicate_grants))
        };
        let (db, duplicate_grants) = make().map_err(failed)?;
        let derived = derive.derive(&db, &path.0, run)?;
        let index = || -> rusqlite::Result<_> {
            db.execute_batch(schema::CREATE_OTHER_INDEXES)?;
            Stats::count(&db, &run.id, |_| true)
        };
        let stats = index().map_err(C1zError::sqlite("index the run", path.0.clone()))?;
        Ok(Self {
            db,
            path,
            duplicate_grants,
            derived,
            stats,
        })
    }

    /// What the run comes to as a whole.
    pub fn settled(&self) -> Result<Settled, C1zError> {
        let audit = audit::audit(&self.db).map_err(self.failed("check references"))?;
        Ok(Settled {
            counts: Counts {
                resource_types: self.stats.resource_types,
                resources: self.stats.resources,
                entitlements: self.stats.entitlements,
                grants: self.stats.grants,
            },
            by_type: self.stats.by_type(),
            audit,
            duplicate_grants: self.duplicate_grants.clone(),
            derived: self.derived.clone(),
        })
    }

    /// The statistics to keep with the run.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Takes over the run's row as it is in the work file now, and closes the database.
    pub fn finish(self, work: &Connection) -> Result<RemovedOnDrop, C1zError> {
        let failed = self.failed("close the run");
        let Shipped {
            db, path, derived, ..
        } = self;
        // Other programs tell by this that grants were expanded: nothing else in a file does.
        let expanded = derived.expansion.is_some_and(|it| it.expandable > 0);
        let name = path.0.to_str().unwrap_or_default();
        let finish = || -> rusqlite::Result<()> {
            db.execute("delete from v1_sync_runs", [])?;
            db.close().map_err(|(_, error)| error)?;
            attached(work, name, || {
                work.execute_batch(
                    "insert into shipped.v1_sync_runs select * from main.v1_sync_runs",
                )?;
                work.execute(
                    "update shipped.v1_sync_runs set supports_diff = ?1",
                    [expanded],
                )?;
                Ok(())
            })
        };
        finish().map_err(failed)?;
        Ok(path)
    }

    fn failed(&self, action: &'static str) -> impl FnOnce(rusqlite::Error) -> C1zError + use<> {
        C1zError::sqlite(action, self.path.0.clone())
    }
}

/// Opens the copy. It is made anew after a power cut, so it need not survive one.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    // Without the flag that reads a name such as `file:x` as a URI.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let db = Connection::open_with_flags(path, flags)?;
    // What does not fit into the cache is sorted in files.
    db.execute_batch(
        "pragma synchronous = off; pragma journal_mode = memory; pragma locking_mode = exclusive;
         pragma cache_size = -4096; pragma threads = 2;",
    )?;
    Ok(db)
}

/// Copies the tables of a sync file, and nothing else the work file has. As both sides have the same
/// tables and the copy has no index yet, SQLite moves whole records without looking into them.
fn copy(work: &Connection, name: &str) -> rusqlite::Result<()> {
    let db = open(Path::new(name))?;
    db.execute_batch(schema::CREATE_TABLES)?;
    db.close().map_err(|(_, error)| error)?;
    attached(work, name, || {
        for table in schema::TABLES {
            work.execute(
                &format!("insert into shipped.{table} select * from main.{table}"),
                [],
            )?;
        }
        Ok(())
    })
}

/// Runs `during` in a transaction of the work file with the copy attached as `shipped`.
fn attached(
    work: &Connection,
    name: &str,
    during: impl FnOnce() -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    work.execute("attach ?1 as shipped", [name])?;
    let ran = work
        .execute_batch(
            "pragma shipped.synchronous = off; pragma shipped.journal_mode = memory; begin",
        )
        .and_then(|()| during());
    let ended = match ran {
        Ok(()) => work.execute_batch("commit"),
        // A full disk has rolled it back already.
        Err(error) if work.is_autocommit() => Err(error),
        Err(error) => work.execute_batch("rollback").and(Err(error)),
    };
    let detached = work.execute_batch("detach shipped");
    // The first failure is the one to tell.
    ended.and(detached)
}

/// The grants that were stored when a listing began anew and that it may have brought again: those
/// after the first number, up to the second.
fn may_come_again(work: &Connection) -> rusqlite::Result<Vec<(i64, i64)>> {
    work.prepare("select distinct after_grant, to_grant from rolecall_again")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Makes the index of grants by identity; of grants that were listed twice, the last one stays.
/// Returns how many were. Those of a listing that began anew are not counted when they came again
/// after that: the listing could not be gone on with.
fn settle_grants(db: &Connection, again: &[(i64, i64)]) -> rusqlite::Result<Finding> {
    match db.execute_batch(schema::CREATE_GRANT_IDENTITY) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {}
        made => return made.map(|()| Finding::default()),
    }
    db.execute_batch(
        "create temp table again (after_grant integer not null, to_grant integer not null);
         create temp table superseded (id integer primary key, by_grant integer not null);",
    )?;
    for range in again {
        db.execute("insert into again values (?1, ?2)", *range)?;
    }
    db.execute_batch(
        "insert into superseded
         select id, last from (
             select id, max(id) over (partition by external_id) as last from v1_grants
         ) where id < last",
    )?;
    let listed_twice = "from superseded where not exists (
         select 1 from again where superseded.id > after_grant and superseded.id <= to_grant
         and superseded.by_grant > to_grant)";
    let count: i64 = db.query_row(&format!("select count(*) {listed_twice}"), [], |row| {
        row.get(0)
    })?;
    let examples = db
        .prepare(&format!(
            "select distinct external_id from v1_grants
             where id in (select id {listed_twice}) order by external_id limit ?1"
        ))?
        .query_map([Finding::EXAMPLES as i64], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    db.execute_batch(
        "delete from v1_grants where id in (select id from superseded);
         drop table superseded; drop table again;",
    )?;
    db.execute_batch(schema::CREATE_GRANT_IDENTITY)?;
    Ok(Finding {
        count: count.cast_unsigned(),
        examples,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failure_that_is_told_is_the_first_one() {
        let directory = tempfile::TempDir::new().unwrap();
        let work = Connection::open(directory.path().join("work")).unwrap();
        let name = directory.path().join("shipped");
        let name = name.to_str().unwrap();
        for on_conflict in ["abort", "rollback"] {
            let failed = attached(&work, name, || {
                work.execute_batch(&format!(
                    "create table shipped.t (id integer primary key);
                     insert into shipped.t values (1);
                     insert or {on_conflict} into shipped.t values (1);"
                ))
            });
            let code = failed.expect_err("it is there already").sqlite_error_code();
            assert_eq!(code, Some(ErrorCode::ConstraintViolation), "{on_conflict}");
        }
        attached(&work, name, || Ok(())).expect("nothing is left open");
        let left = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(left, 2, "a journal is left");
    }
}
