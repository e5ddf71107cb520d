//! Each listing, called once: fields that are never there, or always null; expressions that fail.

use std::collections::{BTreeMap, BTreeSet};

use tokio_util::sync::CancellationToken;

use super::Online;
use crate::causes::in_one_line;
use crate::diagnostic::{Diagnostic, Location, Span, list, nearest};
use crate::expr::Value;
use crate::plan::{Plan, ResourcesPlan, TypePlan};
use crate::preview::paging::doubts;
use crate::preview::run::{Prepared, run};
use crate::preview::seen::ListingSeen;
use crate::preview::{Preview, PreviewError, Wanted, What};
use crate::source::{Fetch, SourceError};
use crate::sync::{Phase, SyncError};

/// From so many records on, a field that is null in all of them is more than chance.
const ENOUGH: usize = 10;

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
    for listing in preview.listings.iter().filter(|it| it.is_wanted) {
        online.listings += usize::from(!listing.pages.is_empty());
    }
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
        let told = of_places.entry(step.place).or_default();
        told.times += 1;
        told.source.clone_from(&step.source);
        told.members.clone_from(&step.members);
        match &step.value {
            Err(error) => {
                told.failed += 1;
                told.failure.get_or_insert_with(|| error.clone());
            }
            Ok(Value::Null) => told.nulls += 1,
            Ok(Value::Text(text)) if text.is_empty() => told.nulls += 1,
            Ok(_) => {}
        }
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

/// What an expression came to on the records.
#[derive(Debug, Default)]
struct Told {
    source: String,
    /// The fields of the record that it reads.
    members: Vec<String>,
    times: usize,
    nulls: usize,
    failed: usize,
    failure: Option<String>,
}

impl Told {
    fn judged(self, at: Location, fields: &[&str]) -> Option<Diagnostic> {
        let Told { times, nulls, .. } = self;
        let records = |count: usize| format!("{count} record{}", if count == 1 { "" } else { "s" });
        let absent = self
            .members
            .iter()
            .find(|member| !fields.is_empty() && !fields.contains(&member.as_str()));
        if let Some(member) = absent {
            let message = format!("no record has a field `{member}`, of {}", records(times));
            let near = nearest(member, fields.iter().copied());
            let diagnostic = weighed(times, "field-never-there", at, message);
            return Some(match near {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help(format!(
                    "the records have {}",
                    list(&fields[..fields.len().min(12)])
                )),
            });
        }
        if let Some(failure) = self.failure {
            let of = format!("{} of {}", self.failed, records(times));
            let message = format!("this fails for {of}: {failure}");
            return Some(Diagnostic::error("expression-failed", at, message));
        }
        if nulls < times {
            return None;
        }
        let message = format!("this is null or empty for all of {}", records(times));
        let help = "see with `rolecall preview --raw` which field holds the value";
        Some(weighed(times, "always-null", at, message).help(help))
    }
}

/// A warning where there were enough records to tell, else a note.
fn weighed(times: usize, code: &'static str, at: Location, message: String) -> Diagnostic {
    match times >= ENOUGH {
        true => Diagnostic::warning(code, at, message),
        false => Diagnostic::note(code, at, message),
    }
}
