//! `tests/fixtures/chaos/references.yaml`: what becomes of a record without what it needs, or of one that
//! names what is not there, cell by cell.

use std::collections::BTreeMap;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::scenario::Scenario;
use super::system::Rule;
use super::world::World;

/// Cells of one kind of record.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Matrix {
    /// The page that brings it, beside what is there anyway.
    page: String,
    /// The record as it should be.
    of: Map<String, Json>,
    /// The fact it is, with its fields as `${field}`.
    fact: String,
    /// Ways in which it is another one; of a row and of a column at once.
    rows: IndexMap<String, Map<String, Json>>,
    columns: IndexMap<String, Map<String, Json>>,
    /// What becomes of it: the columns of each row.
    outcomes: BTreeMap<String, Vec<String>>,
}

#[test]
fn every_record_is_kept_or_left_out_and_counted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/chaos/references.yaml");
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    let matrices: Vec<Matrix> = serde_yaml::from_str(&text).unwrap_or_else(|it| panic!("{it}"));
    let mut failures = Vec::new();
    for matrix in matrices {
        for (row, changes) in &matrix.rows {
            let expected = matrix.outcomes.get(row).cloned().unwrap_or_default();
            for (index, (column, more)) in matrix.columns.iter().enumerate() {
                let mut record = matrix.of.clone();
                record.extend(changes.clone());
                record.extend(more.clone());
                let outcome = outcome(&matrix, record);
                let expected = expected.get(index).map(String::as_str);
                if expected != Some(&outcome) {
                    let page = &matrix.page;
                    failures.push(format!(
                        "{page}, {row}, {column}: {outcome}, not {expected:?}"
                    ));
                }
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// What becomes of a record.
fn outcome(matrix: &Matrix, record: Map<String, Json>) -> String {
    let scenario = Scenario::small();
    let mut fact = matrix.fact.clone();
    for (name, value) in &record {
        let text = value.as_str().unwrap_or_default();
        fact = fact.replace(&format!("${{{name}}}"), text);
    }
    let mut page = scenario.page(&matrix.page, None).expect("a page");
    let items = page["items"].as_array_mut().expect("a list");
    items.insert(1, Json::Object(record));
    let mut rule = Rule::at(&matrix.page);
    rule.answer = Some(page);
    let ended = World::new(&scenario).ruled(vec![rule]).sync(3);
    let counted: Vec<_> = ended.findings().into_keys().collect();
    let Some(facts) = &ended.facts else {
        let why = ended.said.lines().rfind(|line| line.contains("caused by"));
        return format!("fails: {}", why.unwrap_or(&ended.said).trim());
    };
    let expected = scenario.manifest();
    let lost: Vec<_> = expected.difference(facts).collect();
    assert!(lost.is_empty(), "{fact} costs {lost:?}");
    let new: Vec<_> = facts.difference(&expected).collect();
    let mut word = match new[..] {
        [] => "left out".to_owned(),
        [kept] if *kept == fact => "kept".to_owned(),
        [other] => format!("kept as {other}"),
        _ => format!("{new:?}"),
    };
    if !counted.is_empty() {
        word.push_str(&format!(", {}", counted.join(", ")));
    }
    if ended.code == Some(3) {
        word.push_str(", partial");
    }
    word
}
