//! The lifecycle: steps in order, listings side by side, every page stored with the checkpoint
//! that follows it.

use std::sync::Arc;

use chrono::Utc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::checkpoint::{Checkpoint, Cursor};
use super::event::{Event, ListingName};
use super::listing::{Arrival, Listing};
use super::page::{MappedPage, Subject};
use super::report::{Doubts, Report};
use super::shared::with_parent;
use super::step::{Step, Subjects, steps};
use super::store::Store;
use super::under_way::UnderWay;
use super::{PageFacts, RowPosition, Settled, SyncError, SyncSink};
use crate::plan::Plan;
use crate::source::{Meter, PageToken};
use crate::span;

/// How a sync runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Listings side by side, at least 1.
    pub concurrency: usize,
    /// Asks the run to stop: pages under way are stored, then it ends as interrupted.
    pub cancel: CancellationToken,
}

/// Tells runs apart that must not be mixed: a run goes on only under the fingerprint it began with.
pub fn fingerprint(plan: &Plan) -> String {
    format!("{}-{}", Checkpoint::VERSION, plan.fingerprint)
}

/// Subjects that may be open or finished ahead of the oldest open one: bounds the checkpoint.
const WINDOW: usize = 128;
/// Subjects read from the store at a time.
const SUBJECTS: usize = 64;
/// The subject of a step that runs once.
const ONCE: i64 = 0;

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
/// resumed from there.
pub async fn run<S: SyncSink + 'static>(
    plan: Arc<Plan>,
    sink: S,
    options: Options,
    watch: &dyn Fn(Event),
) -> Result<(Report, S), SyncError> {
    let store = Store::new(sink);
    let stored = store.read(|sink| sink.checkpoint()).await?;
    let checkpoint = stored.as_deref().and_then(Checkpoint::parse);
    let resumed = checkpoint.is_some();
    let mut run = Run {
        steps: steps(&plan),
        plan,
        store,
        options,
        checkpoint: checkpoint.unwrap_or_else(Checkpoint::start),
        pages: 0,
        watch,
    };
    run.begin_again().await?;
    run.announce(resumed);
    while run.checkpoint.step < run.steps.len() {
        let phase = run.steps[run.checkpoint.step].phase().as_str();
        let span = tracing::info_span!(target: span::TARGET, "phase", otel.name = phase);
        run.step().instrument(span).await?;
    }
    run.finish(resumed).await
}

struct Run<'w, S> {
    plan: Arc<Plan>,
    store: Store<S>,
    options: Options,
    steps: Vec<Step>,
    checkpoint: Checkpoint,
    pages: u64,
    watch: &'w dyn Fn(Event),
}

impl<S: SyncSink + 'static> Run<'_, S> {
    /// Forgets what an earlier process found in answers that it did not see the end of.
    async fn begin_again(&mut self) -> Result<(), SyncError> {
        let progress = &mut self.checkpoint.progress;
        progress.unsettled.clear();
        match progress.cursors.values().any(|cursor| cursor.begun) {
            true => self.note_again().await,
            false => Ok(()),
        }
    }

    fn announce(&self, resumed: bool) {
        let listings = self.steps.iter().map(|step| ListingName {
            phase: step.phase(),
            resource_type: step
                .type_index()
                .map(|index| self.plan.types[index].resource_type.id.0.clone()),
            name: step.describe(&self.plan),
        });
        (self.watch)(Event::Begins {
            listings: listings.collect(),
            resumed,
        });
    }

    async fn note_again(&self) -> Result<(), SyncError> {
        let since = RowPosition(self.checkpoint.progress.grants_before);
        self.store.write(move |sink| sink.note_again(since)).await?;
        Ok(())
    }

    async fn step(&mut self) -> Result<(), SyncError> {
        let step = self.steps[self.checkpoint.step];
        (self.watch)(Event::Phase {
            phase: step.phase(),
            number: self.checkpoint.step + 1,
            of: self.steps.len(),
        });
        let subjects = step.subjects(&self.plan);
        let done_to = self.checkpoint.progress.done_to;
        let mut under_way = UnderWay::new(done_to, self.options.concurrency.max(1));
        let listed = self.list_all(step, &subjects, &mut under_way).await;
        // Whoever gives up must leave nothing behind that still holds the store.
        under_way.tasks.shutdown().await;
        self.store.settle().await;
        listed?;
        if self.options.cancel.is_cancelled() {
            return Err(SyncError::Interrupted);
        }
        let newest = self.store.read(|sink| sink.newest_grant()).await?;
        let listing = self.checkpoint.step;
        self.checkpoint.advance(newest.0);
        self.commit(PageFacts::default(), false).await?;
        (self.watch)(Event::Done { listing });
        Ok(())
    }

