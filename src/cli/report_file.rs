//! `--report FILE`: what a sync did, for programs.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::whole_file;
use crate::sync::Report;

/// Layout of the file: it grows by new keys only.
const VERSION: u32 = 1;

/// Writes the report of a sync that came to its end.
pub(super) fn done(path: &Path, report: &Report) -> anyhow::Result<()> {
    let mut written = json!({ "report_version": VERSION });
    merge(&mut written, serde_json::to_value(report)?);
    write(path, &written)
}

/// Writes the report of a sync that failed.
pub(super) fn failed(path: &Path, connector: &str, error: &anyhow::Error) -> anyhow::Result<()> {
    let mut causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.dedup();
    let written = json!({
        "report_version": VERSION,
        "connector": connector,
        "verdict": "failed",
        "error": causes,
    });
    write(path, &written)
}

fn merge(into: &mut serde_json::Value, from: serde_json::Value) {
    if let (Some(into), serde_json::Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

fn write(path: &Path, report: &serde_json::Value) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(report)? + "\n";
    whole_file::replace(path, text.as_bytes())
        .with_context(|| format!("cannot write the report `{}`", path.display()))
}
