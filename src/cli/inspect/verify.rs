//! `inspect … verify`.

use chrono::Utc;
use serde::Serialize;

use super::render::{Format, Screen, name};
use super::view::SyncView;
use crate::c1z::audit::{self, Found};
use crate::c1z::{C1z, C1zError};
use crate::cli::Outcome;
use crate::cli::terminal::printable;
use crate::diagnostic::Severity;
use crate::model::{SyncId, SyncRun};

/// How much to check and to tell.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// Check every sync of the file, not only the one that is shown.
    #[arg(long, conflicts_with = "sync_id")]
    all_syncs: bool,
    /// How many examples to tell of each problem.
    #[arg(long, value_name = "N", default_value_t = 5)]
    examples: usize,
}

/// Everything that is wrong with a file.
#[derive(Serialize)]
struct VerifyView {
    /// `sound`, `warnings` or `errors`.
    verdict: &'static str,
    /// What is wrong with the file as such.
    findings: Vec<FoundView>,
    /// What is wrong with each sync that was checked.
    syncs: Vec<VerifiedView>,
}

#[derive(Serialize)]
struct VerifiedView {
    sync: SyncView,
    findings: Vec<FoundView>,
    /// Why some checks would say nothing of this sync, and which.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_checked: Option<NotCheckedView>,
    #[serde(skip)]
    run: SyncRun,
}

#[derive(Serialize)]
struct NotCheckedView {
    because: &'static str,
    codes: Vec<&'static str>,
}

#[derive(Serialize)]
struct FoundView {
    code: &'static str,
    severity: &'static str,
    #[serde(skip)]
    weight: Severity,
    meaning: &'static str,
    count: u64,
    examples: Vec<String>,
}

impl From<Found> for FoundView {
    fn from(found: Found) -> Self {
        Self {
            code: found.check.code,
            severity: found.check.severity.name(),
            weight: found.check.severity,
            meaning: found.check.meaning,
            count: found.count,
            examples: found.examples,
        }
    }
}

pub(super) fn run(
    args: &VerifyArgs,
    opened: Result<C1z, C1zError>,
    wanted: Option<&SyncId>,
    screen: &mut Screen,
) -> anyhow::Result<Outcome> {
    let (findings, syncs) = match opened {
        Ok(file) => verify(args, &file, wanted)?,
        Err(error) => match audit::unreadable(&error) {
            Some(found) => (vec![found.into()], Vec::new()),
            None => return Err(error.into()),
        },
    };
    let (verdict, outcome) = match worst(&findings, &syncs) {
        Some(Severity::Error) => ("errors", Outcome::Failed),
        Some(Severity::Warning) => ("warnings", Outcome::Partial),
        _ => ("sound", Outcome::Done),
    };
    let view = VerifyView {
        verdict,
        findings,
        syncs,
    };
    match screen.format {
        Format::Json => screen.json(&view)?,
        Format::Csv => screen.csv(
            &["sync_id", "severity", "code", "count", "example"],
            lines(&view).map(Ok),
        )?,
        Format::Table => text(&view, screen)?,
    }
    Ok(outcome)
}

fn worst(findings: &[FoundView], syncs: &[VerifiedView]) -> Option<Severity> {
    let of_syncs = syncs.iter().flat_map(|sync| &sync.findings);
    findings
        .iter()
        .chain(of_syncs)
        .map(|found| found.weight)
        .min()
}

fn verify(
    args: &VerifyArgs,
    file: &C1z,
    wanted: Option<&SyncId>,
) -> anyhow::Result<(Vec<FoundView>, Vec<VerifiedView>)> {
    let now = Utc::now();
    let findings = audit::verify_file(file, now, args.examples)?;
    let runs = match wanted {
        Some(_) => vec![file.sync(wanted)?.run().clone()],
        None => {
            // A list of runs that cannot be read is among the findings.
            let mut runs = file.runs().unwrap_or_default();
            if !args.all_syncs {
                runs.truncate(1);
            }
            runs
        }
    };
    let mut syncs = Vec::new();
    for run in runs {
        let verified = audit::verify_run(file, &run, now, args.examples)?;
        syncs.push(VerifiedView {
            sync: SyncView::from(&run),
            findings: verified.found.into_iter().map(Into::into).collect(),
            not_checked: verified
                .skipped
                .map(|(codes, because)| NotCheckedView { because, codes }),
            run,
        });
    }
    Ok((findings.into_iter().map(Into::into).collect(), syncs))
}

fn text(view: &VerifyView, screen: &mut Screen) -> anyhow::Result<()> {
    for found in &view.findings {
        tell(found, screen)?;
    }
    for sync in &view.syncs {
        screen.line(&name(&sync.run))?;
        for found in &sync.findings {
            tell(found, screen)?;
        }
        if let Some(NotCheckedView { because, codes }) = &sync.not_checked {
            screen.line(&format!(
                "  not checked, as {because}: {}",
                codes.join(", ")
            ))?;
        }
    }
    let of = |severity| {
        let syncs = view.syncs.iter().flat_map(|sync| &sync.findings);
        let all = view.findings.iter().chain(syncs);
        all.filter(|found| found.weight == severity).count()
    };
    let counts = [Severity::Error, Severity::Warning, Severity::Note]
        .map(|severity| (of(severity), severity.name()))
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
        .collect::<Vec<_>>();
    let counts = match counts.is_empty() {
        true => String::new(),
        false => format!(" ({})", counts.join(", ")),
    };
    let verdict = match view.verdict {
        "errors" => "NOT sound",
        "warnings" => "sound, but look at the warnings",
        _ => "sound",
    };
    screen.line(&format!("{verdict}{counts}"))
}

fn tell(found: &FoundView, screen: &mut Screen) -> anyhow::Result<()> {
    let FoundView {
        code,
        severity,
        meaning,
        count,
        ..
    } = found;
    screen.line(&format!("  {severity}[{code}]: {count} ×"))?;
    screen.line(&format!("    {meaning}"))?;
    for example in &found.examples {
        screen.line(&format!("    - {}", printable(example)))?;
    }
    let more = found.count.saturating_sub(found.examples.len() as u64);
    match (more, found.examples.is_empty()) {
        (0, _) | (_, true) => Ok(()),
        (more, false) => screen.line(&format!("    … {more} more")),
    }
}

/// One line per example, and one for a finding that has none.
fn lines(view: &VerifyView) -> impl Iterator<Item = Vec<String>> + '_ {
    let of_file = view.findings.iter().map(|found| ("", found));
    let of_syncs = view.syncs.iter().flat_map(|sync| {
        sync.findings
            .iter()
            .map(|found| (sync.sync.id.as_str(), found))
    });
    of_file.chain(of_syncs).flat_map(|(sync_id, found)| {
        let mut examples = found.examples.clone();
        if examples.is_empty() {
            examples.push(String::new());
        }
        examples.into_iter().map(move |example| {
            vec![
                sync_id.to_owned(),
                found.severity.to_owned(),
                found.code.to_owned(),
                found.count.to_string(),
                example,
            ]
        })
    })
}