    /// Runs the listings of a step until none is left, or until the run is asked to stop.
    async fn list_all(
        &mut self,
        step: Step,
        subjects: &Subjects,
        under_way: &mut UnderWay,
    ) -> Result<(), SyncError> {
        loop {
            if !self.options.cancel.is_cancelled() {
                self.begin(step, subjects, under_way).await?;
            }
            if under_way.running.is_empty() {
                return Ok(());
            }
            let arrivals = under_way.arrivals().await;
            self.store_arrivals(arrivals, under_way).await?;
        }
    }

    /// Begins listings until as many are under way as may be.
    async fn begin(
        &mut self,
        step: Step,
        subjects: &Subjects,
        under_way: &mut UnderWay,
    ) -> Result<(), SyncError> {
        while under_way.running.len() < self.options.concurrency.max(1) {
            let ahead = under_way.open.len() + self.checkpoint.progress.finished.len();
            if ahead >= WINDOW && !under_way.running.is_empty() {
                return Ok(());
            }
            if under_way.waiting.is_empty() {
                if under_way.exhausted {
                    return Ok(());
                }
                self.read_subjects(step, subjects, under_way).await?;
                continue;
            }
            let Some((position, subject)) = under_way.waiting.pop_front() else {
                return Ok(());
            };
            under_way.newest = under_way.newest.max(Some(position));
            if !self.checkpoint.progress.is_finished(position) {
                self.list(step, position, subject, under_way);
            }
        }
        Ok(())
    }

    async fn read_subjects(
        &mut self,
        step: Step,
        subjects: &Subjects,
        under_way: &mut UnderWay,
    ) -> Result<(), SyncError> {
        let resource_type = match subjects {
            Subjects::Once => {
                under_way.waiting.push_back((ONCE, None));
                under_way.exhausted = true;
                return Ok(());
            }
            Subjects::PerResource(resource_type) => resource_type.clone(),
        };
        let after = under_way.newest.map(RowPosition);
        // A listing of children runs for its parent, whose own parent is not asked for.
        let with_parents = !matches!(step, Step::Resources { .. });
        let read = self
            .store
            .read(move |sink| {
                let resources = sink.resources_after(&resource_type, after, SUBJECTS)?;
                let subjects = resources.into_iter().map(|(position, resource)| {
                    let subject = match with_parents {
                        true => with_parent(resource, sink)?,
                        false => Subject {
                            resource: Arc::new(resource),
                            parent: None,
                        },
                    };
                    Ok((position.0, Some(Arc::new(subject))))
                });
                subjects.collect::<Result<Vec<_>, _>>()
            })
            .await?;
        under_way.exhausted = read.len() < SUBJECTS;
        under_way.waiting.extend(read);
        Ok(())
    }

    /// Begins a listing, where an earlier process left it.
    fn list(
        &self,
        step: Step,
        position: i64,
        subject: Option<Arc<Subject>>,
        under_way: &mut UnderWay,
    ) {
        let cursor = self.checkpoint.progress.cursors.get(&position);
        if cursor.is_some_and(|cursor| cursor.begun) {
            under_way.again.insert(position);
        }
        under_way.open.insert(position);
        under_way.running.insert(position);
        let listing = Listing {
            plan: self.plan.clone(),
            step,
            store: self.store.clone(),
            position,
            subject,
            token: cursor
                .and_then(|cursor| cursor.token.as_ref())
                .map(PageToken::new),
            arrivals: under_way.sender.clone(),
            cancel: self.options.cancel.clone(),
        };
        let meter = Meter::here();
        let span = listing.span();
        let run = async move { meter.measure(listing.run()).await }.instrument(span);
        under_way.tasks.spawn(run);
    }

