//! What was seen of a listing: pages as they came, and what became of their records.

use super::trace::Step;
use crate::expr::Value;
use crate::model::{Entitlement, Grant, Resource, ResourceId};
use crate::source::Told;
use crate::sync::{Findings, Phase};

/// A listing, for one resource or for all.
#[derive(Debug)]
pub struct ListingSeen {
    /// The listing in words.
    pub name: String,
    /// The phase it belongs to.
    pub phase: Phase,
    /// The type it is for.
    pub resource_type: String,
    /// Which of several entries it is, from 0.
    pub entry: usize,
    /// The resource that it ran for.
    pub resource: Option<ResourceId>,
    /// True for a listing that was asked for; others were read for what they are needed for.
    pub is_wanted: bool,
    /// What came.
    pub pages: Vec<PageSeen>,
    /// True when there is more, which was not asked for.
    pub is_cut: bool,
    /// Why it failed, cause after cause.
    pub failure: Option<String>,
}

/// A page, or the part of it that was read.
#[derive(Debug, Default)]
pub struct PageSeen {
    /// The records, in the order of the system.
    pub records: Vec<RecordSeen>,
    /// Rows that no record brought: what the file writes out.
    pub written: Vec<Row>,
    /// What was asked, and what came besides the records; `None` of a page that was not read to its
    /// end.
    pub told: Option<Told>,
    /// The expressions that were evaluated to ask for it, where that was asked for.
    pub steps: Vec<Step>,
    /// What was odd.
    pub findings: Findings,
    /// Whether the listing goes on behind it.
    pub goes_on: bool,
    /// False while parts of it may follow.
    pub is_whole: bool,
    /// How many of the records came last, all at once.
    pub(super) part: usize,
}

/// A record, and what became of it.
#[derive(Debug)]
pub struct RecordSeen {
    /// The record as the source brought it.
    pub record: Value,
    /// What it became: nothing, when it was skipped; several, when it goes through several mappings.
    pub rows: Vec<RowSeen>,
    /// Why it could not be mapped, cause after cause, for each mapping that failed.
    pub failures: Vec<String>,
    /// The expressions that were evaluated on it, where that was asked for.
    pub steps: Vec<Step>,
}

/// A row that a record became.
#[derive(Debug)]
pub struct RowSeen {
    /// Which of several mappings made it, from 0.
    pub mapping: usize,
    /// The row.
    pub row: Row,
}

/// A row of a sync file.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Row {
    Resource(Box<Resource>),
    Entitlement(Box<Entitlement>),
    Grant(Box<Grant>),
}

impl Row {
    /// True for the resource of this id.
    pub fn is(&self, id: &ResourceId) -> bool {
        matches!(self, Row::Resource(resource) if resource.id == *id)
    }
}

impl RecordSeen {
    /// True when it became nothing, as its mapping has it.
    pub fn is_skipped(&self) -> bool {
        self.rows.is_empty() && self.failures.is_empty()
    }
}

impl ListingSeen {
    /// The records of all pages as the source brought them.
    pub fn records(&self) -> impl Iterator<Item = &Value> {
        let records = self.pages.iter().flat_map(|page| &page.records);
        records.map(|seen| &seen.record)
    }

    /// What was made of them, and what the file writes out.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.pages.iter().flat_map(|page| {
            let mapped = page.records.iter().flat_map(|record| &record.rows);
            page.written.iter().chain(mapped.map(|seen| &seen.row))
        })
    }
}
