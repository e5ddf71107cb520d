//! One listing under way: pages come from the source, are mapped, and go to be stored.

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::overlap::Overlap;
use super::page::{MappedPage, Mapper, Subject};
use super::scope::Reach;
use super::shared::KnownResources;
use super::step::Step;
use super::store::Store;
use super::{ListingAt, SyncError, SyncSink, Watcher};
use crate::causes::in_one_line;
use crate::config::tolerance::ToleranceAction;
use crate::plan::Plan;
use crate::source::{Page, PageToken, TakePages};
use crate::span;

/// What a listing has to say.
#[derive(Debug)]
pub(super) enum Arrival {
    /// A page, in the order of the listing. What is with it is dropped once the page is stored.
    Page(Box<MappedPage>, Option<oneshot::Sender<()>>),
    /// Pages of the listing come again: all of them when `whole`.
    Again { whole: bool },
    /// Nothing more will come. The last word of every listing.
    Ended(Result<(), SyncError>),
}

/// Where arrivals go, with the index of the lane and the position of the subject they belong to. Bounded: a listing waits
/// until its pages are stored.
pub(super) type Arrivals = mpsc::Sender<(usize, i64, Arrival)>;

/// The ids that a lane still looks for. Its listings are over once there are none.
pub(super) type Wanted = Arc<Mutex<BTreeSet<String>>>;

/// A listing that is about to begin, or to go on.
pub(super) struct Listing<S> {
    pub plan: Arc<Plan>,
    pub reach: Arc<Reach>,
    /// Index of the lane.
    pub lane: usize,
    pub step: Step,
    pub wanted: Option<Wanted>,
    pub store: Store<S>,
    pub position: i64,
    pub subject: Option<Arc<Subject>>,
    /// Where to go on; `None` for the first page.
    pub token: Option<PageToken>,
    pub arrivals: Arrivals,
    pub cancel: CancellationToken,
    pub watcher: Option<Arc<dyn Watcher>>,
}

impl<S: SyncSink + 'static> Listing<S> {
    /// The listing as traces see it.
    pub fn span(&self) -> tracing::Span {
        let resource_type = self.step.type_index();
        let resource_type =
            resource_type.map(|index| self.plan.types[index].resource_type.id.0.as_str());
        tracing::info_span!(
            target: span::TARGET,
            "listing",
            otel.name = self.step.describe(&self.plan),
            rolecall.resource_type = resource_type,
        )
    }

    /// Runs the listing to its end.
    pub async fn run(self) {
        let (arrivals, lane, position) = (self.arrivals.clone(), self.lane, self.position);
        let watcher = self.watcher.clone();
        let (plan, step, subject) = (self.plan.clone(), self.step, self.subject.clone());
        let ended = self.pages().await;
        if let (Some(watcher), Err(error)) = (watcher, &ended) {
            watcher.failed(
                &ListingAt::new(lane, step, &plan, subject.as_deref()),
                error,
            );
        }
        // Nobody listens only when the run has given up.
        let _ = arrivals.send((lane, position, Arrival::Ended(ended))).await;
    }

    async fn pages(self) -> Result<(), SyncError> {
        let mapper = Mapper {
            plan: &self.plan,
            reach: &self.reach,
            step: self.step,
            subject: self.subject.as_deref(),
            store: &self.store,
            known: KnownResources::default(),
            watched: self.watcher.as_deref().map(|watcher| {
                let subject = self.subject.as_deref();
                (
                    watcher,
                    ListingAt::new(self.lane, self.step, &self.plan, subject),
                )
            }),
        };
        let Some(fetch) = mapper.fetch() else {
            let page = mapper.written()?;
            if let Some((watcher, at)) = &mapper.watched {
                watcher.mapped(at, &page.watched());
            }
            let _ = self
                .arrivals
                .send((
                    self.lane,
                    self.position,
                    Arrival::Page(Box::new(page), None),
                ))
                .await;
            return Ok(());
        };
        let mut taker = Taker {
            mapper: &mapper,
            arrivals: &self.arrivals,
            lane: self.lane,
            position: self.position,
            wanted: self.wanted.as_ref(),
            cancel: &self.cancel,
            seen: HashSet::new(),
            same: (0, 0),
            overlap: Overlap::default(),
            failure: None,
        };
        let inputs = mapper.inputs();
        let fetched = fetch.pages(&inputs, self.token, &mut taker).await;
        if let Some(failure) = taker.failure {
            return Err(failure);
        }
        let Err(source) = fetched else {
            return Ok(());
        };
        let action = self.plan.tolerance.not_found;
        let tolerated = self.subject.is_some() && action != ToleranceAction::Fail;
        let error = SyncError::Source {
            system: self.plan.app_name.clone(),
            listing: mapper.describe(),
            at: fetch.place().map(ToString::to_string),
            not_found: source.is_not_found(),
            source: Box::new(source),
        };
        if !tolerated || !error.is_not_found() {
            return Err(error);
        }
        // The listing is over: what it brought is stored, and what it did not bring is said.
        let mut page = MappedPage {
            not_found: true,
            ..MappedPage::default()
        };
        let partial = action == ToleranceAction::Warn;
        page.findings.add("not-found", partial, in_one_line(&error));
        let page = Arrival::Page(Box::new(page), None);
        let _ = self.arrivals.send((self.lane, self.position, page)).await;
        Ok(())
    }
}

