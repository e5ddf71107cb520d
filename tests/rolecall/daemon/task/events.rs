//! Event feeds.

use std::path::Path;

use rolecall::daemon::Answer;
use rolecall::proto::connector::v2::ListEventsResponse;
use rolecall::proto::connectorapi::baton::v1::Task;
use rolecall::proto::connectorapi::baton::v1::task::{ListEventsTask, TaskType};
use serde_json::{Value as Json, json};

use super::desk::{Desk, failure};

/// A fixture that tells of everything that a feed can tell of.
fn desk() -> Desk {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/feed/sql-everything");
    let read = |name| std::fs::read_to_string(fixture.join(name)).expect("it is a fixture");
    let connector = read("connector.yaml").replace("acme.db", "company.db");
    let desk = Desk::of(tempfile::tempdir().expect("a folder"), &connector, &[]);
    desk.execute(&read("schema.sql"));
    desk
}

fn page(answer: &Answer) -> ListEventsResponse {
    let Answer::Done(done) = answer else {
        panic!("it failed: {answer:?}");
    };
    let response = done.response.as_ref().expect("events");
    response.to_msg().expect("events")
}

/// What is told, without the cursor, which is another text for each version.
fn shown(desk: &Desk, answer: &Answer) -> String {
    let mut page = page(answer);
    page.cursor = "CURSOR".to_owned();
    desk.shown(&Answer::with(&page, Vec::new()))
}

#[tokio::test]
async fn what_happened_is_told_page_by_page() {
    let desk = desk();
    let feeds = desk.run(json!({"listEventFeeds": {}})).await;
    let mut told = desk.shown(&feeds);
    let mut cursor = String::new();
    let mut ids = Vec::new();
    for _ in 0..9 {
        let answer = desk
            .run(json!({"listEvents": {
                "eventFeedId": "baton_feed_event", "pageSize": 3, "cursor": cursor, "startAt": "2026-01-01T00:00:00Z",
            }}))
            .await;
        told = format!("{told}\n{}", shown(&desk, &answer));
        let page = page(&answer);
        assert!(page.events.len() <= 3);
        ids.extend(page.events.into_iter().map(|event| event.id));
        cursor = page.cursor;
        if !page.has_more {
            break;
        }
    }
    insta::assert_snapshot!(told);
    // The oldest way to ask begins where the newer one goes on.
    let answer = desk
        .run(json!({"eventFeed": {"startAt": "2026-01-01T00:00:00Z"}}))
        .await;
    let all = page(&answer);
    let same: Vec<_> = all.events.iter().map(|event| event.id.clone()).collect();
    assert_eq!(same, ids);
    let later = desk
        .run(json!({"listEvents": {"cursor": all.cursor}}))
        .await;
    assert!(page(&later).events.is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_told() {
    let desk = desk();
    let mut told = String::new();
    let ask = |fields: Json| json!({"listEvents": fields});
    for task in [
        ask(json!({"eventFeedId": "another"})),
        ask(json!({"cursor": "nonsense"})),
        ask(json!({"cursor": "x".repeat(5000)})),
    ] {
        let answer = desk.run(task).await;
        told.push_str(&desk.why(&answer));
    }
    desk.execute("DROP TABLE log");
    let answer = desk.run(ask(json!({}))).await;
    told.push_str(&desk.why(&answer));
    // No feed.
    let desk = Desk::company();
    let answer = desk.run(ask(json!({}))).await;
    told.push_str(&desk.why(&answer));
    told.push_str(&desk.shown(&desk.run(json!({"listEventFeeds": {}})).await));
    insta::assert_snapshot!(told);
}

/// It has no form in JSON.
#[tokio::test]
async fn a_moment_that_no_calendar_has_is_refused() {
    let start_at = prost_types::Timestamp {
        seconds: i64::MAX,
        nanos: -1,
    };
    let task = Task {
        id: "2a".to_owned(),
        task_type: Some(TaskType::ListEvents(ListEventsTask {
            start_at: Some(start_at),
            ..ListEventsTask::default()
        })),
        ..Task::default()
    };
    let answer = desk().run_task(&task).await;
    let (code, message, retryable) = failure(&answer);
    assert_eq!((code, retryable), (tonic::Code::InvalidArgument, false));
    assert!(message.contains("no moment"), "{message}");
}
