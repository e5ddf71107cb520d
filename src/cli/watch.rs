//! Everyone who watches a sync from outside: people, by its progress, and their tools.

use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::progress::{Progress, Shown};
use crate::source::Meter;
use crate::sync::Event;

/// Who is told of a running sync, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct WatchArgs {
    /// How to tell on standard error how far the sync is.
    #[arg(
        long,
        value_name = "HOW",
        env = "ROLECALL_PROGRESS",
        value_enum,
        default_value_t = Shown::Auto
    )]
    progress: Shown,
    /// Do not tell how far the sync is; the same as `--progress none`.
    #[arg(short, long)]
    quiet: bool,
}

/// A sync that is watched.
pub(super) struct Watch {
    meter: Arc<Meter>,
    progress: Progress,
}

impl Watch {
    /// Starts watching a sync that writes `output`.
    pub fn start(args: &WatchArgs, output: &Path) -> Self {
        let meter = Meter::new();
        let shown = match args.quiet {
            true => Shown::None,
            false => args.progress,
        };
        Self {
            progress: Progress::start(shown, output, &meter),
            meter,
        }
    }

    /// Counts what the sync asks.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Hears of an event.
    pub fn hear(&self, event: &Event) {
        self.progress.hear(event);
    }
}
