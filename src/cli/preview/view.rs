//! What was seen, as JSON: names that stay.

use serde::Serialize;
use serde_json::Value as Json;

use super::Looked;
use crate::causes::in_one_line;
use crate::cli::inspect::view::{
    EntitlementView, GrantView, HeldEntitlementView, ResourceRefView, ResourceView,
};
use crate::expr::Value;
use crate::model::Grant;
use crate::preview::paging::{self, Doubt};
use crate::preview::{Hide, ListingSeen, Row};
use crate::sync::Findings;

/// The code of records that cannot be mapped, which are told one by one.
const FAILED: &str = "record-failed";

/// A preview.
#[derive(Debug, Serialize)]
pub(super) struct PreviewView {
    listings: Vec<ListingView>,
    /// What a sync would give up for.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// A listing, for one resource or for all.
#[derive(Debug, Serialize)]
struct ListingView {
    name: String,
    resource_type: String,
    phase: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    /// False for a listing that was read for what it is needed for.
    asked_for: bool,
    pages: Vec<PageView>,
    records: Vec<Json>,
    rows: Vec<RowView>,
    skipped: usize,
    failed: Vec<FailedView>,
    #[serde(skip_serializing_if = "Findings::is_empty")]
    findings: Findings,
    doubts: Vec<Doubt>,
    /// True when there is more, which was not asked for.
    cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

#[derive(Debug, Serialize)]
struct PageView {
    number: usize,
    asked: String,
    records: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_for: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    goes_on: bool,
    because: String,
}

#[derive(Debug, Serialize)]
struct FailedView {
    record: usize,
    reason: String,
}

/// A row, as `inspect` shows it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::cli) enum RowView {
    Resource(Box<ResourceView>),
    Entitlement(Box<EntitlementView>),
    Grant(Box<GrantView>),
}

impl RowView {
    /// A row, without what its profile may hold of secrets.
    pub(in crate::cli) fn of(row: &Row, hide: &Hide) -> Self {
        match row {
            Row::Resource(resource) => {
                let mut view = ResourceView::from(resource.as_ref());
                let profile = Value::from(Json::Object(view.profile));
                view.profile = match Json::from(&hide.value(&profile)) {
                    Json::Object(profile) => profile,
                    _ => serde_json::Map::new(),
                };
                RowView::Resource(Box::new(view))
            }
            Row::Entitlement(held) => RowView::Entitlement(Box::new(held.as_ref().into())),
            Row::Grant(grant) => RowView::Grant(Box::new(view(grant))),
        }
    }
}

/// A grant, of which only the resource has a name: the others are listed elsewhere.
fn view(grant: &Grant) -> GrantView {
    let resource = ResourceRefView {
        resource_type: grant.resource.id.resource_type.0.clone(),
        id: grant.resource.id.id.clone(),
        display_name: Some(grant.resource.display_name.clone()),
    };
    GrantView {
        id: grant.id.0.clone(),
        entitlement: HeldEntitlementView {
            id: grant.entitlement.0.clone(),
            display_name: None,
            slug: None,
            resource: Some(resource),
        },
        principal: ResourceRefView {
            resource_type: grant.principal.resource_type.0.clone(),
            id: grant.principal.id.clone(),
            display_name: None,
        },
        immutable: grant.immutable,
        expansion: grant.expansion.as_ref().map(Into::into),
        external_match: grant.external_match.as_ref().map(Into::into),
        sources: Vec::new(),
        annotations: Vec::new(),
    }
}

impl PreviewView {
    pub fn of(looked: &Looked) -> Self {
        let listings = looked.preview.listings.iter();
        let failure = looked.preview.failure.as_ref();
        Self {
            listings: listings
                .map(|it| ListingView::of(it, &looked.hide))
                .collect(),
            failure: failure.map(|error| looked.hide.text(&in_one_line(error))),
        }
    }
}

impl ListingView {
    fn of(listing: &ListingSeen, hide: &Hide) -> Self {
        let said = paging::pages(listing).into_iter();
        let pages = said.map(|page| PageView {
            number: page.number,
            asked: hide.text(&page.asked),
            records: page.records,
            asked_for: page.size,
            next: page.next.map(|next| hide.text(&next)),
            goes_on: page.goes_on,
            because: page.because,
        });
        let mut findings = Findings::default();
        for page in &listing.pages {
            for (code, found) in page.findings.iter().filter(|(code, _)| *code != FAILED) {
                let examples = found.examples.iter().map(|it| hide.text(it));
                findings.add_many(code, found.partial, found.count, examples);
            }
        }
        let all = listing.pages.iter().flat_map(|page| &page.records);
        let failed = (1..).zip(all.clone()).flat_map(|(number, record)| {
            let failures = record.failures.iter();
            failures.map(move |reason| FailedView {
                record: number,
                reason: hide.text(reason),
            })
        });
        Self {
            name: listing.name.clone(),
            resource_type: listing.resource_type.clone(),
            phase: listing.phase.as_str(),
            resource: listing.resource.as_ref().map(ToString::to_string),
            asked_for: listing.is_wanted,
            pages: pages.collect(),
            records: listing
                .records()
                .map(|it| Json::from(&hide.value(it)))
                .collect(),
            rows: listing.rows().map(|row| RowView::of(row, hide)).collect(),
            skipped: all.filter(|record| record.is_skipped()).count(),
            failed: failed.collect(),
            findings,
            doubts: paging::doubts(listing),
            cut: listing.is_cut,
            failure: listing.failure.as_deref().map(|reason| hide.text(reason)),
        }
    }
}
