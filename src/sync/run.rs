//! The lifecycle: phases in order, listings side by side, every page stored with the checkpoint that
//! follows it.

use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::checkpoint::Checkpoint;
use super::event::{Event, ListingName, Phase};
use super::report::Report;
use super::scope::{Reach, Scope};
use super::step::{Lane, lanes};
use super::store::Store;
use super::{PageFacts, RowPosition, SyncError, SyncSink, Watcher};
use crate::plan::Plan;
use crate::source::Meter;
use crate::span;

/// How a sync runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// What it covers.
    pub scope: Scope,
    /// Listings side by side.
    pub concurrency: Concurrency,
    /// Counts what is asked of the system.
    pub meter: Arc<Meter>,
    /// Asks the run to stop: pages under way are stored, then it ends as interrupted.
    pub cancel: CancellationToken,
    /// Who looks on, and says when enough was seen.
    pub watcher: Option<Arc<dyn Watcher>>,
}

/// How many listings run side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concurrency {
    /// In every phase that says nothing else.
    pub usual: usize,
    /// In single phases.
    pub phases: Vec<(Phase, usize)>,
}

impl Concurrency {
    /// As many in every phase.
    pub fn of(usual: usize) -> Self {
        Self {
            usual,
            phases: Vec::new(),
        }
    }

    /// As many as there are in some phase.
    pub fn most(&self) -> usize {
        let phases = self.phases.iter().map(|(_, listings)| *listings);
        phases.fold(self.usual, usize::max).max(1)
    }

    pub(super) fn in_phase(&self, phase: Phase) -> usize {
        let said = self.phases.iter().find(|(of, _)| *of == phase);
        said.map_or(self.usual, |(_, listings)| *listings).max(1)
    }
}

/// Tells runs apart that must not be mixed: a run goes on only under the fingerprint it began with.
pub fn fingerprint(plan: &Plan, scope: &Scope) -> String {
    format!(
        "{}-{}{}",
        Checkpoint::VERSION,
        plan.fingerprint,
        scope.fingerprint()
    )
}

/// Connects to the system: what a sync does first, so that a wrong password costs nothing else.
pub async fn connect(plan: &Plan) -> Result<(), SyncError> {
    plan.source
        .check()
        .await
        .map_err(|source| SyncError::Connect {
            system: plan.app_name.clone(),
            source: Box::new(source),
        })
}

/// Runs a sync of a connected system to its end and seals it. A sink that holds a checkpoint is
/// resumed from there. The system stays connected: who has more to ask of it need not connect anew.
pub async fn run<S: SyncSink + 'static>(
    plan: Arc<Plan>,
    sink: S,
    options: Options,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<(Report, S), SyncError> {
    let store = Store::new(sink);
    let stored = store.read(|sink| sink.checkpoint()).await?;
    let checkpoint = stored.as_deref().and_then(Checkpoint::parse);
    let resumed = checkpoint.is_some();
    let reach = Arc::new(Reach::of(&options.scope, &plan));
    let lanes = lanes(&plan, &reach);
    let mut phases: Vec<Phase> = lanes.iter().map(|lane| lane.step.phase()).collect();
    phases.dedup();
    let mut run = Run {
        lanes,
        reach,
        plan,
        store,
        options,
        checkpoint: checkpoint.unwrap_or_else(Checkpoint::start),
        resumed,
        began: Instant::now(),
        watch,
    };
    run.begin_again().await?;
    run.announce();
    for (at, phase) in phases.iter().enumerate() {
        if *phase < run.checkpoint.phase {
            continue;
        }
        run.enter(*phase).await?;
        (run.watch)(Event::Phase {
            phase: *phase,
            number: at + 1,
            of: phases.len() + 1,
        });
        let span = tracing::info_span!(target: span::TARGET, "phase", otel.name = phase.as_str());
        run.phase().instrument(span).await?;
    }
    run.enter(Phase::Settling).await?;
    (run.watch)(Event::Phase {
        phase: Phase::Settling,
        number: phases.len() + 1,
        of: phases.len() + 1,
    });
    let span = tracing::info_span!(
        target: span::TARGET,
        "phase",
        otel.name = Phase::Settling.as_str()
    );
    run.finish().instrument(span).await
}

/// A sync under way.
pub(super) struct Run<'w, S> {
    pub plan: Arc<Plan>,
    pub reach: Arc<Reach>,
    pub store: Store<S>,
    pub options: Options,
    pub lanes: Vec<Lane>,
    pub checkpoint: Checkpoint,
    /// True when it goes on from an interrupted one.
    pub resumed: bool,
    /// When this process began, or when the present phase did.
    pub began: Instant,
    pub watch: &'w (dyn Fn(Event) + Sync),
}

impl<S: SyncSink + 'static> Run<'_, S> {
    /// Forgets what an earlier process found in answers that it did not see the end of.
    async fn begin_again(&mut self) -> Result<(), SyncError> {
        let mut begun = false;
        for progress in self.checkpoint.lanes.values_mut() {
            progress.unsettled.clear();
            begun |= progress.cursors.values().any(|cursor| cursor.begun);
        }
        match begun {
            true => self.note_again().await,
            false => Ok(()),
        }
    }

    pub(super) async fn note_again(&self) -> Result<(), SyncError> {
        let since = RowPosition(self.checkpoint.grants_before);
        self.store.write(move |sink| sink.note_again(since)).await?;
        Ok(())
    }

    fn announce(&self) {
        let listings = self.lanes.iter().map(|lane| {
            let type_index = lane.step.type_index();
            let of_type = type_index.map(|index| &self.plan.types[index].resource_type);
            ListingName {
                phase: lane.step.phase(),
                resource_type: of_type.map(|it| it.id.0.clone()),
                name: lane.step.describe(&self.plan),
            }
        });
        (self.watch)(Event::Begins {
            listings: listings.collect(),
            resumed: self.resumed,
        });
    }

    /// Goes on to a phase, unless an earlier process was in it already.
    async fn enter(&mut self, phase: Phase) -> Result<(), SyncError> {
        self.note_time();
        if self.checkpoint.phase == phase {
            return Ok(());
        }
        let newest = self.store.read(|sink| sink.newest_grant()).await?;
        self.checkpoint.enter(phase, newest.0);
        self.commit(PageFacts::default(), true).await
    }

    /// Counts the time since this was last called for the present phase.
    pub(super) fn note_time(&mut self) {
        let passed = self.began.elapsed();
        self.began = Instant::now();
        let spent = self
            .checkpoint
            .phase_ms
            .entry(self.checkpoint.phase)
            .or_default();
        *spent += u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
    }
}
