//! Each listing, called once: fields that are never there, or always null; expressions that fail.

use std::collections::{BTreeMap, BTreeSet};

use tokio_util::sync::CancellationToken;

use super::Online;
use super::expression::Told;
use crate::causes::in_one_line;
use crate::diagnostic::{Diagnostic, Location, Span};
use crate::expr::Value;
use crate::plan::{Plan, ResourcesPlan, TypePlan};
use crate::preview::paging::doubts;
use crate::preview::run::{Prepared, run};
use crate::preview::seen::ListingSeen;
use crate::preview::{Preview, PreviewError, Wanted, What};
use crate::source::{Fetch, SourceError};
use crate::sync::{Phase, SyncError};

/// Calls every listing, but for those written at the places in `refused`.
pub(super) async fn check(
    prepared: &Prepared,
    refused: &[Location],
    cancel: CancellationToken,
    online: &mut Online,
) -> Result<(), PreviewError> {
    let plan = &prepared.plan;
    for found in &plan.types {
        let id = found.resource_type.id.as_str();
        let skips = found.resource_type.skip_entitlements_and_grants;
        for what in [What::Resources, What::Entitlements, What::Grants] {
            let listings = fetches(found, what);
            if listings.is_empty() || skips && what != What::Resources {
                continue;
            }
            let needed = needs(plan, found, what);
            let is_refused = needed.iter().any(|fetch| is_refused(*fetch, refused));
            if is_refused || cancel.is_cancelled() {
                continue;
            }
            let wanted = Wanted::first_page(id, what);
            let preview = run(prepared, &wanted, cancel.clone()).await?;
            judge(plan, &preview, what, refused, online);
        }
    }
    Ok(())
}

/// What a preview asks of a type.
fn fetches(found: &TypePlan, what: What) -> Vec<&dyn Fetch> {
    match what {
        What::Resources => match &found.resources {
            ResourcesPlan::Listed { fetch, .. } => vec![fetch.as_ref()],
            ResourcesPlan::Written(_) => Vec::new(),
        },
        What::Entitlements => found
            .entitlements
            .iter()
            .map(|it| it.fetch.as_ref())
            .collect(),
        What::Grants => found.grants.iter().map(|it| it.fetch.as_ref()).collect(),
    }
}

/// The same with the listings of the resources that it runs for, and those that they live in.
fn needs<'p>(plan: &'p Plan, found: &'p TypePlan, what: What) -> Vec<&'p dyn Fetch> {
    let mut needed = fetches(found, what);
    let mut next = Some(found);
    while let Some(found) = next {
        needed.extend(fetches(found, What::Resources));
        next = found.parent.as_ref().and_then(|parent| {
            let mut types = plan.types.iter();
            types.find(|found| found.resource_type.id == *parent)
        });
    }
    needed
}

/// True when the database has refused a query: a place within it is named, or all of it.
fn is_refused(fetch: &dyn Fetch, refused: &[Location]) -> bool {
    fetch.written().is_some_and(|written| {
        refused.iter().any(|at| {
            let (place, query) = (at.span, written.span);
            query.start <= place.start && place.start <= query.end
        })
    })
}

fn judge(plan: &Plan, preview: &Preview, what: What, refused: &[Location], online: &mut Online) {
    let called = preview.listings.iter().filter(|it| it.is_wanted && asks(it));
    let called: BTreeSet<usize> = called.map(|listing| listing.entry).collect();
    online.listings += called.len();
    if let Some(failure) = &preview.failure {
        // What is needed by several listings fails with each of them: it is told once.
        let failed = preview.listings.iter().find(|it| it.failure.is_some());
        let own = failed.is_none_or(|it| it.is_wanted || what == What::Resources);
        if own && !failure.gives_up_what_was_found() {
            online.found.push(failed_with(plan, failed, failure));
        }
    }
    let wanted: Vec<&ListingSeen> = preview.listings.iter().filter(|it| it.is_wanted).collect();
    let entries: BTreeSet<usize> = wanted.iter().map(|it| it.entry).collect();
    for entry in entries {
        let listings: Vec<&ListingSeen> = wanted
            .iter()
            .filter(|listing| listing.entry == entry && asks(listing))
            .copied()
            .collect();
        if let Some(first) = listings.first() {
            of_listing(plan, first, &listings, refused, online);
        }
    }
}

