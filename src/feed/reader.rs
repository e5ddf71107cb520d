//! A cursor → the next page of events.

use std::collections::{HashSet, VecDeque};

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};

use super::cursor::{Cursor, Key, Round, key};
use super::error::FeedError;
use super::event::Event;
use super::mark::{Nanos, Within};
use super::source::{EventSource, Told, sources};
use crate::expr::{Inputs, Value};
use crate::plan::Plan;
use crate::source::{Page, PageToken, SourceError, TakePages};

/// The id under which platforms know the feed of a connector: it has one.
pub const FEED_ID: &str = "baton_feed_event";

/// The most events of a page.
pub const LARGEST_PAGE: usize = 1000;

/// How many events all cursors of a feed remember together, about.
const REMEMBERED: usize = 320;

/// What a connector tells of changes.
#[derive(Debug)]
pub struct Feed<'p> {
    plan: &'p Plan,
    sources: Vec<(Key, EventSource<'p>)>,
    /// How many events are remembered of each listing.
    room: usize,
}

/// Some events, and where the feed goes on behind them.
#[derive(Debug)]
pub struct EventPage {
    /// The events: those of a listing one after the other.
    pub events: Vec<Event>,
    /// Records that could not be read, and listings that may lack something, in sentences.
    pub problems: Vec<String>,
    /// Where the feed goes on: opaque text of at most [`super::LONGEST_CURSOR`] bytes. It may be
    /// given again any number of times.
    pub cursor: String,
    /// Whether more is there now. Otherwise the cursor tells later what happened since.
    pub has_more: bool,
}

/// Takes pages of events while they come.
#[async_trait]
pub trait TakeEvents: Send {
    /// Takes a page; `false` when no more are wanted.
    async fn take(&mut self, page: EventPage) -> std::io::Result<bool>;
}

impl<'p> Feed<'p> {
    /// The feed of a connector; an error when its file lists no changes.
    pub fn of(plan: &'p Plan) -> Result<Self, FeedError> {
        let sources: Vec<_> = sources(plan)
            .into_iter()
            .map(|source| (key(&source.name), source))
            .collect();
        if sources.is_empty() {
            return Err(FeedError::NoFeed);
        }
        Ok(Self {
            plan,
            room: (REMEMBERED / (sources.len() + 2)).max(4),
            sources,
        })
    }

    /// The beginning: what happened since a moment, or as far back as the file says.
    pub fn begin(&self, since: Option<DateTime<Utc>>) -> Cursor {
        let since = since.unwrap_or_else(|| Utc::now() - self.plan.lookback.first);
        Cursor {
            file: key(&self.plan.app_name),
            start: nanos(since),
            marks: Vec::new(),
            round: None,
        }
    }

    /// Reads a cursor that this feed wrote earlier.
    pub fn cursor(&self, text: &str) -> Result<Cursor, FeedError> {
        let cursor = Cursor::read(text).ok_or(FeedError::NotACursor)?;
        let known = |key: &Key| self.sources.iter().any(|(found, _)| found == key);
        let marks = cursor.marks.iter().map(|(key, _)| key);
        let mut keys = marks.chain(cursor.round.iter().map(|round| &round.source));
        let begins = cursor.marks.is_empty() && cursor.round.is_none();
        if cursor.file != key(&self.plan.app_name) || !begins && !keys.any(known) {
            return Err(FeedError::OtherFile);
        }
        Ok(cursor)
    }

    /// One page from a cursor on, of at most `size` events.
    pub async fn page(&self, cursor: &Cursor, size: usize) -> Result<EventPage, FeedError> {
        Reader::new(self, cursor).page(size).await
    }

    /// Hands pages on until the feed has no more now, or no more are wanted. Returns the last cursor.
    pub async fn stream(
        &self,
        cursor: &Cursor,
        size: usize,
        to: &mut dyn TakeEvents,
    ) -> Result<String, FeedError> {
        let mut reader = Reader::new(self, cursor);
        loop {
            let page = reader.page(size).await?;
            let (cursor, has_more) = (page.cursor.clone(), page.has_more);
            if !to.take(page).await? || !has_more {
                return Ok(cursor);
            }
        }
    }
}

/// Reads from a cursor on. What a listing answered is kept until it was told.
struct Reader<'f, 'p> {
    feed: &'f Feed<'p>,
    cursor: Cursor,
    answer: Option<Answer>,
    /// The pages of the listing under way that were read: one that comes again is a circle.
    tokens: HashSet<String>,
}

/// A page of a listing that is being told.
struct Answer {
    told: VecDeque<Told>,
    next: Option<PageToken>,
}

impl<'f, 'p> Reader<'f, 'p> {
    fn new(feed: &'f Feed<'p>, cursor: &Cursor) -> Self {
        Self {
            feed,
            cursor: cursor.clone(),
            answer: None,
            tokens: HashSet::new(),
        }
    }

    async fn page(&mut self, size: usize) -> Result<EventPage, FeedError> {
        let size = size.clamp(1, LARGEST_PAGE);
        let mut events = Vec::new();
        let mut problems = Vec::new();
        let mut index = self.under_way();
        while let Some((key, source)) = self.feed.sources.get(index) {
            let mut round = match self.cursor.round.take() {
                Some(round) if round.source == *key => round,
                _ => Round::of(*key),
            };
            // A failure must not lose the place: the same reader may be asked again.
            let told = self
                .tell(source, &mut round, size, &mut events, &mut problems)
                .await;
            let told = match told {
                Ok(told) => told,
                Err(error) => {
                    self.cursor.round = Some(round);
                    self.answer = None;
                    return Err(error);
                }
            };
            if !told {
                self.cursor.round = Some(round);
                break;
            }
            self.settle(*key, round);
            index += 1;
            if events.len() >= size {
                let next = self.feed.sources.get(index);
                self.cursor.round = next.map(|(key, _)| Round::of(*key));
                break;
            }
        }
        let name = self
            .feed
            .sources
            .get(index)
            .map(|(_, source)| source.name.as_str());
        Ok(EventPage {
            events,
            problems,
            cursor: self.cursor.to_text(name.unwrap_or_default())?,
            has_more: name.is_some(),
        })
    }

