//! Two syncs of a file → a third one in it, with what the second has that the first has not.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::fresh::{Ended, Fresh, is_marked};
use crate::c1z::diff::{Difference, Facts, Side, diff};
use crate::c1z::pack::{check_output, put_in_place, resolve_output};
use crate::c1z::{C1z, C1zError, Compression, ReadLimits, Stats, keep, sync_id};
use crate::model::{SyncId, SyncKind, SyncRun};

/// The tables that are compared, each with the name of the list of its rows.
const COMPARED: [(Facts, &str, &str); 4] = [
    (
        Facts::ResourceTypes,
        "v1_resource_types",
        "temp.chosen_types",
    ),
    (Facts::Resources, "v1_resources", "temp.chosen_resources"),
    (
        Facts::Entitlements,
        "v1_entitlements",
        "temp.chosen_entitlements",
    ),
    (Facts::Grants, "v1_grants", "temp.chosen_grants"),
];

/// What differs between two syncs, kept as one.
#[derive(Debug)]
pub struct Diffed {
    /// The new sync.
    pub sync_id: SyncId,
    /// How much it has.
    pub stats: Stats,
}

/// Adds to the file at `path` a partial sync that builds on `base`: what is new in `applied`, and what
/// is otherwise there than in `base`. What is gone is in no sync. The file is either what it was or
/// has the new sync.
pub fn add_diff(
    path: &Path,
    base: &SyncId,
    applied: &SyncId,
    now: DateTime<Utc>,
) -> Result<Diffed, C1zError> {
    check_output(path)?;
    let path = &resolve_output(path);
    let file = C1z::open(path, ReadLimits::default())?;
    let (base, applied) = (finished(&file, base)?, finished(&file, applied)?);
    let new = SyncRun {
        id: sync_id::generate(now),
        kind: SyncKind::Partial,
        started_at: now,
        ended_at: Some(now),
        parent: Some(base.id.clone()),
        token: String::new(),
    };
    let fresh = Fresh::beside(path)?;
    choose(&fresh, &file, &base, &applied)?;
    let list_of = |table: &str| {
        let compared = COMPARED.iter().find(|(_, name, _)| *name == table);
        // What is not compared does not differ.
        compared
            .map_or("(select 0 as id where 0)", |(.., list)| list)
            .to_owned()
    };
    fresh.take(&file, &applied, &new, Some(&list_of))?;
    fresh.index_identities()?;
    let stats = fresh.end(&Ended {
        run: &new,
        grants_backfilled: is_marked(&file, &applied, "grants_backfilled")?,
        expanded: is_marked(&file, &applied, "supports_diff")?,
    })?;
    let database = fresh.close()?;
    let runs = file.runs()?;
    keep::copy_runs(&database.0, &file, &new, &runs.iter().collect::<Vec<_>>())
        .map_err(C1zError::sqlite("copy the syncs", database.0.clone()))?;
    put_in_place(&database.0, path, Compression::Zstd, None)?;
    Ok(Diffed {
        sync_id: new.id,
        stats,
    })
}

fn finished(file: &C1z, id: &SyncId) -> Result<SyncRun, C1zError> {
    let run = file.sync(Some(id))?.run().clone();
    match run.ended_at {
        Some(_) => Ok(run),
        None => Err(C1zError::UnfinishedSync {
            path: file.path().into(),
            sync_id: run.id,
        }),
    }
}

/// Lists the rows of the second sync that are new or otherwise there.
fn choose(fresh: &Fresh, file: &C1z, base: &SyncRun, applied: &SyncRun) -> Result<(), C1zError> {
    let (from, to) = (Side { file, run: base }, Side { file, run: applied });
    for (facts, _, list) in COMPARED {
        let failed = || fresh.failed("list what differs");
        let name = list.trim_start_matches("temp.");
        let create = format!("create temp table {name} (id integer primary key)");
        fresh.db.execute_batch(&create).map_err(failed())?;
        let insert = format!("insert into {list} values (?1)");
        let mut insert = fresh.db.prepare(&insert).map_err(failed())?;
        diff::<C1zError>(facts, from, to, |difference| match difference {
            Difference::Removed(_) => Ok(()),
            Difference::Added(row) | Difference::Changed(_, row) => {
                insert.execute([row]).map(drop).map_err(failed())
            }
        })?;
    }
    Ok(())
}
