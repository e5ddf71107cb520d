//! A change of any kind, ready to be shown or made.

use std::io;

use crate::cli::inspect::view::ResourceView;
use crate::provision::{
    Invocation, Journal, Making, Outcome, PlannedStep, Prepared, RunOptions, Subject,
};
use crate::source::SourceError;

/// A change of any kind.
pub(super) enum Readied<'p> {
    /// Somebody gains or loses something.
    Held(Prepared<'p>),
    /// Something comes to be, goes, or gets a password.
    Made(Making<'p>),
    /// An action runs.
    Act(Invocation<'p>),
}

impl Readied<'_> {
    /// The operation, and what it is about.
    pub fn title(&self) -> (&'static str, &Subject) {
        match self {
            Readied::Held(change) => (change.operation, &change.subject),
            Readied::Made(change) => (change.change.operation, &change.change.subject),
            Readied::Act(change) => (change.prepared.operation, &change.prepared.subject),
        }
    }

    /// Asks the system afterwards until it shows the change.
    pub fn read_back(&mut self) {
        match self {
            Readied::Held(change) => change.timing.after = true,
            // What comes to be is asked for anyway, and of an action nobody knows what it leaves.
            Readied::Made(_) | Readied::Act(_) => {}
        }
    }

    /// What would be sent.
    pub async fn plan(&self) -> Result<Vec<PlannedStep>, SourceError> {
        match self {
            Readied::Held(change) => change.plan().await,
            Readied::Made(change) => change.change.plan().await,
            Readied::Act(change) => change.prepared.plan().await,
        }
    }

    /// Makes the change.
    pub async fn run(self, journal: &mut dyn Journal, options: RunOptions) -> io::Result<Outcome> {
        match self {
            Readied::Held(change) => Ok(change.run(journal, options).await?.outcome),
            Readied::Act(change) => Ok(change.run(journal, options).await?.outcome),
            Readied::Made(change) => {
                let made = change.run(journal, options).await?;
                let result = made.result(|resource| {
                    serde_json::to_value(ResourceView::from(resource)).unwrap_or_default()
                });
                let mut outcome = made.finished.outcome;
                outcome.result = result;
                Ok(outcome)
            }
        }
    }
}
