//! What became of each statement of a change.

use super::super::outcome::{StepReport, StepState};
use super::super::planned::Sent;
use super::outline::Line;
use crate::source::sql::StatementView;

/// The longest beginning of a statement that is told.
const LONGEST: usize = 120;

/// The steps of a change in order, with their states.
pub(super) struct Ledger {
    entries: Vec<Entry>,
}

struct Entry {
    report: StepReport,
    /// Whether it is there to change something.
    changes: bool,
    /// Whether it can no longer be undone.
    kept: bool,
}

impl Ledger {
    /// Nothing was sent yet.
    pub(super) fn of(outline: &[Line]) -> Self {
        let entries = outline.iter().map(|line| {
            let sent = match &line.planned.sent {
                Sent::Statement(view) => beginning(view),
                Sent::Request(_) | Sent::Listing(_) => String::new(),
            };
            Entry::new(line.planned.step.clone(), sent, line.changes)
        });
        Self {
            entries: entries.collect(),
        }
    }

    /// Adds a step behind another one and those that were added there.
    pub(super) fn insert(&mut self, behind: &str, step: &str, view: &StatementView, changes: bool) {
        let within = |entry: &Entry| entry.report.step.starts_with(behind);
        let at = self.entries.iter().rposition(within);
        let at = at.map_or(self.entries.len(), |at| at + 1);
        let entry = Entry::new(step.to_owned(), beginning(view), changes);
        self.entries.insert(at, entry);
    }

    /// Notes what became of a step.
    pub(super) fn note(&mut self, step: &str, state: StepState, rows: Option<u64>) {
        let entry = self.entries.iter_mut();
        if let Some(entry) = entry.into_iter().find(|entry| entry.report.step == step) {
            entry.report.state = state;
            entry.report.rows = rows;
        }
    }

    /// What was done so far stays, whatever comes.
    pub(super) fn keep(&mut self) {
        for entry in self.done() {
            entry.kept = true;
        }
    }

    /// What was done and is not kept was undone.
    pub(super) fn undo(&mut self) {
        let did = |entry: &&mut Entry| !entry.kept && entry.report.rows != Some(0);
        for entry in self.done().filter(did) {
            entry.report.state = StepState::RolledBack;
        }
    }

    /// Nobody knows whether what was done and is not kept was kept after all.
    pub(super) fn leave_open(&mut self) {
        for entry in self.done().filter(|entry| !entry.kept) {
            entry.report.state = StepState::Unknown;
        }
    }

    /// There was nothing left to do for the statements that changed no row.
    pub(super) fn found_nothing_to_do(&mut self) {
        for entry in self.done() {
            if entry.report.rows == Some(0) {
                entry.report.state = StepState::AlreadySo;
            }
        }
    }

    /// The steps that changed something, or may have, and are not undone.
    pub(super) fn kept(&self) -> Vec<&str> {
        let kept = self.entries.iter().filter(|entry| {
            entry.kept && entry.report.rows != Some(0) && entry.report.state == StepState::Done
        });
        kept.map(|entry| entry.report.step.as_str()).collect()
    }

    /// The steps that were to change something and did not.
    pub(super) fn missing(&self) -> Vec<&str> {
        let missing = self
            .entries
            .iter()
            .filter(|entry| entry.changes && entry.report.state != StepState::Done);
        missing.map(|entry| entry.report.step.as_str()).collect()
    }

    /// The steps that were to change something and were never sent.
    pub(super) fn unsent(&self) -> Vec<&str> {
        let unsent = self
            .entries
            .iter()
            .filter(|entry| entry.changes && entry.report.state == StepState::NotSent);
        unsent.map(|entry| entry.report.step.as_str()).collect()
    }

    /// The reports.
    pub(super) fn into_reports(self) -> Vec<StepReport> {
        self.entries.into_iter().map(|entry| entry.report).collect()
    }

    fn done(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries
            .iter_mut()
            .filter(|entry| entry.changes && entry.report.state == StepState::Done)
    }
}

impl Entry {
    fn new(step: String, sent: String, changes: bool) -> Self {
        Self {
            report: StepReport {
                step,
                sent,
                state: StepState::NotSent,
                rows: None,
                status: None,
            },
            changes,
            kept: false,
        }
    }
}

/// The beginning of a statement, as one line.
fn beginning(view: &StatementView) -> String {
    let line = view.sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
