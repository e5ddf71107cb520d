//! `validate --online`: a file that was checked → what its system says of it.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::report::counted;
use super::signals;
use super::stderr;
use super::terminal::printable;
use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::Plan;
use crate::preview::online::{Online, check};

/// Asks the system of a file about it. What could not be asked is told on standard error.
pub(super) fn ask(plan: Plan, file: &Path, strict: bool) -> anyhow::Result<Vec<Diagnostic>> {
    let source = plan.source.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let cancel = CancellationToken::new();
    let asked = runtime.block_on(async {
        let signals = tokio::spawn(signals::stop(cancel.clone(), || {
            stderr::say("stopping after the listing under way; once more to stop at once");
        }));
        let asked = check(plan, cancel).await;
        source.close().await;
        signals.abort();
        asked
    });
    let Online {
        mut found,
        statements,
        listings,
        unchecked,
    } = asked?;
    let mut said = vec![counted(listings as u64, "listing") + " called"];
    if statements > 0 {
        said.insert(0, counted(statements as u64, "statement") + " looked at");
    }
    stderr::say(&format!("{}: {}", file.display(), said.join(", ")));
    for (what, why) in &unchecked {
        stderr::say(&printable(&format!("  not looked at: `{what}`: {why}")));
    }
    let warnings = found
        .iter_mut()
        .filter(|it| it.severity == Severity::Warning);
    for warning in warnings.filter(|_| strict) {
        warning.severity = Severity::Error;
    }
    Ok(found)
}
