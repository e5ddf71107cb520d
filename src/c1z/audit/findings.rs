//! What checks found: counted, with the first few as examples.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params};

use super::checks::Check;

/// What one check found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The check.
    pub check: &'static Check,
    /// How often.
    pub count: u64,
    /// The first few: ids, or a sentence where an id does not say it.
    pub examples: Vec<String>,
}

/// What was found so far, by code.
pub(super) struct Findings {
    by_code: BTreeMap<&'static str, Found>,
    examples: usize,
}

impl Findings {
    /// Keeps up to `examples` examples per check.
    pub fn new(examples: usize) -> Self {
        Self {
            by_code: BTreeMap::new(),
            examples,
        }
    }

    /// How many examples are kept per check.
    pub fn limit(&self) -> usize {
        self.examples
    }

    /// Notes one; `example` is only asked for while there are few.
    pub fn note(&mut self, check: &'static Check, example: impl FnOnce() -> String) {
        let limit = self.examples;
        let found = self.of(check);
        found.count += 1;
        if found.examples.len() < limit {
            found.examples.push(example());
        }
    }

    /// Notes what was counted elsewhere.
    pub fn note_many(&mut self, check: &'static Check, count: u64, examples: Vec<String>) {
        if count > 0 {
            let found = self.of(check);
            found.count += count;
            found.examples.extend(examples);
        }
    }

    /// Notes each row of a query. Its first column is the example.
    pub fn ask(
        &mut self,
        db: &Connection,
        check: &'static Check,
        sql: &str,
        params: impl Params,
    ) -> rusqlite::Result<()> {
        let mut statement = db.prepare(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            let example = row.get_ref(0)?;
            self.note(check, || text(example));
        }
        Ok(())
    }

    /// True when a check found something.
    pub fn has(&self, check: &Check) -> bool {
        self.by_code.contains_key(check.code)
    }

    /// Everything, sorted by code.
    pub fn into_sorted(self) -> Vec<Found> {
        self.by_code.into_values().collect()
    }

    fn of(&mut self, check: &'static Check) -> &mut Found {
        self.by_code.entry(check.code).or_insert_with(|| Found {
            check,
            count: 0,
            examples: Vec::new(),
        })
    }
}

/// A value as text, whatever a damaged or foreign file has in its place.
pub(super) fn text(value: ValueRef) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
    }
}
