//! `rolecall diff-syncs` and `rolecall compact-syncs`: syncs that are there → one made of them.

use std::io::Write;
use std::path::PathBuf;

use chrono::Utc;
use clap::Args;
use serde_json::json;

use super::{Outcome, report};
use crate::c1z::{self, C1zError, Stats};
use crate::model::SyncId;

/// Which syncs of which file.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The sync file.
    #[arg(value_name = "FILE.c1z")]
    file: PathBuf,
    /// The sync to begin with, as `rolecall inspect … syncs` shows it.
    #[arg(long, value_name = "ID")]
    from: String,
    /// The sync that came after it.
    #[arg(long, value_name = "ID")]
    to: String,
}

/// Which syncs.
#[derive(Debug, Args)]
pub(super) struct CompactArgs {
    /// The sync files, the first one first.
    #[arg(value_name = "FILE.c1z", required = true)]
    files: Vec<PathBuf>,
    /// The sync in each file, in the same order; not written: the latest finished one of each.
    #[arg(long, value_name = "ID")]
    sync_id: Vec<String>,
    /// The folder for the new file, which is called `compacted-….c1z`.
    #[arg(long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
}

/// Keeps a difference.
pub(super) fn diff(args: &DiffArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let (from, to) = (SyncId(args.from.clone()), SyncId(args.to.clone()));
    let diffed = match c1z::add_diff(&args.file, &from, &to, Utc::now()) {
        Ok(diffed) => diffed,
        Err(error) => return Ok(tell(error)),
    };
    let told = json!({
        "new_sync_id": diffed.sync_id.0,
        "file_path": args.file,
        "counts": counts(&diffed.stats),
    });
    writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
    Ok(Outcome::Done)
}

/// Puts syncs together.
pub(super) fn compact(args: &CompactArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    if !args.sync_id.is_empty() && args.sync_id.len() != args.files.len() {
        let message = "`--sync-id` must be given for each file, or for none";
        eprintln!("{}", report::failure(&anyhow::anyhow!(message)));
        return Ok(Outcome::WrongArgument);
    }
    let mut ids = args.sync_id.iter().cloned().map(SyncId);
    let inputs = args.files.iter().map(|file| (file.clone(), ids.next()));
    let inputs: Vec<_> = inputs.collect();
    let compacted = match c1z::compact(&inputs, &args.output, Utc::now()) {
        Ok(compacted) => compacted,
        Err(error) => return Ok(tell(error)),
    };
    let told = json!({
        "file_path": compacted.path,
        "sync_id": compacted.sync_id.0,
        "kind": compacted.kind.as_str(),
        "counts": counts(&compacted.stats),
    });
    writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
    Ok(Outcome::Done)
}

fn counts(stats: &Stats) -> serde_json::Value {
    json!({
        "resource_types": stats.resource_types,
        "resources": stats.resources,
        "entitlements": stats.entitlements,
        "grants": stats.grants,
    })
}

fn tell(error: C1zError) -> Outcome {
    let outcome = match &error {
        error if error.is_not_found() => Outcome::NotFound,
        C1zError::Pebble { .. } => Outcome::NotOffered,
        error if error.is_wrong() || error.is_about_the_name() => Outcome::WrongArgument,
        _ => Outcome::Failed,
    };
    eprintln!("{}", report::failure(&error.into()));
    outcome
}