    /// Stores pages in one transaction. The pages beside a failure are good: they are stored before
    /// the run gives up.
    async fn store_arrivals(
        &mut self,
        arrivals: Vec<(i64, Arrival)>,
        under_way: &mut UnderWay,
    ) -> Result<(), SyncError> {
        let mut facts = PageFacts::default();
        let mut failure = None;
        let mut again = false;
        let (mut pages, mut records) = (0, 0);
        for (position, arrival) in arrivals {
            let mut mapped = match arrival {
                Arrival::Page(mapped) => mapped,
                Arrival::Again { whole } => {
                    // What came until now is stored first: it is what comes again.
                    self.commit(std::mem::take(&mut facts), again).await?;
                    self.note_again().await?;
                    if whole {
                        self.checkpoint.progress.unsettled.remove(&position);
                    }
                    under_way.again.insert(position);
                    continue;
                }
                Arrival::Ended(ended) => {
                    under_way.running.remove(&position);
                    if let Err(error) = ended {
                        failure.get_or_insert(error);
                    }
                    continue;
                }
            };
            self.pages += 1;
            pages += 1;
            records += mapped.records as u64;
            again |= under_way.again.contains(&position);
            self.note_findings(position, &mut mapped);
            if mapped.is_last() {
                self.checkpoint.progress.finished(position);
                under_way.open.remove(&position);
            } else {
                let token = mapped.next.as_ref();
                let cursor = Cursor {
                    token: token.map(|token| token.as_str().to_owned()),
                    begun: mapped.more,
                };
                self.checkpoint.progress.paged(position, cursor);
            }
            facts.append(mapped.facts);
        }
        let oldest_open = under_way.open.first().copied();
        self.checkpoint
            .progress
            .settle(oldest_open, under_way.newest);
        let rows = facts.len() as u64;
        self.commit(facts, again).await?;
        (self.watch)(Event::Stored {
            listing: self.checkpoint.step,
            pages,
            records,
            rows,
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Notes what was odd in a page: for good, unless the page may come again.
    fn note_findings(&mut self, position: i64, mapped: &mut MappedPage) {
        let Checkpoint {
            progress, findings, ..
        } = &mut self.checkpoint;
        let found = std::mem::take(&mut mapped.findings);
        if mapped.more {
            if !found.is_empty() {
                progress
                    .unsettled
                    .entry(position)
                    .or_default()
                    .append(found);
            }
            return;
        }
        if let Some(before) = progress.unsettled.remove(&position) {
            findings.append(before);
        }
        findings.append(found);
    }

    /// The one place where something is written: rows and checkpoint together.
    /// `again`: some of the rows may be there already, from before the run was interrupted.
    async fn commit(&mut self, facts: PageFacts, again: bool) -> Result<(), SyncError> {
        let resource_type_step = !facts.resource_types.is_empty();
        let checkpoint = self.checkpoint.render();
        let committed = self
            .store
            .write(move |sink| sink.commit(&facts, &checkpoint))
            .await?;
        if committed.replaced > 0 && !resource_type_step && !again {
            let step = self
                .steps
                .get(self.checkpoint.step)
                .map(|step| step.describe(&self.plan));
            let example = format!(
                "{}: the last record of an id wins",
                step.unwrap_or_default()
            );
            self.checkpoint
                .findings
                .add_many("duplicate-id", false, committed.replaced, [example]);
        }
        Ok(())
    }

    async fn finish(mut self, resumed: bool) -> Result<(Report, S), SyncError> {
        self.plan.source.close().await;
        let (settled, id) = self
            .store
            .write(|sink| Ok((sink.settle()?, sink.run().id.clone())))
            .await?;
        let Settled {
            counts,
            audit,
            duplicate_grants,
        } = settled;
        let findings = &mut self.checkpoint.findings;
        for (code, finding) in [
            ("duplicate-id", duplicate_grants),
            ("missing-principal", audit.missing_principals),
            ("missing-entitlement", audit.missing_entitlements),
            ("missing-parent", audit.missing_parents),
        ] {
            if finding.count > 0 {
                findings.add_many(code, false, finding.count, finding.examples);
            }
        }
        let ended_at = Utc::now();
        let doubts = Doubts::text(&self.checkpoint.findings);
        self.store
            .write(move |sink| sink.seal(ended_at, &doubts))
            .await?;
        let report = Report {
            sync_id: id.to_string(),
            verdict: self.checkpoint.findings.verdict(),
            resumed,
            counts,
            pages: self.pages,
            findings: self.checkpoint.findings,
        };
        Ok((report, self.store.into_sink()))
    }
}
