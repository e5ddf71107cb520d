//! A dry run and an outcome, for people and for programs.

use std::io::{self, Write};

use serde_json::json;

use crate::cli::terminal::printable;
use crate::provision::{Outcome, PlannedStep, Sent, StepReport, StepState, Subject, Verdict};

/// What would be sent, for people.
pub(super) fn dry_run(
    (operation, subject): (&str, &Subject),
    steps: &[PlannedStep],
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}: nothing is sent", title(operation, subject))?;
    for step in steps {
        writeln!(out, "\n{}", step.step)?;
        let sent = match &step.sent {
            Sent::Statement(statement) => statement.to_string(),
            Sent::Request(request) => request.curl(),
            Sent::Listing(listing) => listing.clone(),
        };
        for line in sent.lines() {
            writeln!(out, "    {}", printable(line))?;
        }
        writeln!(out, "  → {}", step.expects)?;
    }
    Ok(())
}

/// What would be sent, for programs.
pub(super) fn dry_run_json(
    (operation, subject): (&str, &Subject),
    steps: &[PlannedStep],
    out: &mut dyn Write,
) -> io::Result<()> {
    let shown = json!({
        "operation": operation,
        "subject": subject,
        "dry_run": true,
        "steps": steps,
    });
    writeln!(out, "{}", serde_json::to_string_pretty(&shown)?)
}

/// What became of a change, for people.
pub(super) fn outcome(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let verdict = match outcome.verdict {
        Verdict::Made => "MADE",
        Verdict::AlreadySo => "ALREADY SO",
        Verdict::Refused => "REFUSED",
        Verdict::WrongRows => "WRONG NUMBER OF ROWS",
        Verdict::Failed => "FAILED, nothing was changed",
        Verdict::HalfDone => "HALF DONE",
        Verdict::Unclear => "UNCLEAR",
    };
    let title = title(outcome.operation, &outcome.subject);
    writeln!(out, "{title}: {verdict}")?;
    // What the verdict says already needs no sentence.
    if !["made", "it was so already"].contains(&outcome.message.as_str()) {
        writeln!(out, "  {}", printable(&outcome.message))?;
    }
    for step in &outcome.steps {
        writeln!(out, "  {}", printable(&line(step)))?;
    }
    for annotation in &outcome.annotations {
        let shown = serde_json::to_value(annotation)?;
        let fields = shown.as_object().into_iter().flatten();
        let fields: Vec<_> = fields
            .map(|(_, value)| value.as_str().unwrap_or_default().to_owned())
            .collect();
        writeln!(out, "  {}", printable(&fields.join(": ")))?;
    }
    if let Some(result) = &outcome.result {
        writeln!(out, "{}", serde_json::to_string_pretty(result)?)?;
    }
    Ok(())
}

/// What became of a change, for programs.
pub(super) fn outcome_json(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", serde_json::to_string_pretty(outcome)?)
}

/// `grant team:1:member, team/1, user/7`.
fn title(operation: &str, subject: &Subject) -> String {
    let named: Vec<_> = subject
        .iter()
        .map(|(name, value)| format!("{name} {}", printable(value)))
        .collect();
    format!("{operation} {}", named.join(", "))
}

fn line(step: &StepReport) -> String {
    let state = match step.state {
        StepState::Done => "done",
        StepState::AlreadySo => "nothing left to do",
        StepState::RolledBack => "rolled back",
        StepState::Failed => "failed",
        StepState::Unknown => "sent, without an answer",
        StepState::NotSent => "not sent",
    };
    let mut line = format!("{}: {state}", step.step);
    if let Some(rows) = step.rows {
        line.push_str(&format!(", {rows} row{}", if rows == 1 { "" } else { "s" }));
    }
    if let Some(status) = step.status {
        line.push_str(&format!(", {status}"));
    }
    line
}
