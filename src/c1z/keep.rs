//! The output that is about to be replaced → those of its runs that stay beside the new one.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OpenFlags, params};

use super::reader::{DATABASE, database_uri};
use super::{C1z, C1zError, ReadLimits, timestamp};
use crate::model::{SyncId, SyncKind, SyncRun};

/// The tables with rows of runs. Scratch storage of connectors goes with the run it served.
const TABLES: [&str; 6] = [
    "v1_resource_types",
    "v1_resources",
    "v1_entitlements",
    "v1_grants",
    "v1_assets",
    "v1_sync_runs",
];

/// How long an unfinished run of another program stays: as long as that would go on with it.
const UNFINISHED: TimeDelta = TimeDelta::days(7);

/// Tells whether the runs that are to stay can be read, before hours are spent on a new one.
pub fn check_kept(output: &Path, kind: &SyncKind, full_runs: u32) -> Result<(), C1zError> {
    let check = || match open(output, kind, full_runs)? {
        Some(file) => file.check_pages(),
        None => Ok(()),
    };
    check().map_err(|source| C1zError::Kept {
        path: output.into(),
        source: Box::new(source),
    })
}

/// Copies the runs of `output` that stay into the database that replaces it.
pub(super) fn copy(
    shipped: &Path,
    output: &Path,
    new: &SyncRun,
    full_runs: u32,
) -> Result<(), C1zError> {
    let lost = |source| C1zError::KeptLost {
        path: output.into(),
        source: Box::new(source),
    };
    let Some(file) = open(output, &new.kind, full_runs).map_err(lost)? else {
        return Ok(());
    };
    let runs = file.runs().map_err(lost)?;
    let kept = choose(&runs, new, full_runs);
    if kept.is_empty() {
        return Ok(());
    }
    copy_runs(shipped, &file, new, &kept).map_err(|source| {
        lost(C1zError::Sqlite {
            path: output.into(),
            action: "copy the runs that stay",
            source,
        })
    })
}

/// The file to take runs from. `None` when none can stay, so that a file which is damaged or of
/// another form stands in nobody's way.
fn open(output: &Path, kind: &SyncKind, full_runs: u32) -> Result<Option<C1z>, C1zError> {
    if *kind == SyncKind::Full && full_runs <= 1 {
        return Ok(None);
    }
    let is_there = std::fs::metadata(output).is_ok_and(|metadata| metadata.len() > 0);
    match is_there {
        true => C1z::open(output, ReadLimits::default()).map(Some),
        false => Ok(None),
    }
}

/// The runs that stay, the latest first: the newest finished full ones, the new one among them if
/// it is full, and what ended since the oldest of them began. The newest full run always stays.
fn choose<'r>(runs: &'r [SyncRun], new: &SyncRun, full_runs: u32) -> Vec<&'r SyncRun> {
    let full_runs = full_runs.max(1) as usize;
    let is_new_full = new.kind == SyncKind::Full;
    let old = || runs.iter().filter(|run| run.id != new.id);
    let full: Vec<_> = old()
        .filter(|run| run.kind == SyncKind::Full && run.ended_at.is_some())
        .take(full_runs - usize::from(is_new_full))
        .collect();
    let since = full
        .last()
        .map(|run| run.started_at)
        .or(is_new_full.then_some(new.started_at));
    let mut of_kind = Vec::new();
    let mut stays = |run: &'r SyncRun| match (&run.kind, run.ended_at) {
        (_, None) => new.started_at - run.started_at <= UNFINISHED,
        (SyncKind::Full, Some(_)) => full.contains(&run),
        (_, Some(ended_at)) => match since {
            Some(since) => ended_at >= since,
            // Without a full run to count from, each kind is counted for itself.
            None => {
                of_kind.push(&run.kind);
                let same = of_kind.iter().filter(|kind| **kind == &run.kind).count();
                same <= full_runs - usize::from(run.kind == new.kind)
            }
        },
    };
    old().filter(|run| stays(run)).collect()
}

