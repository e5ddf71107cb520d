//! The lifecycle: steps in order, listings side by side, every page stored with the checkpoint
//! that follows it.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use chrono::Utc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::checkpoint::Checkpoint;
use super::page::{MappedPage, Subject, page};
use super::report::Report;
use super::step::{Step, Subjects, steps};
use super::store::Store;
use super::{PageFacts, RowPosition, SyncError, SyncSink};
use crate::plan::Plan;
use crate::source::PageToken;

/// How a sync runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Listings side by side, at least 1.
    pub concurrency: usize,
    /// Asks the run to stop: pages under way are stored, then it ends as interrupted.
    pub cancel: CancellationToken,
}

/// What a run tells whoever watches it.
#[derive(Debug, Clone)]
pub enum Event {
    /// A step begins.
    Step {
        /// What it lists.
        name: String,
        /// Its number, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// Pages were stored.
    Stored {
        /// Pages so far in this process.
        pages: u64,
        /// Rows so far in this process.
        rows: u64,
    },
}

/// Tells runs apart that must not be mixed: a run goes on only under the fingerprint it began with.
pub fn fingerprint(plan: &Plan) -> String {
    format!("{}-{}", Checkpoint::VERSION, plan.fingerprint)
}

/// Subjects that may be open or finished ahead of the oldest open one: bounds the checkpoint.
const WINDOW: usize = 128;
/// Subjects read from the store at a time.
const SUBJECTS: usize = 64;
/// Pages stored in one transaction at most.
const PAGES_PER_COMMIT: usize = 64;
/// Rows stored in one transaction at most, as soon as a page goes over it.
const ROWS_PER_COMMIT: usize = 5_000;
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

/// Runs a sync of a connected system to its end and seals it. A sink that holds a checkpoint is resumed from there.
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
        rows: 0,
        watch,
    };
    while run.checkpoint.step < run.steps.len() {
        run.step().await?;
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
    rows: u64,
    watch: &'w dyn Fn(Event),
}

/// A page that was asked for: whose it is, and what it came to.
type Arrival = (i64, Result<MappedPage, SyncError>);

/// The listings of a step that are under way.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<Arrival>,
    /// Open subjects. Kept whole so that their next pages can be asked for.
    open: BTreeMap<i64, Option<Arc<Subject>>>,
    /// Per open subject, what was seen already: tokens and page contents, hashed.
    seen: HashMap<i64, HashSet<u64>>,
    /// Read from the store, not begun.
    waiting: VecDeque<(i64, Option<Arc<Subject>>)>,
    newest: Option<i64>,
    /// True when the store has no more subjects.
    exhausted: bool,
}

impl<S: SyncSink + 'static> Run<'_, S> {
    async fn step(&mut self) -> Result<(), SyncError> {
        let step = self.steps[self.checkpoint.step];
        (self.watch)(Event::Step {
            name: step.describe(&self.plan),
            number: self.checkpoint.step + 1,
            of: self.steps.len(),
        });
        let subjects = step.subjects(&self.plan);
        let mut under_way = UnderWay {
            newest: self.checkpoint.progress.done_to,
            ..UnderWay::default()
        };
        loop {
            if !self.options.cancel.is_cancelled() {
                self.begin(step, &subjects, &mut under_way).await?;
            }
            if under_way.tasks.is_empty() {
                break;
            }
            let arrivals = arrivals(&mut under_way.tasks).await;
            self.store_arrivals(step, arrivals, &mut under_way).await?;
        }
        if self.options.cancel.is_cancelled() {
            return Err(SyncError::Interrupted);
        }
        self.checkpoint.advance();
        self.commit(PageFacts::default()).await
    }

