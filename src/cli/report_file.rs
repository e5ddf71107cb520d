//! `--report FILE`: what a sync did, for programs.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::json;

use super::{report, whole_file};
use crate::sync::Report;

/// Layout of the file: it grows by new keys only.
const VERSION: u32 = 1;

/// The report of a sync, and the layout it has.
#[derive(Serialize)]
struct Written<T> {
    report_version: u32,
    #[serde(flatten)]
    report: T,
}

/// Writes the report of a sync that came to its end.
pub(super) fn done(path: &Path, report: &Report) -> anyhow::Result<()> {
    write(path, report)
}

/// Writes the report of a sync that failed.
pub(super) fn failed(path: &Path, connector: &str, error: &anyhow::Error) -> anyhow::Result<()> {
    let report = json!({
        "connector": connector,
        "verdict": "failed",
        "error": report::causes(error),
    });
    write(path, &report)
}

fn write(path: &Path, report: &impl Serialize) -> anyhow::Result<()> {
    let written = Written {
        report_version: VERSION,
        report,
    };
    let text = serde_json::to_string_pretty(&written)? + "\n";
    whole_file::replace(path, text.as_bytes())
        .with_context(|| format!("cannot write the report `{}`", path.display()))
}
