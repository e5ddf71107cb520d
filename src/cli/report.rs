//! What people are told: diagnostics, failures and summaries.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use super::terminal::printable;
use crate::diagnostic::{Diagnostic, Severity, render_text};
use crate::sync::{Report, Verdict};

/// Whether standard error shows colours: on a terminal, unless `NO_COLOR` is set.
pub(crate) fn colour_on_stderr() -> bool {
    std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether standard output shows colours.
pub(crate) fn colour_on_stdout() -> bool {
    std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A failure and its causes, one per line.
pub(crate) fn failure(error: &anyhow::Error) -> String {
    let causes = causes(error);
    let mut shown = format!("error: {}", printable(&causes[0]));
    for cause in &causes[1..] {
        shown.push_str(&format!("\n  caused by: {}", printable(cause)));
    }
    shown
}

/// A failure and its causes. Wrappers that only pass their cause on say the same thing twice: once is
/// enough.
pub(super) fn causes(error: &anyhow::Error) -> Vec<String> {
    let mut causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.dedup();
    causes
}

/// Writes diagnostics with a line between them, then a line that counts them.
pub(crate) fn diagnostics(
    found: &[Diagnostic],
    colour: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    excerpts(found, colour, out)?;
    if !found.is_empty() {
        writeln!(out, "{}", tally(found))?;
    }
    Ok(())
}

/// Writes diagnostics with a line after each.
pub(crate) fn excerpts(
    found: &[Diagnostic],
    colour: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    for diagnostic in found {
        writeln!(out, "{}\n", render_text(diagnostic, colour))?;
    }
    Ok(())
}

/// How many errors, warnings and notes there are, in words.
pub(crate) fn tally(found: &[Diagnostic]) -> String {
    let count = |severity| {
        found
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    };
    let parts = [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Note, "note"),
    ];
    let words: Vec<String> = parts
        .into_iter()
        .map(|(severity, word)| (count(severity), word))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}{}", if number == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() {
        "no problems".to_owned()
    } else {
        words.join(", ")
    }
}

/// `1 grant`, `2 grants`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// How many partial listings are named.
const LISTINGS: usize = 10;

/// The end of a sync, for people.
pub(crate) fn summary(report: &Report, output: &str, out: &mut dyn Write) -> std::io::Result<()> {
    let counts = &report.counts;
    let verdict = match report.verdict {
        Verdict::Complete => "complete",
        Verdict::Partial => "PARTIAL: something may be missing",
    };
    let asked = match report.kind.as_str() {
        "full" => "",
        "resources_only" => " (resources only, as asked)",
        _ => " (of what was asked for, not of the whole system)",
    };
    writeln!(out, "{output}: {verdict}{asked}")?;
    writeln!(
        out,
        "  {}, {}, {}, {}",
        counted(counts.resource_types, "resource type"),
        counted(counts.resources, "resource"),
        counted(counts.entitlements, "entitlement"),
        counted(counts.grants, "grant")
    )?;
    if let Some(matched) = &report.derived.external {
        writeln!(
            out,
            "  {} of the other system, {} for {}",
            counted(matched.principals, "principal"),
            counted(matched.made, "grant"),
            counted(matched.stand_ins, "stand-in"),
        )?;
    }
    if let Some(expanded) = &report.derived.expansion
        && expanded.expandable > 0
    {
        writeln!(
            out,
            "  {} derived from {}",
            counted(expanded.created, "grant"),
            counted(expanded.expandable, "expandable grant"),
        )?;
    }
    let waited = Duration::from_millis(
        report.cost.rate_limit_wait_ms + report.cost.retry_wait_ms + report.cost.job_wait_ms,
    );
    if report.cost.retries > 0 || waited >= Duration::from_secs(1) {
        let again = counted(report.cost.retries, "request");
        let waited = waited.as_secs();
        writeln!(out, "  {again} sent again, {waited} s waited")?;
    }
    let partial = report
        .listings
        .iter()
        .filter(|listing| listing.tally.partial);
    for listing in partial.clone().take(LISTINGS) {
        writeln!(out, "  partial: {}", listing.name)?;
    }
    let more = partial.count().saturating_sub(LISTINGS);
    if more > 0 {
        writeln!(out, "  partial: {more} more")?;
    }
    for (code, finding) in report.findings.iter() {
        let weight = if finding.partial {
            "partial"
        } else {
            "warning"
        };
        writeln!(out, "  {weight}[{code}]: {} ×", finding.count)?;
        for example in &finding.examples {
            writeln!(out, "    {}", printable(example))?;
        }
    }
    Ok(())
}
