//! A database that is made anew, and takes rows of sync files.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};

use crate::c1z::reader::{DATABASE, database_uri};
use crate::c1z::work_file::{RemovedOnDrop, remove_if_there, with_suffix};
use crate::c1z::{C1z, C1zError, Stats, keep, schema, timestamp};
use crate::model::SyncRun;

/// The tables with what a run found. Scratch storage of connectors goes with the run it served.
const FACTS: [&str; 5] = [
    "v1_resource_types",
    "v1_resources",
    "v1_entitlements",
    "v1_grants",
    "v1_assets",
];

/// A database with the tables of a sync file and one run. It goes with this value.
pub(super) struct Fresh {
    // Before the path: the file is closed, then removed.
    pub db: Connection,
    pub path: RemovedOnDrop,
}

/// What is known of a run besides its rows.
pub(super) struct Ended<'r> {
    /// The run.
    pub run: &'r SyncRun,
    /// Whether the expansion of each grant stands in its column.
    pub grants_backfilled: bool,
    /// Whether the grants that others bring are there.
    pub expanded: bool,
}

impl Fresh {
    /// Makes one beside the output, empty and without an index.
    pub fn beside(output: &Path) -> Result<Self, C1zError> {
        let path = RemovedOnDrop(with_suffix(output, ".making"));
        remove_if_there(&path.0)?;
        let open = || -> rusqlite::Result<_> {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_URI;
            let db = Connection::open_with_flags(database_uri(&path.0, ""), flags)?;
            // It is made anew when anything fails.
            db.execute_batch(
                "pragma synchronous = off; pragma journal_mode = off;
                 pragma locking_mode = exclusive; pragma cache_size = -8192; pragma threads = 2;",
            )?;
            db.execute_batch(schema::CREATE_TABLES)?;
            Ok(db)
        };
        let db = open().map_err(C1zError::sqlite("make the database", path.0.clone()))?;
        Ok(Self { db, path })
    }

    /// Takes the rows of a run, as those of a run of another id. With `chosen`, only those whose
    /// numbers are in the table of this name for each table of facts.
    pub fn take(
        &self,
        file: &C1z,
        run: &SyncRun,
        as_of: &SyncRun,
        chosen: Option<&dyn Fn(&str) -> String>,
    ) -> Result<(), C1zError> {
        let attach = database_uri(&file.directory().join(DATABASE), "immutable=1");
        let take = || -> rusqlite::Result<()> {
            self.db.execute("attach ?1 as old", [attach])?;
            for table in FACTS.iter().filter(|table| file.has_table(table)) {
                let mut columns = keep::columns(&self.db, file, table)?;
                columns.retain(|(name, _)| name != "sync_id");
                let (into, from): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
                let chosen =
                    chosen.map(|of| format!(" and rowid in (select id from {})", of(table)));
                // `?2` is bound whether or not a column needs it.
                let sql = format!(
                    "insert into main.{table} ({}, sync_id) select {}, ?3 from old.{table}
                     where sync_id = ?1 and ?2 is not null{} order by rowid",
                    into.join(", "),
                    from.join(", "),
                    chosen.unwrap_or_default()
                );
                let began = timestamp::format(&run.started_at);
                self.db
                    .execute(&sql, params![run.id.0, began, as_of.id.0])?;
            }
            self.db.execute_batch("detach old")
        };
        take().map_err(self.failed("take over rows"))
    }

    /// Makes the indexes by which rows are looked up.
    pub fn index_identities(&self) -> Result<(), C1zError> {
        let index = || {
            self.db.execute_batch(schema::CREATE_RUN_INDEXES)?;
            self.db.execute_batch(schema::CREATE_GRANT_IDENTITY)
        };
        index().map_err(self.failed("index the rows"))
    }

    /// Makes the other indexes, and writes what the run is. Returns how much it has.
    pub fn end(&self, ended: &Ended<'_>) -> Result<Stats, C1zError> {
        let run = ended.run;
        let end = || -> rusqlite::Result<Stats> {
            self.db.execute_batch(schema::CREATE_OTHER_INDEXES)?;
            let stats = Stats::count(&self.db, &run.id, |_| true)?;
            let (expanded, backfilled) = (ended.expanded, ended.grants_backfilled);
            self.db.execute(
                "insert into v1_sync_runs (sync_id, started_at, ended_at, sync_token, sync_type,
                     parent_sync_id, supports_diff, grants_backfilled, stats)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    run.id.0,
                    timestamp::format(&run.started_at),
                    run.ended_at.as_ref().map(timestamp::format),
                    run.token,
                    run.kind.as_str(),
                    run.parent.as_ref().map_or("", |parent| parent.0.as_str()),
                    expanded,
                    backfilled,
                    stats.to_json(),
                ],
            )?;
            Ok(stats)
        };
        end().map_err(self.failed("write the run"))
    }

    /// Closes the database. Its file goes with what is returned.
    pub fn close(self) -> Result<RemovedOnDrop, C1zError> {
        let failed = self.failed("close the database");
        self.db.close().map_err(|(_, error)| failed(error))?;
        Ok(self.path)
    }

    pub fn failed(&self, action: &'static str) -> impl FnOnce(rusqlite::Error) -> C1zError + use<> {
        C1zError::sqlite(action, self.path.0.clone())
    }
}

/// What a file says of a run in a column that its writer may not have known.
pub(super) fn is_marked(file: &C1z, run: &SyncRun, column: &'static str) -> Result<bool, C1zError> {
    let sql = format!(
        "select coalesce({}, 0) from v1_sync_runs where sync_id = ?1",
        file.column("v1_sync_runs", column, "0")
    );
    let marked = file.db().query_row(&sql, [&run.id.0], |row| row.get(0));
    marked.map_err(file.sqlite("read the sync run"))
}
