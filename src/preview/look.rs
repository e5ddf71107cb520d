//! Looks on while a sync runs, remembers what it sees, and says when that is enough.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::seen::{ListingSeen, PageSeen, RecordSeen, Row, RowSeen};
use super::trace::Trace;
use super::wanted::Wanted;
use crate::causes::in_one_line;
use crate::source::Page;
use crate::sync::{Became, ListingAt, PageMapped, Phase, RecordAt, SyncError, Watcher};

/// Sees the first pages of each listing.
#[derive(Debug)]
pub(super) struct Look {
    wanted: Wanted,
    seen: Mutex<Seen>,
    /// Hears of expressions, where they are wanted.
    trace: Option<Arc<Trace>>,
}

#[derive(Debug, Default)]
struct Seen {
    listings: Vec<ListingSeen>,
    /// Index of the listing among those of the run, for each of them.
    lanes: Vec<usize>,
}

impl Look {
    pub(super) fn new(wanted: Wanted, trace: Option<Arc<Trace>>) -> Self {
        Self {
            wanted,
            trace,
            seen: Mutex::default(),
        }
    }

    /// What was seen, in the order in which listings began.
    pub(super) fn take(&self) -> Vec<ListingSeen> {
        std::mem::take(&mut self.seen().listings)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn listing(&mut self, at: &ListingAt<'_>) -> Option<&mut ListingSeen> {
        let resource = at.resource.map(|resource| &resource.id);
        let mut found = self.listings.iter_mut().zip(&self.lanes);
        found
            .find(|(seen, lane)| **lane == at.listing && seen.resource.as_ref() == resource)
            .map(|(seen, _)| seen)
    }

    /// A record of the page, or of the part, that is being mapped: the last ones that came.
    fn record(&mut self, at: &ListingAt<'_>, record: &RecordAt<'_>) -> Option<&mut RecordSeen> {
        let page = self.listing(at)?.page();
        let first = page.records.len().checked_sub(page.part)?;
        page.records.get_mut(first + record.index)
    }
}

impl ListingSeen {
    /// The page that is being read.
    fn page(&mut self) -> &mut PageSeen {
        if self.pages.last().is_none_or(|page| page.is_whole) {
            self.pages.push(PageSeen::default());
        }
        self.pages.last_mut().expect("one was pushed")
    }
}

impl Watcher for Look {
    fn begins(&self, at: &ListingAt<'_>) -> bool {
        let Some(found) = at.of_type else {
            return true;
        };
        let mut seen = self.seen();
        let begun = seen.lanes.iter().filter(|lane| **lane == at.listing);
        // What the file writes out costs nothing, and other listings may be about it.
        let limit = match at.phase {
            Phase::Resources if Wanted::is_written(found) => usize::MAX,
            _ => self.wanted.resources.max(1),
        };
        if begun.count() >= limit {
            return false;
        }
        let id = &found.resource_type.id;
        let entries = match at.phase {
            Phase::Entitlements => found.entitlements.len(),
            Phase::Grants => found.grants.len(),
            _ => 1,
        };
        let entry = match entries {
            0 | 1 => String::new(),
            _ => format!(" (entry {})", at.entry + 1),
        };
        let of = match at.resource {
            Some(resource) => format!(" for `{}`", resource.id),
            None => String::new(),
        };
        let listing = ListingSeen {
            name: format!("{} of type `{id}`{entry}{of}", at.phase),
            phase: at.phase,
            resource_type: id.0.clone(),
            entry: at.entry,
            resource: at.resource.map(|resource| resource.id.clone()),
            is_wanted: self.wanted.is(at.phase, id),
            pages: Vec::new(),
            is_cut: false,
            failure: None,
        };
        seen.listings.push(listing);
        seen.lanes.push(at.listing);
        true
    }

    fn page(&self, at: &ListingAt<'_>, page: &Page) {
        let trace = self.trace.as_ref();
        let asked = trace.map(|trace| trace.begin_page(&page.records));
        if let Some(listing) = self.seen().listing(at) {
            let seen = listing.page();
            let records = page.records.iter().map(|record| RecordSeen {
                record: record.clone(),
                rows: Vec::new(),
                failures: Vec::new(),
                steps: Vec::new(),
            });
            seen.records.extend(records);
            seen.part = page.records.len();
            seen.told = page.told.as_deref().cloned();
            seen.steps.extend(asked.unwrap_or_default());
        }
    }

    fn record(&self, at: &ListingAt<'_>, record: &RecordAt<'_>, became: &Became<'_>) {
        let row = match became {
            Became::Resource(resource) => Row::Resource(Box::new((*resource).clone())),
            Became::Entitlement(entitlement) => Row::Entitlement(Box::new((*entitlement).clone())),
            Became::Grant(grant) => Row::Grant(Box::new((*grant).clone())),
            Became::Nothing | Became::Failed(_) => {
                let Became::Failed(error) = became else {
                    return;
                };
                let failure = in_one_line(error);
                if let Some(seen) = self.seen().record(at, record)
                    && !seen.failures.contains(&failure)
                {
                    seen.failures.push(failure);
                }
                return;
            }
        };
        if let Some(seen) = self.seen().record(at, record) {
            let mapping = record.mapping;
            seen.rows.push(RowSeen { mapping, row });
        }
    }

    fn mapped(&self, at: &ListingAt<'_>, page: &PageMapped<'_>) -> bool {
        let heard = self.trace.as_ref().map(|trace| trace.end_page());
        let (Some(found), mut seen) = (at.of_type, self.seen()) else {
            return true;
        };
        let Some(listing) = seen.listing(at) else {
            return true;
        };
        let seen = listing.page();
        if let Some((of_records, others)) = heard {
            let first = seen.records.len() - seen.part;
            for (index, steps) in of_records {
                if let Some(record) = seen.records.get_mut(first + index) {
                    record.steps = steps;
                }
            }
            seen.steps.extend(others);
        }
        let is_found = match &self.wanted.only {
            Some(only)
                if at.phase == Phase::Resources && only.resource_type == found.resource_type.id =>
            {
                let mut records = seen.records.iter();
                // One that became nothing: of the others, the engine knows itself.
                records.any(|record| record.rows.is_empty() && record.may_be(&only.id))
            }
            _ => false,
        };
        seen.findings.append(page.findings.clone());
        seen.goes_on = page.goes_on;
        seen.is_whole = !page.more;
        if seen.records.is_empty() {
            let facts = page.facts;
            let resources = facts.resources.iter().cloned().map(Box::new);
            let entitlements = facts.entitlements.iter().cloned().map(Box::new);
            seen.written.extend(resources.map(Row::Resource));
            seen.written.extend(entitlements.map(Row::Entitlement));
        }
        let enough = match page.more {
            // Nobody knows how long an answer goes on that is not paged.
            true => seen.records.len() >= self.wanted.records,
            false => listing.pages.len() >= self.wanted.pages_of(at.phase, found),
        };
        let enough = enough || is_found;
        listing.is_cut = enough && page.goes_on;
        !enough
    }

    fn again(&self, at: &ListingAt<'_>, whole: bool) {
        if let Some(listing) = self.seen().listing(at) {
            match whole {
                true => listing.pages.clear(),
                false => {
                    if listing.pages.last().is_some_and(|page| !page.is_whole) {
                        listing.pages.pop();
                    }
                }
            }
        }
    }

    fn failed(&self, at: &ListingAt<'_>, error: &SyncError) {
        if let Some(listing) = self.seen().listing(at) {
            listing.failure = Some(in_one_line(error));
        }
    }
}
