//! Event feeds: which there are, and what happened.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use tonic::Code;

use super::Connector;
use super::event;
use super::failure::malformed;
use crate::c1z::message::instant;
use crate::causes::in_one_line;
use crate::daemon::{Answer, Failure};
use crate::feed::{FEED_ID, Feed, FeedError, LARGEST_PAGE};
use crate::plan::Plan;
use crate::proto::connector::v2 as proto;
use crate::proto::connectorapi::baton::v1::task::{EventFeedTask, ListEventsTask};
use proto::EventType;

/// How many events a page has, where nobody says.
const USUAL_PAGE: usize = 100;

/// The feeds: one, where the connector file lists changes.
pub(super) fn list_feeds(connector: &Connector) -> Answer {
    let kinds = kinds(&connector.plan);
    let feed = (!kinds.is_empty()).then(|| proto::EventFeedMetadata {
        id: FEED_ID.to_owned(),
        supported_event_types: kinds.into_iter().map(i32::from).collect(),
    });
    let response = proto::ListEventFeedsResponse {
        list: feed.into_iter().collect(),
        annotations: Vec::new(),
    };
    Answer::with(&response, Vec::new())
}

/// What the feed tells of.
fn kinds(plan: &Plan) -> Vec<EventType> {
    let grants = plan.types.iter().flat_map(|found| &found.grants);
    let changes = grants.filter_map(|entry| entry.changes.as_ref());
    let has = [
        (
            EventType::ResourceChange,
            plan.types.iter().any(|found| found.changes.is_some()),
        ),
        (EventType::CreateGrant, changes.clone().next().is_some()),
        (
            EventType::CreateRevoke,
            changes.clone().any(|changes| changes.revoked.is_some()),
        ),
    ];
    let has = has.into_iter().filter(|(_, has)| *has);
    has.map(|(kind, _)| kind).collect()
}

/// One page of what happened.
pub(super) async fn list(connector: &Connector, task: &ListEventsTask) -> Result<Answer, Failure> {
    let id = task.event_feed_id.as_str();
    if ![FEED_ID, ""].contains(&id) {
        return Err(Failure::lasting(
            Code::NotFound,
            format!("there is no event feed `{id}`; there is `{FEED_ID}`"),
        ));
    }
    let size = match task.page_size {
        0 => USUAL_PAGE,
        size => usize::try_from(size).unwrap_or(LARGEST_PAGE),
    };
    page(connector, &task.cursor, task.start_at.as_ref(), size).await
}

/// The oldest way to ask, which has no cursor: the first page since a moment. Its answer has the cursor
/// that the newer way goes on with.
pub(super) async fn begin(connector: &Connector, task: &EventFeedTask) -> Result<Answer, Failure> {
    page(connector, "", task.start_at.as_ref(), USUAL_PAGE).await
}

async fn page(
    connector: &Connector,
    cursor: &str,
    start_at: Option<&Timestamp>,
    size: usize,
) -> Result<Answer, Failure> {
    let feed = Feed::of(&connector.plan).map_err(|error| failed(&error))?;
    let cursor = match cursor {
        "" => feed.begin(start_at.map(moment).transpose()?),
        text => feed.cursor(text).map_err(|error| failed(&error))?,
    };
    let page = feed.page(&cursor, size).await;
    let page = page.map_err(|error| failed(&error))?;
    for problem in &page.problems {
        tracing::warn!(%problem, "the event feed may lack something");
    }
    let response = proto::ListEventsResponse {
        events: page.events.iter().map(event::message).collect(),
        cursor: page.cursor,
        has_more: page.has_more,
        annotations: Vec::new(),
    };
    Ok(Answer::with(&response, Vec::new()))
}

fn moment(at: &Timestamp) -> Result<DateTime<Utc>, Failure> {
    instant(at).ok_or_else(|| malformed("`start_at` is no moment that a calendar has"))
}

fn failed(error: &FeedError) -> Failure {
    let message = in_one_line(error);
    match error {
        FeedError::NoFeed => Failure::lasting(Code::Unimplemented, message),
        error if error.is_wrong() => malformed(message),
        error if error.is_transient() => Failure::retryable(Code::Unavailable, message),
        FeedError::Source { .. } => Failure::retryable(Code::Unknown, message),
        _ => Failure::lasting(Code::FailedPrecondition, message),
    }
}
