//! Everyone who watches a sync from outside: people, by its progress, and their tools.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tracing::{Instrument as _, Span};

use super::metrics::Metrics;
use super::progress::{Progress, Shown};
use super::traces::Traces;
use crate::c1z::Stats;
use crate::source::Meter;
use crate::span;
use crate::sync::{Event, Report};

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
    /// Send traces to this OpenTelemetry collector, by OTLP over HTTP, for example
    /// `http://localhost:4318`. The variables of OpenTelemetry, such as
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`, do the same.
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// Write the sync in numbers to this file, for the textfile collector of Prometheus' node
    /// exporter: every 10 seconds, and at the end, also of a sync that fails.
    #[arg(long, value_name = "FILE.prom", env = "ROLECALL_METRICS_FILE")]
    metrics_file: Option<PathBuf>,
}

impl WatchArgs {
    /// What sends traces, where they are wanted.
    pub(super) fn traces(&self) -> anyhow::Result<Option<Traces>> {
        Traces::start(self.otlp_endpoint.as_deref())
    }
}

/// A sync that is watched.
pub(super) struct Watch {
    meter: Arc<Meter>,
    span: Span,
    progress: Progress,
    metrics: Option<Metrics>,
}

impl Watch {
    /// Starts watching a sync of a system that writes `output`.
    pub fn start(args: &WatchArgs, system: &str, output: &Path) -> Self {
        let meter = Meter::new();
        let shown = match args.quiet {
            true => Shown::None,
            false => args.progress,
        };
        let metrics = args.metrics_file.as_deref();
        Self {
            metrics: metrics.map(|file| Metrics::start(file, system, &meter)),
            progress: Progress::start(shown, output, &meter),
            span: tracing::info_span!(
                target: span::TARGET,
                "sync",
                rolecall.connector = system
            ),
            meter,
        }
    }

    /// Counts what is asked of the system.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Runs a part of the sync: what it asks is counted, and what it does is traced.
    pub async fn part<F: Future>(&self, name: &'static str, part: F) -> F::Output {
        let span = self.span_of(name);
        self.meter.measure(part).instrument(span).await
    }

    /// The span of a part of the sync.
    pub fn span_of(&self, name: &'static str) -> Span {
        tracing::info_span!(target: span::TARGET, parent: &self.span, "part", otel.name = name)
    }

    /// Hears of an event.
    pub fn hear(&self, event: &Event) {
        self.progress.hear(event);
        if let Some(metrics) = &self.metrics {
            metrics.hear(event);
        }
    }

    /// Notes what came of the sync. One that is not said to be done has failed.
    pub fn done(&self, report: &Report, stats: &Stats) {
        if let Some(metrics) = &self.metrics {
            metrics.done(report, stats);
        }
    }
}
