//! Event feeds: what is told, in which order, and that nothing of it is lost.

mod cursors;
mod fixtures;
mod moving;

use async_trait::async_trait;
use rolecall::feed::{Cursor, Event, EventPage, Feed, FeedError, TakeEvents};
use rolecall::plan::Plan;

use crate::provision::plan_in;
use crate::sql::harness::Database;

/// The plan of a connector whose `connect` reaches a database.
pub fn plan_on(database: &Database, resource_types: &str) -> Plan {
    let text = format!("app_name: Acme\n{}{resource_types}", database.connect());
    let password = database.url.password().unwrap_or_default();
    let file = database.folder.path().join("acme.yaml");
    plan_in(&file, &text, &[("PASSWORD", password)])
}

/// Takes all pages.
#[derive(Default)]
pub struct All(pub Vec<EventPage>);

#[async_trait]
impl TakeEvents for All {
    async fn take(&mut self, page: EventPage) -> std::io::Result<bool> {
        self.0.push(page);
        Ok(true)
    }
}

/// The pages from a cursor to the end, each asked for on its own by its cursor's text.
pub async fn pages(feed: &Feed<'_>, cursor: &Cursor, size: usize) -> Vec<EventPage> {
    let mut pages: Vec<EventPage> = Vec::new();
    let mut cursor = cursor.clone();
    loop {
        let page = feed.page(&cursor, size).await.expect("the source answers");
        assert!(page.events.len() <= size, "{} events", page.events.len());
        assert!(page.cursor.len() <= rolecall::feed::LONGEST_CURSOR);
        cursor = feed.cursor(&page.cursor).expect("it was written by us");
        let has_more = page.has_more;
        pages.push(page);
        assert!(pages.len() < 1000, "the feed never ends");
        if !has_more {
            return pages;
        }
    }
}

/// The events of pages, without problems.
pub fn events(pages: &[EventPage]) -> Vec<&Event> {
    for page in pages {
        assert_eq!(page.problems, Vec::<String>::new());
    }
    pages.iter().flat_map(|page| &page.events).collect()
}

/// The ids of events.
pub fn ids(pages: &[EventPage]) -> Vec<String> {
    let events = events(pages);
    events.iter().map(|event| event.id.clone()).collect()
}

/// The cursor behind pages.
pub fn behind(feed: &Feed<'_>, pages: &[EventPage]) -> Cursor {
    let last = pages.last().expect("there is a page");
    feed.cursor(&last.cursor).expect("it was written by us")
}

/// Reads to the end in one go: what a command does.
pub async fn streamed(
    feed: &Feed<'_>,
    cursor: &Cursor,
    size: usize,
) -> Result<Vec<EventPage>, FeedError> {
    let mut all = All::default();
    let last = feed.stream(cursor, size, &mut all).await?;
    assert_eq!(all.0.last().map(|page| page.cursor.clone()), Some(last));
    Ok(all.0)
}