/// Copies runs of a file into a database that has the run `new`.
pub(super) fn copy_runs(
    shipped: &Path,
    file: &C1z,
    new: &SyncRun,
    kept: &[&SyncRun],
) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(database_uri(shipped, ""), flags)?;
    db.execute_batch(
        "pragma synchronous = off; pragma journal_mode = off; pragma locking_mode = exclusive;
         pragma cache_size = -8192; pragma threads = 2;",
    )?;
    db.execute(
        "attach ?1 as old",
        [database_uri(
            &file.directory().join(DATABASE),
            "immutable=1",
        )],
    )?;
    // One sort per index when all rows are there, instead of a search for each row.
    let indexes = drop_indexes(&db)?;
    for table in TABLES.iter().filter(|table| file.has_table(table)) {
        let copy = copy_rows(&db, file, table)?;
        for run in kept {
            db.execute(&copy, params![run.id.0, timestamp::format(&run.started_at)])?;
        }
    }
    for index in indexes {
        db.execute_batch(&index)?;
    }
    put_in_place(&db, new, kept)?;
    db.execute_batch("detach old")?;
    db.close().map_err(|(_, error)| error)
}

fn drop_indexes(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let indexes: Vec<(String, String)> = db
        .prepare(
            "select name, sql from main.sqlite_master where type = 'index' and sql is not null",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (name, _) in &indexes {
        db.execute_batch(&format!("drop index main.\"{name}\""))?;
    }
    Ok(indexes.into_iter().map(|(_, sql)| sql).collect())
}

/// The statement that copies the rows of run `?1`, which began at `?2`, column by column. Places in
/// the file are new, their order is not.
fn copy_rows(db: &Connection, file: &C1z, table: &str) -> rusqlite::Result<String> {
    let (into, from): (Vec<_>, Vec<_>) = columns(db, file, table)?.into_iter().unzip();
    let id = if table == "v1_sync_runs" {
        "sync_id"
    } else {
        "external_id"
    };
    // Of rows with one identity, which only a table without its index can have, the last one counts.
    let only_last = match file.has_index(table, id, true)? {
        true => String::new(),
        false => format!(
            " and rowid in (select max(rowid) from old.{table} where sync_id = ?1 group by {id})"
        ),
    };
    // `?2` is bound whether or not a column needs it.
    Ok(format!(
        "insert into main.{table} ({}) select {} from old.{table}
         where sync_id = ?1 and ?2 is not null{only_last} order by rowid",
        into.join(", "),
        from.join(", ")
    ))
}

/// The columns of a table of ours, each with what it takes from that of a file: what the file's writer
/// did not know yet gets its default, and `?2` where that is a moment.
pub(super) fn columns(
    db: &Connection,
    file: &C1z,
    table: &str,
) -> rusqlite::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut columns = db.prepare(
        "select name, type, \"notnull\", dflt_value from pragma_table_info(?1, 'main') where pk = 0",
    )?;
    let mut rows = columns.query([table])?;
    while let Some(row) = rows.next()? {
        let (name, of_type): (String, String) = (row.get(0)?, row.get(1)?);
        let of_type = of_type.to_ascii_lowercase();
        let default: Option<String> = row.get(3)?;
        let otherwise = match (row.get(2)?, default, of_type.as_str()) {
            (false, ..) => "null".to_owned(),
            (true, Some(default), _) => default,
            (true, None, "datetime") => "?2".to_owned(),
            (true, None, "blob") => "x''".to_owned(),
            (true, None, _) => "''".to_owned(),
        };
        let taken = match file.has_column(table, &name) {
            true => format!("coalesce({name}, {otherwise})"),
            false => otherwise,
        };
        found.push((name, taken));
    }
    Ok(found)
}

