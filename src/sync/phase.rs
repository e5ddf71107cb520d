//! One phase: its lanes take turns, pages are stored as they come.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument as _;

use super::checkpoint::Cursor;
use super::event::Event;
use super::listing::{Arrival, Listing};
use super::page::{MappedPage, Subject};
use super::run::Run;
use super::shared::with_parent;
use super::step::{Step, Subjects};
use super::under_way::{LaneUnderWay, UnderWay};
use super::{ListingAt, PageFacts, RowPosition, SyncError, SyncSink};
use crate::model::{ResourceId, ResourceTypeId};
use crate::source::PageToken;

/// Subjects read from the store at a time.
const SUBJECTS: usize = 64;
/// The subject of a lane that runs once.
const ONCE: i64 = 0;
/// How long what was stored may wait to be flushed to the disk while nothing else comes.
const FLUSH_AFTER: Duration = Duration::from_secs(5);

impl<S: SyncSink + 'static> Run<'_, S> {
    /// Runs the lanes of the present phase until none has anything left to do.
    pub(super) async fn phase(&mut self) -> Result<(), SyncError> {
        let mut under_way = self.under_way().await?;
        let listed = self.list_all(&mut under_way).await;
        // Whoever gives up must leave nothing behind that still holds the store.
        under_way.tasks.shutdown().await;
        self.store.settle().await;
        self.note_time();
        listed?;
        match self.options.cancel.is_cancelled() {
            true => Err(SyncError::Interrupted),
            false => Ok(()),
        }
    }

    async fn under_way(&mut self) -> Result<UnderWay, SyncError> {
        let phase = self.checkpoint.phase;
        let mut lanes = Vec::new();
        for (index, lane) in self.lanes.iter().enumerate() {
            if lane.step.phase() == phase {
                let meter = &self.options.meter;
                let lane = LaneUnderWay::new(index, lane.clone(), &self.checkpoint, meter);
                self.forget_found(&lane).await?;
                lanes.push(lane);
            }
        }
        let concurrency = self.options.concurrency.in_phase(phase);
        Ok(UnderWay::new(lanes, concurrency))
    }

    /// Takes what an earlier process has found off the list of what is looked for.
    async fn forget_found(&self, lane: &LaneUnderWay) -> Result<(), SyncError> {
        let (Some(wanted), Some(type_index)) = (&lane.wanted, lane.lane.step.type_index()) else {
            return Ok(());
        };
        let of_type = &self.plan.types[type_index].resource_type.id;
        let targets = self.reach.targets();
        for target in targets.filter(|target| target.resource_type == *of_type) {
            let id = target.id.clone();
            let found = self.store.read(move |sink| sink.resource(&target)).await?;
            if found.is_some() {
                wanted.lock().expect("nothing panics under it").remove(&id);
            }
        }
        Ok(())
    }

    /// Runs listings until none is left, or until the run is asked to stop.
    async fn list_all(&mut self, under_way: &mut UnderWay) -> Result<(), SyncError> {
        loop {
            if !self.options.cancel.is_cancelled() {
                self.begin(under_way).await?;
                self.end_lanes(under_way).await?;
            }
            if under_way.running() == 0 {
                let over = under_way.lanes.iter().all(|lane| lane.done);
                if over || self.options.cancel.is_cancelled() {
                    return Ok(());
                }
                continue;
            }
            let arrivals = under_way.arrivals(FLUSH_AFTER).await;
            if arrivals.is_empty() {
                // Whoever asked for a stop does not wait for a page that may never come: the run that
                // goes on asks for it again.
                if self.options.cancel.is_cancelled() {
                    return Ok(());
                }
                self.store.write(|sink| sink.flush()).await?;
                continue;
            }
            self.store_arrivals(arrivals, under_way).await?;
        }
    }