    /// Begins listings until as many are under way as may be.
    async fn begin(
        &mut self,
        step: Step,
        subjects: &Subjects,
        under_way: &mut UnderWay,
    ) -> Result<(), SyncError> {
        while under_way.tasks.len() < self.options.concurrency.max(1) {
            let ahead = under_way.open.len() + self.checkpoint.progress.finished.len();
            if ahead >= WINDOW && !under_way.tasks.is_empty() {
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
            if self.checkpoint.progress.is_finished(position) {
                continue;
            }
            under_way.open.insert(position, subject.clone());
            let token = self
                .checkpoint
                .progress
                .cursors
                .get(&position)
                .map(PageToken::new);
            self.ask(step, position, subject, token, under_way);
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
                    let parent = match &resource.parent {
                        Some(parent) if with_parents => sink.resource(parent)?,
                        _ => None,
                    };
                    Ok((position.0, Some(Arc::new(Subject { resource, parent }))))
                });
                subjects.collect::<Result<Vec<_>, _>>()
            })
            .await?;
        under_way.exhausted = read.len() < SUBJECTS;
        under_way.waiting.extend(read);
        Ok(())
    }

    fn ask(
        &self,
        step: Step,
        position: i64,
        subject: Option<Arc<Subject>>,
        token: Option<PageToken>,
        under_way: &mut UnderWay,
    ) {
        let plan = self.plan.clone();
        under_way.tasks.spawn(async move {
            (
                position,
                page(&plan, step, subject.as_deref(), token.as_ref()).await,
            )
        });
    }

    /// Stores pages in one transaction, and asks for those that follow them.
    async fn store_arrivals(
        &mut self,
        step: Step,
        arrivals: Vec<Arrival>,
        under_way: &mut UnderWay,
    ) -> Result<(), SyncError> {
        let mut facts = PageFacts::default();
        let mut failure = None;
        let mut next = Vec::new();
        for (position, outcome) in arrivals {
            let mapped = match outcome {
                Ok(mapped) => mapped,
                Err(error) => {
                    // The pages beside it are good: they are stored before the run gives up.
                    failure.get_or_insert(error);
                    continue;
                }
            };
            self.pages += 1;
            for (code, finding) in mapped.findings.iter() {
                let examples = finding.examples.iter().cloned();
                self.checkpoint
                    .findings
                    .add_many(code, finding.partial, finding.count, examples);
            }
            let repeated = repeats(&mapped, under_way.seen.entry(position).or_default());
            match (&mapped.next, repeated) {
                (Some(token), false) => {
                    self.checkpoint.progress.paged(position, token.as_str());
                    next.push((position, token.clone()));
                }
                (end, _) => {
                    if end.is_some() {
                        let listing = step.describe(&self.plan);
                        let message = format!(
                            "{listing}: a page or its token came a second time, so paging was stopped"
                        );
                        self.checkpoint.findings.add("paging-loop", true, message);
                    }
                    self.checkpoint.progress.finished(position);
                    under_way.open.remove(&position);
                    under_way.seen.remove(&position);
                }
            }
            facts.append(mapped.facts);
        }
        let oldest_open = under_way.open.keys().next().copied();
        self.checkpoint
            .progress
            .settle(oldest_open, under_way.newest);
        self.commit(facts).await?;
        if let Some(error) = failure {
            return Err(error);
        }
        if !self.options.cancel.is_cancelled() {
            for (position, token) in next {
                let subject = under_way.open.get(&position).cloned().flatten();
                self.ask(step, position, subject, Some(token), under_way);
            }
        }
        Ok(())
    }

    /// The one place where something is written: rows and checkpoint together.
    async fn commit(&mut self, facts: PageFacts) -> Result<(), SyncError> {
        self.rows += facts.len() as u64;
        let resource_type_step = !facts.resource_types.is_empty();
        let checkpoint = self.checkpoint.render();
        let committed = self
            .store
            .write(move |sink| sink.commit(&facts, &checkpoint))
            .await?;
        if committed.replaced > 0 && !resource_type_step {
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
        (self.watch)(Event::Stored {
            pages: self.pages,
            rows: self.rows,
        });
        Ok(())
    }

    async fn finish(mut self, resumed: bool) -> Result<(Report, S), SyncError> {
        self.plan.source.close().await;
        let (audit, counts, id) = self
            .store
            .read(|sink| Ok((sink.audit()?, sink.counts()?, sink.run().id.clone())))
            .await?;
        let findings = &mut self.checkpoint.findings;
        for (code, finding) in [
            ("missing-principal", audit.missing_principals),
            ("missing-entitlement", audit.missing_entitlements),
            ("missing-parent", audit.missing_parents),
        ] {
            if finding.count > 0 {
                findings.add_many(code, false, finding.count, finding.examples);
            }
        }
        let ended_at = Utc::now();
        self.store.write(move |sink| sink.seal(ended_at)).await?;
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

/// Waits for a page, then takes whatever else has arrived by then, up to a transaction's worth.
async fn arrivals(tasks: &mut JoinSet<Arrival>) -> Vec<Arrival> {
    let mut arrived = Vec::new();
    let mut rows = 0;
    let mut joined = tasks.join_next().await;
    while let Some(outcome) = joined {
        let arrival = outcome.expect("a listing does not panic and is never aborted");
        rows += arrival.1.as_ref().map_or(0, |mapped| mapped.facts.len());
        arrived.push(arrival);
        if arrived.len() >= PAGES_PER_COMMIT || rows >= ROWS_PER_COMMIT {
            break;
        }
        joined = tasks.try_join_next();
    }
    arrived
}

/// Notes a page's token and content; true when either was seen before in this listing.
fn repeats(mapped: &MappedPage, seen: &mut HashSet<u64>) -> bool {
    let Some(token) = &mapped.next else {
        return false;
    };
    let mut hasher = DefaultHasher::new();
    token.as_str().hash(&mut hasher);
    let token_is_new = seen.insert(hasher.finish() & !1);
    // Content hashes are odd and token hashes even, so that they do not meet.
    let content_is_new = mapped.fingerprint == 0 || seen.insert(mapped.fingerprint);
    !token_is_new || !content_is_new
}
