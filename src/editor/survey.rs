//! A text → what the checks say of it, and which variables its programs may use.

use std::collections::HashMap;
use std::path::Path;

use super::file::{File, Kind};
use super::outline::{Outline, Step};
use super::records::{SHOWN, shown};
use crate::config::{self, Dialect, LoadedTests, ProcessEnvironment};
use crate::diagnostic::{self, Diagnostic, Severity, SourceFile};
use crate::expr::{CelProgram, Inputs, Scope, Value, Variables};
use crate::plan::{self, Check, Purpose, Survey};

/// Everything that is wrong with a text: what an editor underlines. Nothing for a file that is no
/// part of a connector.
pub fn diagnostics(path: &Path, text: &str) -> Vec<Diagnostic> {
    let file = File::new(path.to_owned(), super::text::Lines::new(text));
    survey(&file).diagnostics
}

/// Checks an open file.
pub(super) fn survey(file: &File) -> Survey {
    let source = SourceFile::new(&file.path, file.text());
    match file.kind {
        Kind::Connector if file.text().trim().is_empty() => Survey::default(),
        Kind::Connector => plan::survey(config::load_text(source), how()),
        Kind::Tests => {
            let dialect = file.dialect.unwrap_or(Dialect::Sql);
            let LoadedTests {
                mut diagnostics, ..
            } = config::load_tests_text(source, dialect);
            diagnostic::sort(&mut diagnostics);
            Survey {
                diagnostics,
                ..Survey::default()
            }
        }
        Kind::Other => Survey::default(),
    }
}

/// As `validate` does, but that variables of the environment have no value where an editor was
/// started says nothing about the file.
fn how() -> Check<'static> {
    Check {
        environment: &ProcessEnvironment,
        unset_variable: Severity::Note,
        strict: false,
        purpose: Purpose::Everything,
    }
}

/// The variables of programs, by their place in the file.
pub(super) type Known = HashMap<Vec<Step>, Variables>;

/// The variables of the programs of a file that was checked.
pub(super) fn known(file: &File, survey: &Survey) -> Known {
    let mut known = Known::new();
    for (span, variables) in &survey.programs {
        if let Some(entry) = file.outline.scalar_at(*span) {
            known.insert(file.outline.path(entry), *variables);
        }
    }
    known
}

/// The variables of the program that is being written in an entry. `remembered` has those of the file
/// when it was last sound.
pub(super) fn variables(file: &File, entry: usize, remembered: &Known) -> Vec<&'static str> {
    let path = file.outline.path(entry);
    let now = known(file, &survey(file));
    let found = now
        .get(&path)
        .copied()
        .or_else(|| known_if_finished(file, entry).get(&path).copied())
        .or_else(|| remembered.get(&path).copied());
    found.map_or_else(Vec::new, |variables| variables.names().collect())
}

/// The variables of programs when the one that is being written is finished, and the words that stand
/// around without a colon are not there.
fn known_if_finished(file: &File, entry: usize) -> Known {
    let written = &file.outline.entries[entry];
    let mut edits = vec![diagnostic::Edit::replace(written.value, " \"x\"")];
    let strays = file.outline.strays.iter();
    let strays =
        strays.filter(|stray| stray.end <= written.value.start || written.value.end <= stray.start);
    edits.extend(strays.map(|stray| diagnostic::Edit::replace(*stray, "")));
    let text = diagnostic::apply_edits(file.text(), &edits);
    let finished = File {
        path: file.path.clone(),
        outline: Outline::of(&text),
        lines: super::text::Lines::new(text),
        kind: file.kind,
        dialect: file.dialect,
    };
    let survey = survey(&finished);
    known(&finished, &survey)
}

/// What an expression makes of records, each value once. `None` when it needs more than a record.
pub(super) fn evaluated(source: &str, records: &[Value]) -> Option<Vec<String>> {
    let program = CelProgram::compile(source, Variables::of(&["item", "cols"])).ok()?;
    let inputs = Inputs::new();
    let mut values: Vec<String> = Vec::new();
    for record in records {
        let made = program.value(&Scope::new(&inputs, Some(record)));
        let shown = match made {
            Ok(value) => shown(&value),
            Err(error) => error.to_string(),
        };
        if values.len() < SHOWN && !values.contains(&shown) {
            values.push(shown);
        }
    }
    Some(values)
}