    /// Begins listings until as many are under way as may be.
    async fn begin(&mut self, under_way: &mut UnderWay) -> Result<(), SyncError> {
        let most = self.options.concurrency.in_phase(self.checkpoint.phase);
        'turns: while under_way.running() < most {
            for at in under_way.by_turn() {
                if self.begin_in(at, under_way).await? {
                    continue 'turns;
                }
            }
            return Ok(());
        }
        Ok(())
    }

    /// Begins a listing of a lane; false when it has none to begin at present.
    async fn begin_in(&mut self, at: usize, under_way: &mut UnderWay) -> Result<bool, SyncError> {
        loop {
            let lane = &mut under_way.lanes[at];
            if lane.has_found_all() {
                lane.exhausted = true;
                lane.waiting.clear();
                return Ok(false);
            }
            let finished = self.checkpoint.lane(lane.index).finished.len();
            if lane.is_far_ahead(finished) {
                return Ok(false);
            }
            let Some((position, subject)) = lane.waiting.pop_front() else {
                if lane.has_no_more() {
                    return Ok(false);
                }
                self.read_subjects(at, under_way).await?;
                continue;
            };
            lane.newest = lane.newest.max(Some(position));
            let index = lane.index;
            if let Some(watcher) = &self.options.watcher {
                let step = lane.lane.step;
                let listing = ListingAt::new(index, step, &self.plan, subject.as_deref());
                if !watcher.begins(&listing) {
                    lane.exhausted = true;
                    lane.waiting.clear();
                    return Ok(false);
                }
            }
            if !self.checkpoint.lane(index).is_finished(position) {
                self.list(at, position, subject, under_way);
                return Ok(true);
            }
        }
    }

    async fn read_subjects(&self, at: usize, under_way: &mut UnderWay) -> Result<(), SyncError> {
        let may_be_fed = under_way.may_be_fed(at);
        let lane = &mut under_way.lanes[at];
        let Subjects::PerResource(resource_type) = &lane.lane.subjects else {
            lane.waiting.push_back((ONCE, None));
            lane.exhausted = true;
            return Ok(());
        };
        if lane.lane.step.is_about_access()
            && let Some(ids) = self.reach.only_access(resource_type)
        {
            let read = self.targets(resource_type.clone(), ids.clone()).await?;
            lane.exhausted = true;
            lane.waiting.extend(read);
            return Ok(());
        }
        // A listing of children runs for its parent, whose own parent is not asked for.
        let with_parents = !matches!(lane.lane.step, Step::Resources { .. });
        let after = lane.newest.map(RowPosition);
        let read = self.subjects(resource_type.clone(), after, with_parents);
        let read = read.await?;
        let is_last = read.len() < SUBJECTS;
        lane.dry = is_last && may_be_fed;
        lane.exhausted = is_last && !may_be_fed;
        lane.waiting.extend(read);
        Ok(())
    }

    async fn subjects(
        &self,
        resource_type: ResourceTypeId,
        after: Option<RowPosition>,
        with_parents: bool,
    ) -> Result<Vec<(i64, Option<Arc<Subject>>)>, SyncError> {
        let read = self.store.read(move |sink| {
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
        });
        Ok(read.await?)
    }

    /// The resources that are looked for, as far as they were found. Their positions are those among
    /// all that are looked for, so that they mean the same after a restart.
    async fn targets(
        &self,
        resource_type: ResourceTypeId,
        ids: BTreeSet<String>,
    ) -> Result<Vec<(i64, Option<Arc<Subject>>)>, SyncError> {
        let read = self.store.read(move |sink| {
            let mut found = Vec::new();
            for (position, id) in (1..).zip(ids) {
                let resource_type = resource_type.clone();
                if let Some(resource) = sink.resource(&ResourceId { resource_type, id })? {
                    found.push((position, Some(Arc::new(with_parent(resource, sink)?))));
                }
            }
            Ok(found)
        });
        Ok(read.await?)
    }

    /// Begins a listing, where an earlier process left it.
    fn list(
        &mut self,
        at: usize,
        position: i64,
        subject: Option<Arc<Subject>>,
        under_way: &mut UnderWay,
    ) {
        let arrivals = under_way.sender.clone();
        let lane = &mut under_way.lanes[at];
        let cursor = self.checkpoint.lane(lane.index).cursors.get(&position);
        if cursor.is_some_and(|cursor| cursor.begun) {
            lane.again.insert(position);
        }
        let token = cursor
            .and_then(|cursor| cursor.token.as_ref())
            .map(PageToken::new);
        lane.begin(position);
        let listing = Listing {
            plan: self.plan.clone(),
            reach: self.reach.clone(),
            lane: lane.index,
            step: lane.lane.step,
            wanted: lane.wanted.clone(),
            store: self.store.clone(),
            position,
            subject,
            token,
            arrivals,
            cancel: self.options.cancel.clone(),
            watcher: self.options.watcher.clone(),
        };
        let meter = lane.meter.clone();
        let span = listing.span();
        let measured = async move { meter.measure(listing.run()).await };
        under_way.tasks.spawn(measured.instrument(span));
    }

    /// Notes which lanes have come to their end; those that waited for them may begin.
    async fn end_lanes(&mut self, under_way: &mut UnderWay) -> Result<(), SyncError> {
        let mut ended = Vec::new();
        for lane in under_way.lanes.iter_mut().filter(|lane| !lane.done) {
            if lane.is_over() {
                lane.done = true;
                ended.push(lane.index);
            }
        }
        if ended.is_empty() {
            return Ok(());
        }
        for index in &ended {
            self.check_mapped(*index)?;
            self.checkpoint.lane(*index).end();
            under_way.fed(*index);
        }
        self.commit(PageFacts::default(), true).await?;
        for listing in ended {
            (self.watch)(Event::Done { listing });
        }
        Ok(())
    }

    /// Stores pages in one transaction. The pages beside a failure are good: they are stored before
    /// the run gives up.
    async fn store_arrivals(
        &mut self,
        arrivals: Vec<(usize, i64, Arrival)>,
        under_way: &mut UnderWay,
    ) -> Result<(), SyncError> {
        let mut facts = PageFacts::default();
        let mut failure = None;
        let mut again = false;
        let mut stored = Vec::new();
        // Dropped at the end: then everything is stored.
        let mut told = Vec::new();
        for (index, position, arrival) in arrivals {
            let place = under_way.place(index);
            let lane = &mut under_way.lanes[place];
            let mut mapped = match arrival {
                Arrival::Page(mapped, stored) => {
                    told.extend(stored);
                    mapped
                }
                Arrival::Again { whole } => {
                    // What came until now is stored first: it is what comes again.
                    self.commit(std::mem::take(&mut facts), again).await?;
                    self.note_again().await?;
                    if whole {
                        self.checkpoint.lane(index).unsettled.remove(&position);
                    }
                    lane.again.insert(position);
                    continue;
                }
                Arrival::Ended(ended) => {
                    lane.end(position);
                    if let Err(error) = ended {
                        failure.get_or_insert(error);
                    }
                    continue;
                }
            };
            // What comes again is stored apart, so that the rest is still looked at for duplicates.
            let comes_again = lane.again.contains(&position);
            if comes_again != again && !facts.is_empty() {
                self.commit(std::mem::take(&mut facts), again).await?;
            }
            again = comes_again;
            self.note_findings(index, position, &mut mapped);
            self.count(index, &mapped);
            if mapped.is_last() {
                self.checkpoint.lane(index).finished(position);
                lane.open.remove(&position);
            } else {
                let token = mapped.next.as_ref();
                let cursor = Cursor {
                    token: token.map(|token| token.as_str().to_owned()),
                    begun: mapped.more,
                };
                self.checkpoint.lane(index).paged(position, cursor);
            }
            stored.push(Event::Stored {
                listing: index,
                pages: 1,
                records: mapped.records as u64,
                rows: mapped.facts.len() as u64,
            });
            if !mapped.facts.resources.is_empty() {
                under_way.fed(index);
            }
            facts.append(mapped.facts);
        }
        for lane in &mut under_way.lanes {
            let busy = lane.busy();
            if lane.begun() && !lane.done {
                let oldest_open = lane.open.first().copied();
                let progress = self.checkpoint.lane(lane.index);
                progress.settle(oldest_open, lane.newest);
                let tally = self.checkpoint.tally(lane.index);
                tally.cost = lane.cost();
                tally.duration_us += u64::try_from(busy.as_micros()).unwrap_or(u64::MAX);
            }
        }
        self.note_time();
        self.commit(facts, again).await?;
        stored.into_iter().for_each(self.watch);
        match failure {
            Some(error) => Err(error),
            None => self.check_tolerance(),
        }
    }

    fn count(&mut self, lane: usize, mapped: &MappedPage) {
        let tally = self.checkpoint.tally(lane);
        // Parts of one answer are one page.
        tally.pages += u64::from(!mapped.more && !mapped.not_found);
        tally.records += mapped.records as u64;
        tally.rows += mapped.facts.len() as u64;
        tally.failed_records += mapped.failed_records;
        tally.not_found += u64::from(mapped.not_found);
        tally.listings += u64::from(mapped.is_last());
    }

    /// Notes what was odd in a page: for good, unless the page may come again.
    fn note_findings(&mut self, lane: usize, position: i64, mapped: &mut MappedPage) {
        let found = std::mem::take(&mut mapped.findings);
        let progress = self.checkpoint.lane(lane);
        if mapped.more {
            if !found.is_empty() {
                let unsettled = progress.unsettled.entry(position).or_default();
                unsettled.append(found);
            }
            return;
        }
        let mut all = progress.unsettled.remove(&position).unwrap_or_default();
        all.append(found);
        self.checkpoint.tally(lane).found(&all);
        self.checkpoint.findings.append(all);
    }

    /// The one place where something is written: rows and checkpoint together.
    /// `again`: some of the rows may be there already, from before the run was interrupted.
    pub(super) async fn commit(&mut self, facts: PageFacts, again: bool) -> Result<(), SyncError> {
        let resource_types = !facts.resource_types.is_empty();
        let checkpoint = self.checkpoint.render();
        let committed = self
            .store
            .write(move |sink| sink.commit(&facts, &checkpoint))
            .await?;
        let replaced = committed.replaced;
        if replaced.count > 0 && !resource_types && !again {
            self.checkpoint.findings.add_many(
                "duplicate-id",
                false,
                replaced.count,
                replaced.examples,
            );
        }
        Ok(())
    }
}
