//! `--report FILE`: what a sync did, for programs.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

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

/// Whole or not at all: whoever watches the file never reads half of it.
fn write(path: &Path, report: &serde_json::Value) -> anyhow::Result<()> {
    let context = || format!("cannot write the report `{}`", path.display());
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".rolecall-")
        .tempfile_in(directory)
        .with_context(context)?;
    let text = serde_json::to_string_pretty(report)?;
    writeln!(file, "{text}").with_context(context)?;
    file.persist(path)
        .map_err(|error| error.error)
        .with_context(context)?;
    Ok(())
}
