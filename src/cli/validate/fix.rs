//! `--fix`: a file → the same one with everything put right that one change surely puts right.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::check;
use crate::config;
use crate::diagnostic::{Diagnostic, Severity, SourceFile, apply_edits, fixes};

/// A fix may show what was behind the mistake; this many times is looked.
const ROUNDS: usize = 8;

/// Changes a file. Returns what was put right, a line each; a file that needs nothing is left alone.
pub(super) fn fix(path: &Path, strict: bool) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    let loaded = config::load(path);
    let before = loaded.file.text().to_owned();
    let mut text = before.clone();
    let mut found = check(loaded, strict);
    for _ in 0..ROUNDS {
        let (fixed, edits) = fixes(&found);
        if fixed.is_empty() {
            break;
        }
        let edited = apply_edits(&text, &edits);
        let left = check(
            config::load_text(SourceFile::new(path, edited.as_str())),
            strict,
        );
        // A fix that makes more errors than it ends is none, whoever made it.
        if errors(&left) > errors(&found) {
            break;
        }
        lines.extend(fixed.iter().map(|diagnostic| line(diagnostic)));
        (text, found) = (edited, left);
    }
    if text != before {
        let shown = path.display();
        write(path, &text).with_context(|| format!("cannot write `{shown}`"))?;
    }
    Ok(lines)
}

fn errors(found: &[Diagnostic]) -> usize {
    let is_error = |it: &&Diagnostic| it.severity == Severity::Error;
    found.iter().filter(is_error).count()
}

fn line(diagnostic: &Diagnostic) -> String {
    let at = diagnostic.at.as_ref().map(|at| format!("{at}: "));
    let at = at.unwrap_or_default();
    format!("fixed {at}{} [{}]", diagnostic.message, diagnostic.code)
}

/// In place of the file, as a whole, and with its permissions; where a link names it, the link stays.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let path = fs::canonicalize(path)?;
    let permissions = fs::metadata(&path)?.permissions();
    let folder = path.parent().unwrap_or(Path::new("."));
    let new = tempfile::Builder::new()
        .prefix(".rolecall-")
        .tempfile_in(folder)?;
    fs::write(new.path(), text)?;
    fs::set_permissions(new.path(), permissions)?;
    new.persist(path).map_err(|error| error.error)?;
    Ok(())
}