/// Records from which on two pages with the same content are one page that came twice.
const COMPARABLE: usize = 10;

/// How many smaller pages with the same content may follow each other.
const MOST_EQUAL: usize = 20;

/// How many empty pages may follow each other: some APIs filter after they page.
const MOST_EMPTY: usize = 10_000;

/// Maps the pages of a listing as they come, and notices when they come in circles.
struct Taker<'t, S> {
    mapper: &'t Mapper<'t, S>,
    arrivals: &'t Arrivals,
    lane: usize,
    position: i64,
    wanted: Option<&'t Wanted>,
    cancel: &'t CancellationToken,
    /// Tokens and contents of the pages so far, hashed.
    seen: HashSet<u64>,
    /// The content of the page before, and how often it came one page after the other.
    same: (u64, usize),
    overlap: Overlap,
    failure: Option<SyncError>,
}

#[async_trait]
impl<S: SyncSink + 'static> TakePages for Taker<'_, S> {
    async fn take(&mut self, page: Page) -> bool {
        let overlaps = self.overlap.found(&page);
        if let Some((watcher, at)) = &self.mapper.watched {
            watcher.page(at, &page);
        }
        let mut mapped = match self.mapper.map(page).await {
            Ok(mapped) => mapped,
            Err(failure) => {
                self.failure = Some(failure);
                return false;
            }
        };
        let circle = self.repeats(&mapped);
        if circle {
            let listing = self.mapper.describe();
            let message =
                format!("{listing}: a page or its token came a second time, so paging was stopped");
            mapped.findings.add("paging-loop", true, message);
            mapped.next = None;
        } else if overlaps {
            let listing = self.mapper.describe();
            let message = format!(
                "{listing}: a record was on two pages, so records move while the list is read, and another one may have been on none; ask for an order that is stable, or run again"
            );
            mapped.findings.add("pages-overlap", true, message);
        }
        let enough = match &self.mapper.watched {
            Some((watcher, at)) => !watcher.mapped(at, &mapped.watched()),
            None => false,
        };
        let found_all = self.found_all(&mapped) || enough;
        if found_all {
            mapped.next = None;
            mapped.more = false;
        }
        let last = mapped.is_last();
        // The next page is asked for when this one is stored: of a run that is killed, no listing
        // has more than one page to ask for again. Parts of an answer come anyway.
        let (stored, is_stored) = oneshot::channel();
        let stored = (!last && !mapped.more).then_some(stored);
        let page = Arrival::Page(Box::new(mapped), stored);
        let sent = self.arrivals.send((self.lane, self.position, page)).await;
        // Dropped when it is stored, and at once when nobody is told.
        let _ = is_stored.await;
        // Behind the last page there may be something to do: it is not refused.
        sent.is_ok() && !circle && !found_all && (last || !self.cancel.is_cancelled())
    }

    async fn again(&mut self, whole: bool) {
        // What comes again is no circle.
        self.seen.clear();
        self.overlap.clear();
        if let Some((watcher, at)) = &self.mapper.watched {
            watcher.again(at, whole);
        }
        // Nobody listens only when the run has given up.
        let again = Arrival::Again { whole };
        let _ = self.arrivals.send((self.lane, self.position, again)).await;
    }
}

impl<S> Taker<'_, S> {
    /// Takes what a page brought off the list of what is looked for; true when that was the last of
    /// it.
    fn found_all(&self, mapped: &MappedPage) -> bool {
        let Some(wanted) = self.wanted else {
            return false;
        };
        let mut wanted = wanted.lock().expect("nothing panics under this lock");
        for resource in &mapped.facts.resources {
            wanted.remove(&resource.id.id);
        }
        wanted.is_empty()
    }

    /// Notes a page's token and content; true when either was seen before in this listing.
    fn repeats(&mut self, mapped: &MappedPage) -> bool {
        // Parts of one answer all name the page they are parts of.
        let Some(token) = mapped.next.as_ref().filter(|_| !mapped.more) else {
            return false;
        };
        let mut hasher = DefaultHasher::new();
        token.as_str().hash(&mut hasher);
        // Content hashes are odd and token hashes even, so that they do not meet.
        let token_is_new = self.seen.insert(hasher.finish() & !1);
        let content_is_new = match mapped.records {
            // Small pages may well be equal, but not for ever.
            count if count < COMPARABLE => {
                self.same = match self.same {
                    (before, times) if before == mapped.fingerprint => (before, times + 1),
                    _ => (mapped.fingerprint, 1),
                };
                self.same.1 <= if count == 0 { MOST_EMPTY } else { MOST_EQUAL }
            }
            _ => self.seen.insert(mapped.fingerprint),
        };
        !token_is_new || !content_is_new
    }
}
