//! Bytes of a file or an answer → the draft: a description of an API, or a sample of its answers.

use serde_json::{Map, Value as Json};

use super::connector::Draft;
use super::failure::DraftError;
use super::wish::Wish;
use super::{openapi, sample};

/// The largest file that is read as YAML, which needs much more memory than its text.
const LARGEST_YAML: usize = 32 << 20;

/// How many rows of a CSV file are looked at.
const ROWS: usize = 200;

/// Drafts from what a file holds, or a server answered. `origin` is where it came from, as comments
/// name it.
pub fn from_bytes(bytes: &[u8], origin: &str, wish: &Wish) -> Result<Draft, DraftError> {
    let unreadable = |reason: String| DraftError::Unreadable(format!("`{origin}` {reason}"));
    let text =
        std::str::from_utf8(bytes).map_err(|_| unreadable("is not UTF-8 text".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(unreadable("is empty".to_owned()));
    }
    let stem = stem(origin);
    if origin.to_lowercase().ends_with(".csv") {
        let rows = rows(text).map_err(unreadable)?;
        return sample::draft(&rows, &named(origin), &stem, Some("csv"), wish);
    }
    let (root, is_lines) = read(text).map_err(unreadable)?;
    if openapi::is_description(&root) {
        return openapi::draft(&root, &named(origin), wish);
    }
    if !root.is_array() && !root.is_object() {
        return Err(unreadable(
            "is no description of an API and no sample: write JSON, YAML or CSV with records in it"
                .to_owned(),
        ));
    }
    let decoder = is_lines.then_some("ndjson");
    sample::draft(&root, &named(origin), &stem, decoder, wish)
}

/// JSON, lines of JSON, or YAML.
fn read(text: &str) -> Result<(Json, bool), String> {
    let begins = text.trim_start();
    if begins.starts_with(['{', '[']) {
        return match serde_json::from_str(text) {
            Ok(root) => Ok((root, false)),
            Err(error) => match lines(text) {
                Some(records) => Ok((records, true)),
                // YAML may begin with a brace, too.
                None => crate::config::read_plain_leniently(text)
                    .map(|root| (root, false))
                    .map_err(|_| format!("is no JSON: {error}")),
            },
        };
    }
    if text.len() > LARGEST_YAML {
        return Err(format!(
            "has more than {} MB, which is too much to read as YAML; as JSON it may be larger",
            LARGEST_YAML >> 20
        ));
    }
    let root = crate::config::read_plain_leniently(text);
    root.map(|root| (root, false))
        .map_err(|error| format!("is neither JSON nor YAML: {error}"))
}

/// A record on each line.
fn lines(text: &str) -> Option<Json> {
    let records = text.lines().filter(|line| !line.trim().is_empty());
    let records: Option<Vec<Json>> = records
        .take(ROWS)
        .map(|line| serde_json::from_str(line).ok())
        .collect();
    records.filter(|records| records.len() > 1).map(Json::Array)
}

/// The rows of a CSV file, by the names in its first one.
fn rows(text: &str) -> Result<Json, String> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let headers = reader
        .headers()
        .map_err(|error| format!("is no CSV: {error}"))?
        .clone();
    let mut rows = Vec::new();
    for row in reader.records().take(ROWS) {
        let row = row.map_err(|error| format!("is no CSV: {error}"))?;
        let fields = headers.iter().zip(row.iter());
        let fields = fields.map(|(name, value)| (name.to_owned(), Json::from(value)));
        rows.push(Json::Object(fields.collect::<Map<_, _>>()));
    }
    Ok(Json::Array(rows))
}

/// What a file is called: the name without folder and ending.
fn stem(origin: &str) -> String {
    let name = origin.split(['?', '#']).next().unwrap_or_default();
    let name = name
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    name.rsplit_once('.')
        .map_or(name, |(stem, _)| stem)
        .to_owned()
}

/// The origin as the draft names it: without a query, which may hold a secret, and without folders.
fn named(origin: &str) -> String {
    let name = origin.split(['?', '#']).next().unwrap_or_default();
    match name.contains("://") {
        true => name.to_owned(),
        false => name.rsplit('/').next().unwrap_or_default().to_owned(),
    }
}
