//! Each folder of `tests/fixtures/feed`: a connector, what fills the database or what the API
//! answers, and the events that come of it.

use std::error::Error as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use rolecall::feed::Feed;

use super::All;
use crate::http::server::{Exchange, Server};
use crate::provision::plan_in;

/// The moment from which the cases ask.
fn start() -> Option<DateTime<Utc>> {
    Some("2026-01-01T00:00:00Z".parse().expect("a moment"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fixture_tells_its_events() {
    for case in crate::fixtures("feed") {
        let name = case.file_name().expect("a folder").to_string_lossy();
        let told = told(&case).await;
        insta::with_settings!({
            snapshot_path => case.clone(),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!("events", told, &name);
        });
    }
}

/// What a case tells, as JSON lines; then the same from the last cursor on.
async fn told(case: &Path) -> String {
    let read = |name: &str| std::fs::read_to_string(case.join(name)).ok();
    let connector = read("connector.yaml").expect("a connector");
    let folder = tempfile::tempdir().expect("a folder can be made");
    if let Some(schema) = read("schema.sql") {
        rusqlite::Connection::open(folder.path().join("acme.db"))
            .expect("the file can be made")
            .execute_batch(&schema)
            .expect("the statements run");
    }
    let server = Server::bind();
    let base = format!("http://{}", server.address());
    let exchanges = read("exchanges.yaml").unwrap_or("[]".to_owned());
    let exchanges = exchanges.replace("${BASE}", &base);
    let exchanges: Vec<Exchange> = serde_yaml::from_str(&exchanges).expect("exchanges");
    let server = server.script(exchanges);
    let file = folder.path().join("acme.yaml");
    let plan = plan_in(&file, &connector, &[("BASE", &base)]);
    let feed = Feed::of(&plan).expect("there are changes");
    let mut lines = Vec::new();
    let mut cursor = feed.begin(start());
    for round in ["at first", "later"] {
        lines.push(format!("--- {round}"));
        let mut all = All::default();
        let ended = feed.stream(&cursor, 2, &mut all).await;
        for page in &all.0 {
            let events = page.events.iter().map(serde_json::to_string);
            lines.extend(events.map(|event| event.expect("an event is plain data")));
            let problems = page.problems.iter();
            lines.extend(problems.map(|problem| format!("problem: {problem}")));
        }
        if let Err(error) = ended {
            let cause = error.source().map(|cause| format!(": {cause}"));
            let cause = cause.unwrap_or_default().replace(&base, "${BASE}");
            lines.push(format!("error: {error}{cause}"));
        }
        // What was told before a failure is not told again.
        if !all.0.is_empty() {
            cursor = super::behind(&feed, &all.0);
        }
    }
    assert_eq!(server.finish(), Vec::<String>::new(), "{}", case.display());
    lines.join("\n")
}
