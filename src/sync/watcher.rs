//! Who looks on while listings are read and mapped, and says when enough was seen.

use std::fmt::Debug;

use super::event::Phase;
use super::page::Subject;
use super::report::Findings;
use super::step::Step;
use super::{PageFacts, SyncError};
use crate::expr::Value;
use crate::mapping::MappingError;
use crate::model::{Entitlement, Grant, Resource};
use crate::plan::{Plan, TypePlan};
use crate::source::Page;

/// A listing under way, as a watcher hears of it.
#[derive(Debug, Clone, Copy)]
pub struct ListingAt<'l> {
    /// Its index among those that the run announced.
    pub listing: usize,
    /// The phase it belongs to.
    pub phase: Phase,
    /// What it is for; `None` for what belongs to no type.
    pub of_type: Option<&'l TypePlan>,
    /// Which of several entries of the type it is.
    pub entry: usize,
    /// The resource that it runs for; `None` for one that runs once.
    pub resource: Option<&'l Resource>,
}

impl<'l> ListingAt<'l> {
    pub(super) fn new(
        listing: usize,
        step: Step,
        plan: &'l Plan,
        subject: Option<&'l Subject>,
    ) -> Self {
        Self {
            listing,
            phase: step.phase(),
            of_type: step.type_index().map(|index| &plan.types[index]),
            entry: match step {
                Step::Entitlements { entry, .. } | Step::Grants { entry, .. } => entry,
                Step::ResourceTypes | Step::Resources { .. } | Step::StaticEntitlements { .. } => 0,
            },
            resource: subject.map(|subject| subject.resource.as_ref()),
        }
    }
}

/// What a record came to in one mapping, for one resource.
#[derive(Debug, Clone, Copy)]
pub struct RecordAt<'r> {
    /// Its index on the page, or on the part of it.
    pub index: usize,
    /// Which of several mappings it went through.
    pub mapping: usize,
    /// The record itself.
    pub record: &'r Value,
    /// The resource that it is about, where a listing runs for all of a type.
    pub about: Option<&'r Resource>,
}

/// What became of a record.
#[derive(Debug)]
pub enum Became<'r> {
    /// A resource.
    Resource(&'r Resource),
    /// An entitlement.
    Entitlement(&'r Entitlement),
    /// A grant.
    Grant(&'r Grant),
    /// Nothing: it was skipped, or says that nobody holds anything.
    Nothing,
    /// It could not be mapped.
    Failed(&'r MappingError),
}

impl<'r> Became<'r> {
    /// The row that a mapping has just added to those of its page, if it did.
    pub(super) fn last_of(facts: &'r PageFacts, is_new: bool, step: Step) -> Self {
        let last = match step {
            _ if !is_new => None,
            Step::Resources { .. } => facts.resources.last().map(Became::Resource),
            Step::Entitlements { .. } => facts.entitlements.last().map(Became::Entitlement),
            Step::Grants { .. } => facts.grants.last().map(Became::Grant),
            Step::ResourceTypes | Step::StaticEntitlements { .. } => None,
        };
        last.unwrap_or(Became::Nothing)
    }
}

/// A page that was mapped.
#[derive(Debug)]
pub struct PageMapped<'p> {
    /// The rows that came of it.
    pub facts: &'p PageFacts,
    /// What was odd.
    pub findings: &'p Findings,
    /// Whether the listing goes on behind it.
    pub goes_on: bool,
    /// True for a part of an answer.
    pub more: bool,
}

/// Hears of a run page by page and record by record, in the order of each listing. Called where it
/// happens, so briefly. What preview and tests of connectors see is what a sync does.
pub trait Watcher: Send + Sync + Debug {
    /// A listing is about to begin for a resource, or once. `false` leaves it out, and those after it
    /// in its lane.
    fn begins(&self, at: &ListingAt<'_>) -> bool {
        let _ = at;
        true
    }

    /// A page came, or a part of one, and is about to be mapped.
    fn page(&self, at: &ListingAt<'_>, page: &Page) {
        let _ = (at, page);
    }

    /// A record of that page was mapped.
    fn record(&self, at: &ListingAt<'_>, record: &RecordAt<'_>, became: &Became<'_>) {
        let _ = (at, record, became);
    }

    /// The page was mapped. `false` ends the listing with it.
    fn mapped(&self, at: &ListingAt<'_>, page: &PageMapped<'_>) -> bool {
        let _ = (at, page);
        true
    }

    /// Records come again: those of the page under way, or all that came when `whole`.
    fn again(&self, at: &ListingAt<'_>, whole: bool) {
        let _ = (at, whole);
    }

    /// The listing failed.
    fn failed(&self, at: &ListingAt<'_>, error: &SyncError) {
        let _ = (at, error);
    }
}
