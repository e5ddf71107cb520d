//! The runs of a file, and rows that belong to none.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::checks;
use super::findings::{Findings, text};
use crate::c1z::{C1z, C1zError, Stats, schema, timestamp};
use crate::model::SyncRun;
use crate::sync::RecordedVerdict;

/// How long programs go on with a run that did not end, and how long facts are fresh.
const A_WEEK: TimeDelta = TimeDelta::days(7);

/// Checks the runs of a file as such.
pub(super) fn check_all(
    file: &C1z,
    runs: &[SyncRun],
    now: DateTime<Utc>,
    found: &mut Findings,
) -> rusqlite::Result<()> {
    if runs.is_empty() {
        found.note(&checks::NO_RUN, || "`v1_sync_runs` has no rows".to_owned());
    }
    for run in runs.iter().filter(|run| run.ended_at.is_none()) {
        let is_old = now - run.started_at > A_WEEK;
        let check = match is_old {
            true => &checks::RUN_ABANDONED,
            false => &checks::RUN_UNFINISHED,
        };
        found.note(check, || {
            format!("{} began {}", run.id, timestamp::format(&run.started_at))
        });
    }
    for run in runs {
        if let Some(parent) = &run.parent
            && runs.iter().all(|other| other.id != *parent)
        {
            found.note(&checks::MISSING_PARENT_RUN, || {
                format!("{} builds on {parent}", run.id)
            });
        }
    }
    if file.has_column("v1_sync_runs", "sync_id") {
        found.ask(
            file.db(),
            &checks::DUPLICATE_RUN,
            "select sync_id from v1_sync_runs group by sync_id having count(*) > 1 order by 1",
            [],
        )?;
        check_times(file, found)?;
        check_stray_rows(file, found)?;
    }
    Ok(())
}

fn check_times(file: &C1z, found: &mut Findings) -> rusqlite::Result<()> {
    let mut runs = file
        .db()
        .prepare("select sync_id, started_at, ended_at from v1_sync_runs order by sync_id")?;
    let mut rows = runs.query([])?;
    while let Some(row) = rows.next()? {
        let (start, end) = (row.get_ref(1)?, row.get_ref(2)?);
        let (started, ended) = (timestamp::from_column(start), timestamp::from_column(end));
        let is_wrong = match (started, ended) {
            (None, _) => true,
            (_, None) => !matches!(end, rusqlite::types::ValueRef::Null),
            (Some(started), Some(ended)) => ended < started,
        };
        if is_wrong {
            let id = text(row.get_ref(0)?);
            let [start, end] = [start, end].map(text);
            found.note(&checks::RUN_TIMES, || {
                format!("{id} from `{start}` to `{end}`")
            });
        }
    }
    Ok(())
}

fn check_stray_rows(file: &C1z, found: &mut Findings) -> rusqlite::Result<()> {
    for table in schema::TABLES {
        if table == "v1_sync_runs" || !file.has_column(table, "sync_id") {
            continue;
        }
        let sql = format!(
            "select sync_id, count(*) from {table} where not exists
                 (select 1 from v1_sync_runs as runs where runs.sync_id = {table}.sync_id)
             group by sync_id order by sync_id"
        );
        let mut strays = file.db().prepare(&sql)?;
        let mut rows = strays.query([])?;
        while let Some(row) = rows.next()? {
            let (id, count) = (text(row.get_ref(0)?), row.get::<_, i64>(1)?);
            found.note(&checks::STRAY_ROWS, || {
                format!("of `{id}` in `{table}`: {count}")
            });
        }
    }
    Ok(())
}

/// Checks what the record of a run says of itself.
pub(super) fn check_one(
    file: &C1z,
    run: &SyncRun,
    now: DateTime<Utc>,
    found: &mut Findings,
) -> Result<(), C1zError> {
    if let Some(doubts) = RecordedVerdict::partial(&run.token) {
        let reasons = doubts.rolecall.findings;
        let reasons = reasons.iter().filter(|(_, reason)| reason.partial);
        let mut said: Vec<_> = reasons
            .map(|(code, reason)| format!("{code}, {} ×", reason.count))
            .collect();
        let count = said.len().max(1) as u64;
        said.truncate(found.limit());
        found.note_many(&checks::RUN_PARTIAL, count, said);
    }
    if let Some(ended_at) = run.ended_at
        && now - ended_at > A_WEEK
    {
        found.note(&checks::RUN_OLD, || {
            format!("it ended {}", timestamp::format(&ended_at))
        });
    }
    check_stats(file, run, found)
}

fn check_stats(file: &C1z, run: &SyncRun, found: &mut Findings) -> Result<(), C1zError> {
    let sync = file.sync(Some(&run.id))?;
    let (Some(kept), counted) = (sync.cached_stats()?, sync.counted_stats()?) else {
        return Ok(());
    };
    let totals = |stats: &Stats| {
        [
            ("resource types", stats.resource_types),
            ("resources", stats.resources),
            ("entitlements", stats.entitlements),
            ("grants", stats.grants),
        ]
    };
    // Other writers do not count rows of a type that was not listed.
    let listed = of_listed_types(file, run, &counted)
        .map_err(C1zError::sqlite("list resource types", file.path()))?;
    let numbers = totals(&kept).into_iter().zip(totals(&counted));
    for (((what, kept), (_, counted)), (_, listed)) in numbers.zip(totals(&listed)) {
        if kept != counted && kept != listed {
            found.note(&checks::STATS_DIFFER, || {
                format!("{what}: {kept} noted, {counted} there")
            });
        }
    }
    let by_type = |stats: &Stats| {
        [
            ("resources", stats.resources_by_resource_type.clone()),
            ("entitlements", stats.entitlements_by_resource_type.clone()),
            ("grants", stats.grants_by_resource_type.clone()),
        ]
    };
    for ((what, kept), (_, counted)) in by_type(&kept).into_iter().zip(by_type(&counted)) {
        for (of, kept) in kept {
            let counted = counted.get(&of).copied().unwrap_or(0);
            if kept != counted {
                found.note(&checks::STATS_DIFFER, || {
                    format!("{what} of type `{of}`: {kept} noted, {counted} there")
                });
            }
        }
    }
    Ok(())
}

fn of_listed_types(file: &C1z, run: &SyncRun, stats: &Stats) -> rusqlite::Result<Stats> {
    let mut listed = Stats {
        resource_types: stats.resource_types,
        ..Stats::default()
    };
    if !file.has_table("v1_resource_types") {
        return Ok(listed);
    }
    let mut types = file
        .db()
        .prepare("select external_id from v1_resource_types where sync_id = ?1")?;
    for of in types.query_map([&run.id.0], |row| Ok(text(row.get_ref(0)?)))? {
        let of = of?;
        let count = |by_type: &BTreeMap<String, u64>| by_type.get(&of).copied().unwrap_or(0);
        listed.resources += count(&stats.resources_by_resource_type);
        listed.entitlements += count(&stats.entitlements_by_resource_type);
        listed.grants += count(&stats.grants_by_resource_type);
    }
    Ok(listed)
}
