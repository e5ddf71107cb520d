//! What was seen, for people: rows, what became of the others, what paging did.

use super::Looked;
use super::rows;
use crate::causes::in_one_line;
use crate::cli::inspect::render::Screen;
use crate::cli::report::counted;
use crate::cli::terminal::printable;
use crate::preview::paging::{self, PageSaid};
use crate::preview::{Hide, ListingSeen};
use crate::sync::Phase;

/// Records named that could not be mapped.
const NAMED: usize = 5;

/// The longest text of a request that is shown in a line.
const LONGEST: usize = 300;

/// Shows a preview. `limit`: rows of each listing.
pub(super) fn show(
    looked: &Looked,
    raw: bool,
    limit: usize,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let Looked { preview, hide } = looked;
    // What was read on the way matters where it went wrong, or brought nothing to go on with.
    let shown = preview.listings.iter().filter(|listing| {
        let empty = listing.rows().next().is_none();
        listing.is_wanted || listing.failure.is_some() || empty
    });
    let mut is_first = true;
    for listing in shown {
        if !std::mem::take(&mut is_first) {
            screen.line("")?;
        }
        let is_partly_known = preview.listings.iter().any(|it| {
            it.is_cut && it.phase == Phase::Resources && it.resource_type == listing.resource_type
        });
        let told: &[&str] = match is_partly_known {
            true => &["record-failed", "pages-overlap", "unknown-resource"],
            false => &["record-failed", "pages-overlap"],
        };
        show_listing(listing, hide, raw, limit, told, screen)?;
    }
    let wanted = preview.listings.iter().any(|listing| listing.is_wanted);
    if !wanted && preview.failure.is_none() {
        screen.line("nothing was listed: there is no resource to list it for")?;
    }
    let told = preview.listings.iter().any(|it| it.failure.is_some());
    match &preview.failure {
        Some(error) if error.gives_up_what_was_found() || !told => {
            let error = hide.text(&in_one_line(error));
            screen.line("")?;
            screen.line(&format!("a sync gives up here: {}", printable(&error)))
        }
        _ => Ok(()),
    }?;
    let failed = preview.listings.iter().flat_map(|it| &it.pages);
    let mut failed = failed.flat_map(|page| &page.records);
    if preview.stops_at_records && failed.any(|record| !record.failures.is_empty()) {
        screen
            .line("a sync stops at the first of them: the file has `tolerance: {records: fail}`")?;
    }
    Ok(())
}

fn show_listing(
    listing: &ListingSeen,
    hide: &Hide,
    raw: bool,
    limit: usize,
    told: &[&str],
    screen: &mut Screen,
) -> anyhow::Result<()> {
    screen.line(&printable(&listing.name))?;
    let table = match raw {
        true => rows::raw(listing.records().take(limit), hide),
        false => rows::mapped(listing.rows().take(limit), hide),
    };
    if !table.rows.is_empty() {
        screen.line("")?;
        let titles: Vec<&str> = table.titles.iter().map(String::as_str).collect();
        screen.table(&titles, table.rows.into_iter())?;
    }
    let all = match raw {
        true => listing.records().count(),
        false => listing.rows().count(),
    };
    if all > limit {
        screen.line(&format!(
            "… {} more: `--limit {all}` shows them",
            all - limit
        ))?;
    }
    if listing.failure.is_none() || !listing.pages.is_empty() {
        screen.line("")?;
        screen.line(&summary(listing))?;
    }
    show_failures(listing, hide, screen)?;
    show_findings(listing, hide, told, screen)?;
    show_paging(listing, hide, screen)?;
    if let Some(failure) = &listing.failure {
        screen.line(&format!("failed: {}", printable(&hide.text(failure))))?;
    }
    Ok(())
}

/// `25 records on 1 page: 24 resources, 1 skipped; there is more`.
fn summary(listing: &ListingSeen) -> String {
    let noun = match listing.phase {
        Phase::Entitlements | Phase::StaticEntitlements => "entitlement",
        Phase::Grants => "grant",
        _ => "resource",
    };
    let rows = counted(listing.rows().count() as u64, noun);
    let records: Vec<_> = listing.pages.iter().flat_map(|it| &it.records).collect();
    let pages = listing.pages.len();
    let asks = listing.pages.iter().any(|page| page.written.is_empty());
    if !asks && pages > 0 {
        return format!("{rows}, written in the file");
    }
    let mut line = format!(
        "{} on {}: {rows}",
        counted(records.len() as u64, "record"),
        counted(pages as u64, "page")
    );
    let skipped = records.iter().filter(|record| record.is_skipped()).count();
    let failed = records.iter().filter(|it| !it.failures.is_empty()).count();
    for (count, what) in [(skipped, "became nothing"), (failed, "cannot be mapped")] {
        if count > 0 {
            line.push_str(&format!(", {count} {what}"));
        }
    }
    if listing.is_cut {
        line.push_str("; there is more");
    }
    line
}

fn show_failures(listing: &ListingSeen, hide: &Hide, screen: &mut Screen) -> anyhow::Result<()> {
    let records = listing.pages.iter().flat_map(|page| &page.records);
    let failures = (1..).zip(records).flat_map(|(number, record)| {
        let failures = record.failures.iter();
        failures.map(move |failure| (number, failure))
    });
    for (number, failure) in failures.clone().take(NAMED) {
        let failure = hide.text(failure);
        screen.line(&format!("  record {number}: {}", printable(&failure)))?;
    }
    match failures.count().checked_sub(NAMED) {
        Some(more @ 1..) => screen.line(&format!("  … and {more} more")),
        _ => Ok(()),
    }
}

/// What was odd, but for what is told otherwise or follows from looking at a part only.
fn show_findings(
    listing: &ListingSeen,
    hide: &Hide,
    told: &[&str],
    screen: &mut Screen,
) -> anyhow::Result<()> {
    for page in &listing.pages {
        let findings = page.findings.iter();
        for (code, finding) in findings.filter(|(code, _)| !told.contains(code)) {
            let weight = if finding.partial {
                "partial"
            } else {
                "warning"
            };
            screen.line(&format!("  {weight}[{code}]: {} ×", finding.count))?;
            for example in &finding.examples {
                screen.line(&format!("    {}", printable(&hide.text(example))))?;
            }
        }
    }
    Ok(())
}

fn show_paging(listing: &ListingSeen, hide: &Hide, screen: &mut Screen) -> anyhow::Result<()> {
    for page in paging::pages(listing) {
        screen.line(&asked(&page, hide))?;
        let next = match &page.next {
            Some(next) => format!(" (next: {})", cut(&hide.text(next))),
            None => String::new(),
        };
        let end = match page.goes_on {
            true => "goes on",
            false => "ends",
        };
        let because = hide.text(&page.because);
        screen.line(&printable(&format!("    {end}: {because}{next}")))?;
    }
    for doubt in paging::doubts(listing) {
        screen.line(&printable(&format!(
            "  doubt[{}]: {}",
            doubt.code, doubt.message
        )))?;
        if let Some(help) = &doubt.help {
            screen.line(&printable(&format!("    = help: {help}")))?;
        }
    }
    Ok(())
}

fn asked(page: &PageSaid, hide: &Hide) -> String {
    let records = counted(page.records as u64, "record");
    let size = match page.size {
        Some(size) => format!(" of at most {size}"),
        None => String::new(),
    };
    let line = format!(
        "  page {}: {records}{size}; {}",
        page.number,
        cut(&hide.text(&page.asked))
    );
    printable(&line).into_owned()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
