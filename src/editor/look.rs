//! A listing of an open file → its first records, asked for by whoever writes it: never by itself.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::file::{File, Listing};
use super::records::Previews;
use crate::causes::in_one_line;
use crate::config::{self, ProcessEnvironment};
use crate::diagnostic::{Diagnostic, Severity, SourceFile};
use crate::expr::Value;
use crate::plan::{self, Check, Purpose};
use crate::preview::{Secrets, Wanted, What, preview};

/// So many records are kept.
const KEPT: usize = 200;

/// Asks the system, and keeps what it brings in memory. Returns a sentence about it, or why nothing
/// came.
pub(super) fn look(file: &File, listing: &Listing, previews: &Previews) -> Result<String, String> {
    let (records, failure) = ask(file, listing)?;
    let (count, name) = (
        records.len(),
        format!("`{}.{}`", listing.resource_type, listing.section),
    );
    if let Some(failure) = failure.filter(|_| records.is_empty()) {
        return Err(format!("the preview of {name} failed: {failure}"));
    }
    previews.keep(&file.path, listing.clone(), records);
    Ok(match count {
        0 => format!("{name} brought no records"),
        1 => {
            format!("{name} brought a record: hover over an expression to see what it makes of it")
        }
        _ => format!(
            "{name} brought {count} records: hover over an expression to see what it makes of them"
        ),
    })
}

type Seen = (Vec<Value>, Option<String>);

fn ask(file: &File, listing: &Listing) -> Result<Seen, String> {
    let secrets = Secrets::default();
    let environment = secrets.environment(&ProcessEnvironment);
    let how = Check {
        environment: &environment,
        unset_variable: Severity::Error,
        strict: false,
        purpose: Purpose::Sync,
    };
    let source = SourceFile::new(&file.path, file.text());
    let (plan, found) = plan::check(config::load_text(source), how);
    let Some(plan) = plan else {
        let first = found.iter().find(|it| it.severity == Severity::Error);
        return Err(first.map_or_else(|| "the file cannot be run".to_owned(), told));
    };
    let what = match listing.section.as_str() {
        "entitlements" => What::Entitlements,
        "grants" => What::Grants,
        _ => What::Resources,
    };
    let wanted = Wanted::first_page(listing.resource_type.as_str(), what);
    let hide = secrets.of(&plan);
    let source = plan.source.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let seen = runtime.block_on(async {
        let seen = preview(plan, &wanted, CancellationToken::new()).await;
        source.close().await;
        seen
    });
    let seen = seen.map_err(|error| in_one_line(&error))?;
    let wanted = seen.listings.iter();
    let wanted = wanted.filter(|it| it.is_wanted && it.entry == listing.entry);
    let records = wanted.flat_map(|it| it.records());
    let records = records
        .take(KEPT)
        .map(|record| hide.value(record))
        .collect();
    let failure = seen.failure.map(|error| hide.text(&in_one_line(&error)));
    Ok((records, failure))
}

fn told(diagnostic: &Diagnostic) -> String {
    let at = diagnostic.at.as_ref();
    let line = at.map_or(String::new(), |at| format!("line {}: ", at.line_column().0));
    format!("the file cannot be run: {line}{}", diagnostic.message)
}

/// Looks on a thread of its own, and tells `done` what came of it.
pub(super) fn start(
    file: Arc<File>,
    listing: Listing,
    previews: Arc<Previews>,
    done: impl FnOnce(Result<String, String>) + Send + 'static,
) -> std::io::Result<()> {
    let look = move || done(look(&file, &listing, &previews));
    let thread = std::thread::Builder::new().name("preview".to_owned());
    thread.spawn(look).map(|_| ())
}
