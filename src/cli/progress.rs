//! A running sync, told to whoever watches: a live line on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::sync::Event;

/// Tells events to standard error.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts telling; `quiet` tells nothing.
    pub fn start(quiet: bool) -> Self {
        let live = !quiet && std::io::stderr().is_terminal();
        let bar = live.then(|| {
            let style = ProgressStyle::with_template("{spinner} {prefix} {wide_msg} {elapsed}")
                .expect("the template is well-formed");
            let bar = ProgressBar::new_spinner().with_style(style);
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar }
    }

    /// Tells one event. Without a terminal, phases are logged instead.
    pub fn tell(&self, event: &Event) {
        match (event, &self.bar) {
            (Event::Phase { phase, number, of }, Some(bar)) => {
                bar.set_prefix(format!("[{number}/{of}] {phase}"));
            }
            (Event::Phase { phase, number, of }, None) => {
                tracing::info!(number, of, "{phase}");
            }
            (Event::Stored { pages, rows, .. }, Some(bar)) => {
                bar.set_message(format!("{pages} pages, {rows} rows"));
            }
            (Event::Stored { pages, rows, .. }, None) => tracing::debug!(pages, rows, "stored"),
            (Event::Begins { .. } | Event::Done { .. } | Event::Sealed, _) => {}
        }
    }

    /// Clears the live line.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
