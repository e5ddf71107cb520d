//! A file of the newer form → what its manifest says: the engine, and the runs inside. The facts
//! themselves are in a store that is not read here.

use std::fs::File;
use std::io::{self, Read};

use chrono::{DateTime, SecondsFormat};
use prost::Message;

use super::PEBBLE_MAGIC;
use crate::proto::c1z::v3::{C1zManifestV3, SyncRunSummary};

/// The largest manifest that readers of this form take.
const MANIFEST_MAX: u64 = 16 << 20;
/// How many runs are named. There is one, as files of this form are written.
const NAMED: usize = 3;

/// What to say of a file beyond its form; nothing where its manifest cannot be read.
pub fn describe(file: &File) -> String {
    manifest(file).map(|it| sentence(&it)).unwrap_or_default()
}

/// After five bytes stand the manifest's length, in four bytes, and the manifest.
fn manifest(mut file: &File) -> Option<C1zManifestV3> {
    use io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(PEBBLE_MAGIC.len() as u64)).ok()?;
    let mut length = [0; 4];
    file.read_exact(&mut length).ok()?;
    let length = u64::from(u32::from_be_bytes(length));
    if length > MANIFEST_MAX {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).ok()?;
    let is_whole = bytes.len() as u64 == length;
    is_whole.then(|| C1zManifestV3::decode(bytes.as_slice()).ok())?
}

fn sentence(manifest: &C1zManifestV3) -> String {
    let runs: Vec<_> = manifest.sync_runs.iter().take(NAMED).map(run).collect();
    let more = match manifest.sync_runs.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let engine = match manifest.engine.as_str() {
        "" => String::new(),
        engine => format!("; its engine is `{engine}`"),
    };
    match runs.is_empty() {
        true => engine,
        false => format!("{engine}; it holds {}{more}", runs.join(", ")),
    }
}

fn run(run: &SyncRunSummary) -> String {
    let kind = match run.r#type {
        1 => "full",
        2 => "partial",
        3 => "resources_only",
        4 => "partial_upserts",
        5 => "partial_deletions",
        _ => "unknown",
    };
    let ended = run.ended_at.as_ref().and_then(|at| {
        let nanos = u32::try_from(at.nanos).ok()?;
        DateTime::from_timestamp(at.seconds, nanos)
    });
    let ended = match ended {
        Some(at) => format!("ended {}", at.to_rfc3339_opts(SecondsFormat::Secs, true)),
        None => "not finished".to_owned(),
    };
    format!("sync `{}` ({kind}, {ended})", run.sync_id)
}