    /// The listing that the cursor stands in; the first one where it stands in none, or in one that
    /// the file no longer has.
    fn under_way(&self) -> usize {
        let round = self.cursor.round.as_ref();
        let found = round.and_then(|round| {
            let sources = &self.feed.sources;
            sources.iter().position(|(key, _)| *key == round.source)
        });
        found.unwrap_or(0)
    }

    /// Tells events of a listing until the page is full; true when it has come to its end.
    async fn tell(
        &mut self,
        source: &EventSource<'_>,
        round: &mut Round,
        size: usize,
        events: &mut Vec<Event>,
        problems: &mut Vec<String>,
    ) -> Result<bool, FeedError> {
        let room = self.feed.room;
        loop {
            let mut answer = match self.answer.take() {
                Some(answer) => answer,
                None => self.ask(source, round, problems).await?,
            };
            while events.len() < size {
                let Some(mut told) = answer.told.pop_front() else {
                    break;
                };
                source.complete(&mut told.event).await?;
                round.recent.note(told.at, told.hash, room);
                let within = round.within.take();
                round.within = Some(Within::after(within, told.at, told.hash, room));
                events.push(told.event);
            }
            if !answer.told.is_empty() {
                self.answer = Some(answer);
                return Ok(false);
            }
            let Some(next) = answer.next else {
                return Ok(true);
            };
            round.token = Some(next.as_str().to_owned());
            round.within = None;
            if events.len() >= size {
                return Ok(false);
            }
        }
    }

    /// Asks for the page at which a listing stands, and takes from it what was told before.
    async fn ask(
        &mut self,
        source: &EventSource<'_>,
        round: &mut Round,
        problems: &mut Vec<String>,
    ) -> Result<Answer, FeedError> {
        let failed = |error| FeedError::Source {
            source_name: source.name.clone(),
            error: Box::new(error),
        };
        round.began.get_or_insert_with(|| nanos(Utc::now()));
        let mark = self.cursor.mark(round.source);
        let inputs = self.inputs(mark.since(self.feed.plan.lookback.overlap));
        let token = round.token.as_deref().map(PageToken::new);
        if let Some(token) = &token
            && !self.tokens.insert(token.as_str().to_owned())
        {
            let reason = "a page comes again and again".to_owned();
            return Err(failed(SourceError::Loop { reason }));
        }
        let fetch = source.changes.fetch.as_ref();
        let mut page = fetch.page(&inputs, token.as_ref()).await.map_err(failed)?;
        if page.more {
            // It has pages that only this process can ask for: all of them are one.
            let mut whole = Whole::default();
            fetch
                .pages(&inputs, None, &mut whole)
                .await
                .map_err(failed)?;
            page = whole.0;
        }
        for reason in &page.partial {
            round.partial = true;
            problems.push(format!("`{}`: {}", source.name, reason.message));
        }
        let (told, wrong) = source.told(&page, &inputs)?;
        problems.extend(wrong);
        let mut left = VecDeque::new();
        for told in told {
            if mark.told(told.at, &told.hash) {
                if told.at >= mark.from {
                    // It is remembered for the next time, too.
                    round.recent.note(told.at, told.hash, self.feed.room);
                }
                continue;
            }
            let within = round.within.as_ref();
            if !within.is_some_and(|within| within.is_past(told.at, &told.hash)) {
                left.push_back(told);
            }
        }
        Ok(Answer {
            told: left,
            next: page.next,
        })
    }

    /// The variables of a listing.
    fn inputs(&self, since: Nanos) -> Inputs {
        let at = DateTime::from_timestamp_nanos(since);
        let moment = match self.feed.plan.source.http() {
            Some(_) => Value::Text(at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => Value::Timestamp(at.fixed_offset()),
        };
        let inputs = self.feed.plan.inputs.clone().with("since", moment);
        inputs.with("since_unix", Value::Int(at.timestamp()))
    }

    /// Notes how far a listing was told that has come to its end.
    fn settle(&mut self, key: Key, round: Round) {
        self.tokens.clear();
        if round.partial {
            return;
        }
        let began = round.began.unwrap_or_else(|| nanos(Utc::now()));
        let mark = self.cursor.mark(key);
        let overlap = self.feed.plan.lookback.overlap;
        self.cursor
            .set_mark(key, mark.after(round.recent, began, overlap));
    }
}

/// The nearest moment that nanoseconds can tell.
fn nanos(at: DateTime<Utc>) -> Nanos {
    let nearest = match at.timestamp() < 0 {
        true => Nanos::MIN,
        false => Nanos::MAX,
    };
    at.timestamp_nanos_opt().unwrap_or(nearest)
}

/// All pages of a listing as one.
#[derive(Default)]
struct Whole(Page);

#[async_trait]
impl TakePages for Whole {
    async fn take(&mut self, page: Page) -> bool {
        self.0.records.extend(page.records);
        self.0.partial.extend(page.partial);
        self.0.shared = page.shared;
        true
    }

    async fn again(&mut self, _: bool) {
        self.0.records.clear();
    }
}