fn asks(listing: &ListingSeen) -> bool {
    listing.phase != Phase::StaticEntitlements
        && listing.pages.iter().any(|page| page.written.is_empty())
}

/// Where a listing is written.
fn written(plan: &Plan, listing: &ListingSeen) -> Option<Location> {
    let mut types = plan.types.iter();
    let found = types.find(|found| found.resource_type.id.as_str() == listing.resource_type)?;
    let fetches = match listing.phase {
        Phase::Resources => fetches(found, What::Resources),
        Phase::Entitlements => fetches(found, What::Entitlements),
        Phase::Grants => fetches(found, What::Grants),
        _ => return None,
    };
    fetches.get(listing.entry)?.written()
}

fn failed_with(plan: &Plan, listing: Option<&ListingSeen>, error: &SyncError) -> Diagnostic {
    let at = listing.and_then(|listing| written(plan, listing));
    let SyncError::Source { source, .. } = error else {
        return placed("listing-failed", at, in_one_line(error));
    };
    let said = in_one_line(source.as_ref());
    match source.as_ref() {
        SourceError::Query { at: within, .. } => {
            placed("query-refused", within.clone().or(at), said)
        }
        SourceError::Refused { .. } => placed("credentials-refused", at, said)
            .help("set the variables of `connect` to credentials that are accepted"),
        SourceError::Status { status, .. } if status.starts_with("401") => {
            placed("credentials-refused", at, said).help(
                "see whether the credentials of `connect.auth` are valid, and of the right kind",
            )
        }
        SourceError::Status { status, .. } if status.starts_with("403") => placed(
            "credentials-refused",
            at,
            said,
        )
        .help(
            "the credentials are known, but may not list this: give them the right, or the scope",
        ),
        SourceError::Status { status, .. } if status.starts_with("404") => {
            placed("listing-failed", at, said)
                .help("compare the path with the documentation of the API")
        }
        _ => placed("listing-failed", at, said),
    }
}

fn placed(code: &'static str, at: Option<Location>, message: String) -> Diagnostic {
    match at {
        Some(at) => Diagnostic::error(code, at, message),
        None => Diagnostic::unplaced(code, message),
    }
}

/// What the records of a listing say of its mapping.
fn of_listing(
    plan: &Plan,
    first: &ListingSeen,
    all: &[&ListingSeen],
    refused: &[Location],
    online: &mut Online,
) {
    let Some(at) = written(plan, first) else {
        return;
    };
    let pages = all.iter().flat_map(|listing| &listing.pages);
    let records: Vec<_> = pages.flat_map(|page| &page.records).collect();
    if records.is_empty() {
        if all.iter().all(|listing| listing.failure.is_none()) {
            let message =
                "the listing brought no records, so nothing says whether its mapping fits";
            online
                .found
                .push(Diagnostic::note("nothing-listed", at.clone(), message));
        }
        return;
    }
    let mut fields: Vec<&str> = Vec::new();
    for record in &records {
        if let Value::Map(map) = &record.record {
            fields.extend(map.keys().map(String::as_str));
        }
    }
    fields.sort_unstable();
    fields.dedup();
    let mut of_places: BTreeMap<Span, Told> = BTreeMap::new();
    for step in records.iter().flat_map(|record| &record.steps) {
        if step.is_literal {
            continue;
        }
        of_places.entry(step.place).or_default().hear(step);
    }
    for (span, told) in of_places {
        // What the database has said already is not said again.
        let is_told = |at: &Location| span.start <= at.span.start && at.span.start <= span.end;
        if refused.iter().any(is_told) {
            continue;
        }
        let place = Location {
            file: at.file.clone(),
            span,
        };
        online.found.extend(told.judged(place, &fields));
    }
    for listing in all {
        if let Some(doubt) = doubts(listing).into_iter().next() {
            let diagnostic = Diagnostic::warning("paging-doubtful", at, doubt.message);
            online.found.push(match doubt.help {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            });
            break;
        }
    }
}
