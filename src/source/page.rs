//! A page of records, and the token of the next one.

use super::Told;
use crate::expr::{Inputs, Value};

/// Where the next page begins: opaque text that only the paging strategy that wrote it reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageToken(String);

impl PageToken {
    /// Takes the text a strategy wants to see again.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What one call brought.
#[derive(Debug, Default)]
pub struct Page {
    /// The records, in the system's order. Each is usually a map.
    pub records: Vec<Value>,
    /// The next page; `None` when this was the last one. With `more`, the page that these records
    /// are a part of; `None` for the first one.
    pub next: Option<PageToken>,
    /// True when more of the same answer follows. A later run cannot go on there: it asks for the
    /// whole answer again.
    pub more: bool,
    /// Variables that every record of the page shares: `response` and `headers` of an API.
    pub shared: Inputs,
    /// True where pages are asked for by number: a record that is on two of them tells that records
    /// move between pages.
    pub numbered: bool,
    /// Why the listing may lack something although it went on to its end.
    pub partial: Vec<PartialReason>,
    /// What was asked, and what came besides the records: where the source was told to
    /// [`tell`](super::Source::tell) it, and not of a part of an answer.
    pub told: Option<Box<Told>>,
}

/// A reason why a listing cannot be called complete.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct PartialReason {
    /// Stable name, for example `items-missing`.
    pub code: &'static str,
    /// One sentence, lower case, no full stop, with the way out.
    pub message: String,
}

impl PartialReason {
    /// Paging came back to where it had been: what was listed until then is kept.
    pub fn paging_loop(reason: String) -> Self {
        Self {
            code: "paging-loop",
            message: reason,
        }
    }
}

/// One thing that was looked for, and found.
#[derive(Debug)]
pub struct FoundOne {
    /// The record.
    pub record: Value,
    /// What it shares with its answer: `response` and `headers` of an API.
    pub shared: Inputs,
}
