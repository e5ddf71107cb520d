//! Records that are known before a run: those of tests, and those of the last preview.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::Value as Json;

use super::file::{File, Listing};
use super::outline::{Step, Style};
use crate::expr::{Value, to_text};
use crate::source::sql::offered_columns;

/// The records of previews, in memory only: nothing of them is written down.
#[derive(Debug, Default)]
pub(super) struct Previews(Mutex<HashMap<(PathBuf, Listing), Vec<Value>>>);

impl Previews {
    /// Keeps what a listing brought, in place of what it brought before.
    pub fn keep(&self, file: &Path, listing: Listing, records: Vec<Value>) {
        let mut kept = self.0.lock().expect("no panic happens under this lock");
        kept.insert((file.to_owned(), listing), records);
    }

    /// What a listing brought.
    pub fn of(&self, file: &Path, listing: &Listing) -> Vec<Value> {
        let kept = self.0.lock().expect("no panic happens under this lock");
        let found = kept.get(&(file.to_owned(), listing.clone()));
        found.cloned().unwrap_or_default()
    }
}

/// A column of a record, or a field in one.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name.
    pub name: String,
    /// How it is known.
    pub source: &'static str,
    /// Values that it had.
    pub values: Vec<String>,
}

/// How many values of a column, or of an expression, are shown, and how much of each.
pub(super) const SHOWN: usize = 5;
const LONGEST: usize = 60;

/// The columns of the records that an expression is about, and below those the fields of what is
/// under `way`.
pub(super) fn columns(
    file: &File,
    previews: &Previews,
    expression: usize,
    way: &[&str],
) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    if way.is_empty() {
        for name in selected(file, expression) {
            columns.push(Column {
                name,
                source: "selected by the query",
                values: Vec::new(),
            });
        }
    }
    let Some(listing) = file.listing(expression) else {
        return columns;
    };
    let seen = previews.of(&file.path, &listing);
    let given = given(file, &listing);
    for (records, source) in [(seen, "in the last preview"), (given, "in the tests")] {
        for record in &records {
            let inside = way.iter().try_fold(record, |value, key| value.get(key));
            let Some(Value::Map(fields)) = inside else {
                continue;
            };
            for (name, value) in fields {
                let known = columns.iter().position(|column| column.name == *name);
                let at = known.unwrap_or_else(|| {
                    columns.push(Column {
                        name: name.clone(),
                        source,
                        values: Vec::new(),
                    });
                    columns.len() - 1
                });
                let values = &mut columns[at].values;
                let shown = shown(value);
                if values.len() < SHOWN && !values.contains(&shown) {
                    values.push(shown);
                }
            }
        }
    }
    columns
}

/// The columns that the query around an expression selects.
fn selected(file: &File, expression: usize) -> Vec<String> {
    let Some(step) = file.step(expression) else {
        return Vec::new();
    };
    let Some(query) = file.outline.child(Some(step), "query") else {
        return Vec::new();
    };
    offered_columns(&file.scalar(query), file.scheme().as_deref())
}

/// The records that the tests of a listing give it, here or in the file beside this one.
fn given(file: &File, listing: &Listing) -> Vec<Value> {
    let mut records = Vec::new();
    if let Some(tests) = file.outline.find(&["tests"]) {
        records.extend(given_in(file, Some(tests), listing));
    }
    let beside = crate::config::tests_beside(&file.path);
    if let Ok(text) = std::fs::read_to_string(&beside) {
        let beside = File::new(beside, super::text::Lines::new(text));
        let tests = beside.outline.find(&["tests"]);
        records.extend(given_in(&beside, tests, listing));
    }
    records
}

fn given_in(file: &File, tests: Option<usize>, listing: &Listing) -> Vec<Value> {
    let mut records = Vec::new();
    for (test, _) in file.outline.children(tests) {
        let field = |name: &str| {
            let entry = file.outline.child(Some(test), name);
            entry.map(|entry| file.scalar(entry))
        };
        let entry = field("entry").and_then(|entry| entry.parse().ok());
        let is_meant = field("resource_type").as_ref() == Some(&listing.resource_type)
            && field("listing").as_deref().unwrap_or("list") == listing.section
            && entry.unwrap_or(1usize) == listing.entry + 1;
        let given = file.outline.child(Some(test), "given");
        let given = given.and_then(|given| file.outline.child(Some(given), "records"));
        if let Some(given) = given.filter(|_| is_meant) {
            let found = file.outline.children(Some(given));
            records.extend(found.map(|(record, _)| Value::from(value(file, record))));
        }
    }
    records
}

/// What is written under an entry.
fn value(file: &File, entry: usize) -> Json {
    let mut children = file.outline.children(Some(entry)).peekable();
    match children.peek().map(|(_, child)| &child.step) {
        Some(Step::Key(_)) => children
            .filter_map(|(index, child)| match &child.step {
                Step::Key(key) => Some((key.clone(), value(file, index))),
                Step::Item(_) => None,
            })
            .collect(),
        Some(Step::Item(_)) => children.map(|(index, _)| value(file, index)).collect(),
        None => {
            let written = &file.outline.entries[entry];
            let text = file.scalar(entry);
            match written.style {
                Style::Plain => serde_json::from_str(&text).unwrap_or(Json::String(text)),
                Style::Quoted | Style::Block => Json::String(text),
                _ => Json::Null,
            }
        }
    }
}

/// A value in one line, cut where it is long.
pub(super) fn shown(value: &Value) -> String {
    let text = whole(value);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn whole(value: &Value) -> String {
    let all = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Null => "null".to_owned(),
        Value::Text(text) => format!("'{text}'"),
        Value::List(items) => format!("[{}]", all(items.iter().map(whole).collect())),
        Value::Map(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, value)| format!("{name}: {}", whole(value)));
            format!("{{{}}}", all(fields.collect()))
        }
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        other => to_text(other).ok().flatten().unwrap_or_default(),
    }
}

/// Values as Markdown; `None` where there are none.
pub(super) fn listed(values: &[String]) -> Option<String> {
    let shown: Vec<String> = values.iter().map(|value| format!("- `{value}`")).collect();
    (!shown.is_empty()).then(|| shown.join("\n"))
}
