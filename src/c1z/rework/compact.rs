//! A sync and those that followed it → one sync, in a file of its own.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json, json};

use super::fresh::{Ended, Fresh, is_marked};
use super::merge;
use crate::c1z::pack::put_in_place;
use crate::c1z::{C1z, C1zError, Compression, Derive, ReadLimits, Stats, sync_id};
use crate::model::{SyncId, SyncKind, SyncRun};
use crate::sync::{Findings, RecordedVerdict, Verdict, VerdictReasons};

/// How many of the syncs that followed are named in the new one.
const NAMED: usize = 32;

/// Several syncs, put together.
#[derive(Debug)]
pub struct Compacted {
    /// The new file.
    pub path: PathBuf,
    /// The sync in it.
    pub sync_id: SyncId,
    /// What it covers.
    pub kind: SyncKind,
    /// How much it has.
    pub stats: Stats,
}

/// Puts syncs together, the first one first, into a new file in `directory`. Of rows of one identity
/// the one that was discovered last stays; of two discovered at once, that of the later sync. What a
/// later sync does not have stays: it may not have looked. Grants that others bring are derived anew.
/// Without an id, the latest finished sync of a file is meant.
pub fn compact(
    inputs: &[(PathBuf, Option<SyncId>)],
    directory: &Path,
    now: DateTime<Utc>,
) -> Result<Compacted, C1zError> {
    if inputs.len() < 2 {
        return Err(C1zError::TooFewSyncs {
            given: inputs.len(),
        });
    }
    if !directory.is_dir() {
        return Err(C1zError::OutputNoDirectory {
            path: directory.into(),
        });
    }
    let id = sync_id::generate(now);
    let output = directory.join(format!("compacted-{id}.c1z"));
    let fresh = Fresh::beside(&output)?;
    let mut new = SyncRun {
        id,
        kind: SyncKind::Partial,
        started_at: now,
        ended_at: Some(now),
        parent: None,
        token: String::new(),
    };
    let mut runs = Vec::new();
    for (path, wanted) in inputs {
        // One after the other, so that one unpacked file at a time takes room.
        let file = C1z::open(path, ReadLimits::default())?;
        let run = usable(&file, wanted.as_ref())?;
        let known = merge::rows(&fresh)?;
        fresh.take(&file, &run, &new, None)?;
        if !is_marked(&file, &run, "grants_backfilled")? {
            merge::fill_expansions(&fresh, known)?;
        }
        runs.push(run);
    }
    merge::settle(&fresh)?;
    fresh.index_identities()?;
    new.kind = covered(&runs);
    new.token = token(&runs);
    let derived = Derive::default().derive(&fresh.db, &fresh.path.0, &new)?;
    let stats = fresh.end(&Ended {
        run: &new,
        grants_backfilled: true,
        expanded: derived.expansion.is_some_and(|it| it.expandable > 0),
    })?;
    let database = fresh.close()?;
    put_in_place(&database.0, &output, Compression::Zstd, None)?;
    Ok(Compacted {
        path: output,
        sync_id: new.id,
        kind: new.kind,
        stats,
    })
}

fn usable(file: &C1z, wanted: Option<&SyncId>) -> Result<SyncRun, C1zError> {
    let run = file.sync(wanted)?.run().clone();
    let path = || file.path().to_path_buf();
    match (&run.kind, run.ended_at) {
        (_, None) => Err(C1zError::UnfinishedSync {
            path: path(),
            sync_id: run.id,
        }),
        (SyncKind::Other(kind), _) => Err(C1zError::NotCompactable {
            path: path(),
            sync_id: run.id.clone(),
            kind: kind.clone(),
        }),
        _ => Ok(run),
    }
}

/// What syncs cover together.
fn covered(runs: &[SyncRun]) -> SyncKind {
    let one = |kind| runs.iter().any(|run| run.kind == kind);
    match (one(SyncKind::Full), one(SyncKind::ResourcesOnly)) {
        (true, _) => SyncKind::Full,
        (false, true) => SyncKind::ResourcesOnly,
        (false, false) => SyncKind::Partial,
    }
}

/// What is kept with the new sync: where it comes from, and how far it can be trusted, which is no
/// further than any of the others.
fn token(runs: &[SyncRun]) -> String {
    let mut token = match verdict(runs) {
        Some(rolecall) => match json!(RecordedVerdict { rolecall }) {
            Json::Object(token) => token,
            _ => Map::new(),
        },
        None => Map::new(),
    };
    let ids: Vec<&str> = runs.iter().map(|run| run.id.0.as_str()).collect();
    let (base, partial) = ids
        .split_first()
        .map_or(("", &ids[..]), |(base, rest)| (*base, rest));
    let named: Vec<_> = partial.iter().take(NAMED).collect();
    let compaction = json!({
        "mode": "merge",
        "base_sync_id": base,
        "partial_sync_ids": named,
        "partial_count": partial.len(),
    });
    token.insert("compaction".to_owned(), compaction);
    Json::Object(token).to_string()
}

fn verdict(runs: &[SyncRun]) -> Option<VerdictReasons> {
    let known: Vec<_> = runs
        .iter()
        .filter_map(|run| Some(RecordedVerdict::parse(&run.token)?.rolecall))
        .collect();
    let is_partial = known.iter().any(|it| it.verdict == Verdict::Partial);
    // Of a sync of another program nobody knows whether it is complete.
    if !is_partial && known.len() < runs.len() {
        return None;
    }
    let (mut findings, mut partial_listings) = (Findings::default(), Vec::new());
    for of_one in known {
        findings.append(of_one.findings);
        partial_listings.extend(of_one.partial_listings);
    }
    partial_listings.sort();
    partial_listings.dedup();
    Some(VerdictReasons {
        verdict: match is_partial {
            true => Verdict::Partial,
            false => Verdict::Complete,
        },
        partial_listings,
        findings,
    })
}