/// The new run is the one that readers take for the latest, also when a clock went backwards or
/// another program wrote its local time. A targeted run builds on the newest full one.
fn put_in_place(db: &Connection, new: &SyncRun, kept: &[&SyncRun]) -> rusqlite::Result<()> {
    let newest: Option<String> = db.query_row(
        "select max(ended_at) from v1_sync_runs where sync_id <> ?1",
        [&new.id.0],
        |row| row.get(0),
    )?;
    if let (Some(newest), Some(ended_at)) = (newest, new.ended_at)
        && timestamp::format(&ended_at) <= newest
    {
        let after = after(&newest).unwrap_or(ended_at);
        db.execute(
            "update v1_sync_runs set ended_at = ?2 where sync_id = ?1",
            params![new.id.0, timestamp::format(&after)],
        )?;
    }
    let base = kept
        .iter()
        .find(|run| run.kind == SyncKind::Full && run.ended_at.is_some());
    if let (
        SyncKind::Partial,
        Some(SyncRun {
            id: SyncId(base), ..
        }),
    ) = (&new.kind, base)
    {
        db.execute(
            "update v1_sync_runs set parent_sync_id = ?2 where sync_id = ?1 and parent_sync_id = ''",
            params![new.id.0, base],
        )?;
    }
    Ok(())
}

fn after(end: &str) -> Option<DateTime<Utc>> {
    timestamp::parse(end)?.checked_add_signed(TimeDelta::milliseconds(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64, hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_770_000_000, 0).unwrap()
            + TimeDelta::days(day)
            + TimeDelta::hours(hour)
    }

    /// A run of a day: it takes from noon to one, or has not ended.
    fn run(name: &str, kind: SyncKind, day: i64, is_finished: bool) -> SyncRun {
        SyncRun {
            id: SyncId(name.into()),
            kind,
            started_at: at(day, 12),
            ended_at: is_finished.then(|| at(day, 13)),
            parent: None,
            token: String::new(),
        }
    }

    fn kept(old: &[SyncRun], new: &SyncRun, full_runs: u32) -> Vec<String> {
        let kept = choose(old, new, full_runs);
        kept.into_iter().map(|run| run.id.0.clone()).collect()
    }

    #[test]
    fn the_newest_full_runs_stay_and_what_came_since() {
        use SyncKind::{Full, Partial, ResourcesOnly};
        let upserts = || SyncKind::Other("partial_upserts".into());
        // As a reader lists them: the latest first, unfinished ones last.
        let old = [
            run("p9", Partial, 9, true),
            run("f8", Full, 8, true),
            run("r7", ResourcesOnly, 7, true),
            run("u6", upserts(), 6, true),
            run("f5", Full, 5, true),
            run("p4", Partial, 4, true),
            run("f3", Full, 3, true),
            run("open9", Full, 9, false),
            run("open1", Full, 1, false),
        ];
        let full = run("new", Full, 10, true);
        assert_eq!(kept(&old, &full, 1), ["open9"]);
        assert_eq!(kept(&old, &full, 2), ["p9", "f8", "open9"]);
        assert_eq!(
            kept(&old, &full, 3),
            ["p9", "f8", "r7", "u6", "f5", "open9"]
        );
        assert_eq!(kept(&old, &full, 99).len(), 8);
        let targeted = run("new", Partial, 10, true);
        assert_eq!(kept(&old, &targeted, 1), ["p9", "f8", "open9"]);
        assert_eq!(kept(&old, &targeted, 0), ["p9", "f8", "open9"]);
    }

    #[test]
    fn without_a_full_run_each_kind_is_counted_for_itself() {
        use SyncKind::{Full, Partial, ResourcesOnly};
        let old = [
            run("r4", ResourcesOnly, 4, true),
            run("p3", Partial, 3, true),
            run("r2", ResourcesOnly, 2, true),
            run("p1", Partial, 1, true),
        ];
        let new = run("new", ResourcesOnly, 5, true);
        assert_eq!(kept(&old, &new, 1), ["p3"]);
        assert_eq!(kept(&old, &new, 2), ["r4", "p3", "p1"]);
        // A full run is a new beginning.
        assert_eq!(kept(&old, &run("new", Full, 5, true), 2), [""; 0]);
    }

    #[test]
    fn a_run_that_was_packed_before_is_replaced_by_itself() {
        let old = [
            run("new", SyncKind::Full, 5, true),
            run("f1", SyncKind::Full, 1, true),
        ];
        assert_eq!(kept(&old, &run("new", SyncKind::Full, 5, true), 2), ["f1"]);
    }
}
