//! Syncs: what of the system they cover, what is delivered, and what an interruption leaves.

use std::path::Path;
use std::sync::atomic::Ordering;

use chrono::Utc;
use rolecall::c1z::{Begin, C1z, EntitlementFilter, GrantFilter, ReadLimits, WorkFile};
use rolecall::daemon::Answer;
use rolecall::daemon::task::PartialSyncs;
use rolecall::model::SyncRun;
use rolecall::sync::{self, Options, Scope, SyncError};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::desk::{Desk, failure};
use super::grants::grant;
use crate::http::server::{Exchange, Server};

fn named(id: &str, fields: Json) -> Json {
    json!({"id": id, "syncFull": fields})
}

fn run_of(file: &Path) -> SyncRun {
    let opened = C1z::open(file, ReadLimits::default()).expect("a sync file");
    opened.sync(None).expect("a finished run").run().clone()
}

/// The kind of a delivered sync, and the ids of what it holds.
fn holds(file: &Path) -> String {
    let opened = C1z::open(file, ReadLimits::default()).expect("a sync file");
    let sync = opened.sync(None).expect("a finished run");
    let kind = sync.run().kind.as_str().to_owned();
    let resources = sync
        .resources(None)
        .map(|it| it.expect("readable").id.to_string());
    let entitlements = sync.entitlements(&EntitlementFilter::default());
    let entitlements = entitlements.map(|it| it.expect("readable").id.to_string());
    let grants = sync.grants(&GrantFilter::default());
    let grants = grants.map(|it| it.expect("readable").id.to_string());
    let sorted = |ids: &mut dyn Iterator<Item = String>| {
        let mut ids: Vec<_> = ids.collect();
        ids.sort();
        ids
    };
    let (mut resources, mut entitlements, mut grants) = (resources, entitlements, grants);
    let all = [
        sorted(&mut resources),
        sorted(&mut entitlements),
        sorted(&mut grants),
    ]
    .concat();
    format!("{kind}: {}", all.join(", "))
}

const NESTED: &str = "app_name: Acme
connect: {dsn: 'sqlite:company.db'}
resource_types:
  user:
    name: User
    list: {query: 'SELECT id FROM users ORDER BY id', map: {id: .id, display_name: .id, traits: {user: {}}}}
  team:
    name: Team
    list: {query: 'SELECT id FROM teams ORDER BY id', map: {id: .id, display_name: .id, traits: {group: {}}}}
    static_entitlements:
      - {id: member, display_name: \"'Member'\", purpose: assignment, grantable_to: [user, team]}
    grants:
      - query: SELECT who, type FROM members WHERE team = ?<team> ORDER BY who
        vars: {team: resource.ID}
        map:
          - skip_if: .type != 'user'
            principal_id: .who
            principal_type: user
            entitlement_id: member
          - skip_if: .type != 'team'
            principal_id: .who
            principal_type: team
            entitlement_id: member
            expandable: {entitlement_ids: [\"'team:' + .who + ':member'\"]}
";

fn nested() -> Desk {
    let desk = Desk::of(tempfile::tempdir().expect("a folder"), NESTED, &[]);
    desk.execute(
        "CREATE TABLE users (id TEXT); CREATE TABLE teams (id TEXT);
         CREATE TABLE members (team TEXT, type TEXT, who TEXT);
         INSERT INTO users VALUES ('ada'), ('bob');
         INSERT INTO teams VALUES ('inner'), ('outer');
         INSERT INTO members VALUES ('inner', 'user', 'ada'), ('outer', 'team', 'inner');",
    );
    desk
}

#[tokio::test]
async fn a_sync_covers_what_the_task_says() {
    let team = |id: &str| json!({"id": {"resourceType": "team", "resource": id}});
    let tasks = [
        ("everything", json!({})),
        (
            "grants that bring others as they are",
            json!({"skipExpandGrants": true}),
        ),
        ("without access", json!({"skipEntitlementsAndGrants": true})),
        ("without grants", json!({"skipGrants": true})),
        ("one type", json!({"syncResourceTypeIds": ["user"]})),
        (
            "one resource",
            json!({"targetedSyncResources": [team("inner")]}),
        ),
        (
            "one resource, whatever the types",
            json!({"targetedSyncResources": [team("outer")], "syncResourceTypeIds": ["user"]}),
        ),
        (
            "one resource without grants",
            json!({"targetedSyncResources": [team("inner")], "skipGrants": true}),
        ),
        (
            "one that is there and one that is not",
            json!({"targetedSyncResources": [team("inner"), team("gone")]}),
        ),
        ("in another form", json!({"storageEngine": "pebble"})),
    ];
    let mut told = String::new();
    let desk = nested();
    for (number, (title, fields)) in tasks.into_iter().enumerate() {
        let id = format!("2Sync{number}");
        let answer = desk.run(named(&id, fields)).await;
        assert_eq!(answer, Answer::done(), "{title}");
        told.push_str(&format!("{title}\n  {}\n", holds(&desk.delivered(&id))));
    }
    insta::assert_snapshot!(told);
    assert!(desk.kept().is_empty(), "the platform has it");
}

#[tokio::test]
async fn types_of_the_task_come_before_those_of_the_command_line() {
    let desk = nested().syncing(&["user"]);
    desk.run(named("2Local", json!({}))).await;
    assert_eq!(
        holds(&desk.delivered("2Local")),
        "partial: user:ada, user:bob"
    );
    desk.run(named(
        "2Task",
        json!({"syncResourceTypeIds": ["team"], "skipGrants": true}),
    ))
    .await;
    let teams = "partial: team:inner, team:outer, team:inner:member, team:outer:member";
    assert_eq!(holds(&desk.delivered("2Task")), teams);
}

#[tokio::test]
async fn a_resource_that_is_not_there_is_told() {
    let desk = nested();
    let gone = json!([{"id": {"resourceType": "team", "resource": "gone"}}]);
    let answer = desk
        .run(named("2Gone", json!({"targetedSyncResources": gone})))
        .await;
    assert_eq!(
        failure(&answer),
        (Code::NotFound, "no resource `team:gone` was listed", false)
    );
    assert!(!desk.delivered("2Gone").exists() && desk.kept().is_empty());
}

#[tokio::test]
async fn full_syncs_can_be_refused() {
    let mut desk = nested();
    desk.connector.syncs.skip_full = true;
    let answer = desk.run(named("2Full", json!({}))).await;
    let (code, message, retryable) = failure(&answer);
    assert_eq!((code, retryable), (Code::FailedPrecondition, false));
    assert!(message.contains("--skip-full-sync"), "{message}");
    let one = json!([{"id": {"resourceType": "team", "resource": "inner"}}]);
    let answer = desk
        .run(named("2One", json!({"targetedSyncResources": one})))
        .await;
    assert_eq!(answer, Answer::done());
}

#[tokio::test]
async fn a_file_that_did_not_arrive_is_only_uploaded() {
    let desk = nested();
    desk.platform.loses.store(1, Ordering::Relaxed);
    let answer = desk.run(named("2Lost", json!({}))).await;
    assert_eq!(
        failure(&answer),
        (Code::Unavailable, "the upload was cut", true)
    );
    assert_eq!(desk.kept(), ["task-2Lost.c1z"]);
    // The system is gone: nothing is asked of it.
    std::fs::remove_file(desk.path("company.db")).expect("it is there");
    let answer = desk.run(named("2Lost", json!({}))).await;
    assert_eq!(answer, Answer::done());
    assert!(holds(&desk.delivered("2Lost")).contains("user:ada"));
    assert!(desk.kept().is_empty());
}

/// A sync that was killed before its end.
async fn killed(desk: &Desk, task_id: &str) -> SyncRun {
    std::fs::create_dir_all(desk.path("state")).expect("the folder is ours");
    let plan = &desk.connector.plan;
    let scope = Scope::default();
    let begin = Begin {
        kind: scope.kind(),
        fingerprint: &sync::fingerprint(plan, &scope),
        now: Utc::now(),
        fresh: false,
    };
    let output = desk.path(&format!("state/task-{task_id}.c1z"));
    let (work, _) = WorkFile::open(&output, &begin).expect("can be made");
    let run = sync::SyncSink::run(&work).clone();
    let options = Options {
        scope,
        concurrency: desk.connector.syncs.concurrency.clone(),
        meter: desk.connector.meter.clone(),
        cancel: CancellationToken::new(),
        watcher: None,
    };
    options.cancel.cancel();
    let ran = sync::run(plan.clone(), work, options, &|_| {}).await;
    assert!(matches!(ran, Err(SyncError::Interrupted)));
    run
}

#[tokio::test]
async fn a_sync_that_was_killed_goes_on_when_its_task_comes_again() {
    let desk = nested();
    let begun = killed(&desk, "2Killed").await;
    let answer = desk.run(named("2Killed", json!({}))).await;
    assert_eq!(answer, Answer::done());
    let run = run_of(&desk.delivered("2Killed"));
    assert_eq!((run.id, run.started_at), (begun.id, begun.started_at));
    desk.run(named("2Whole", json!({}))).await;
    let whole = holds(&desk.delivered("2Whole"));
    assert_eq!(holds(&desk.delivered("2Killed")), whole);
    assert!(desk.kept().is_empty());
}

#[tokio::test]
async fn a_work_file_that_is_damaged_is_in_nobodys_way() {
    let desk = nested();
    killed(&desk, "2Damaged").await;
    let path = desk.path("state/task-2Damaged.c1z.work");
    for content in ["nonsense".repeat(1000).into_bytes(), vec![0; 4096]] {
        std::fs::create_dir_all(desk.path("state")).expect("the folder is ours");
        std::fs::write(&path, content).expect("it is ours");
        let answer = desk.run(named("2Damaged", json!({}))).await;
        assert_eq!(answer, Answer::done());
        assert!(desk.kept().is_empty());
    }
}

#[tokio::test]
async fn two_do_not_write_the_same_file() {
    let desk = nested();
    std::fs::create_dir_all(desk.path("state")).expect("the folder is ours");
    let begin = Begin {
        kind: Scope::default().kind(),
        fingerprint: "",
        now: Utc::now(),
        fresh: false,
    };
    let held = WorkFile::open(&desk.path("state/task-2Held.c1z"), &begin).expect("can be made");
    let answer = desk.run(named("2Held", json!({}))).await;
    let (code, message, retryable) = failure(&answer);
    assert_eq!((code, retryable), (Code::Aborted, true), "{message}");
    drop(held);
    assert_eq!(desk.run(named("2Held", json!({}))).await, Answer::done());
}

#[tokio::test]
async fn a_sync_that_is_cancelled_ends_and_keeps_what_it_found() {
    let slow: Exchange = serde_json::from_value(json!({
        "ask": "GET /users", "answer": 200, "json": {"users": [{"id": 1}]}, "delay_ms": 300, "often": true,
    }))
    .expect("an exchange");
    let server = Server::start(vec![slow]);
    let desk = api(&server);
    let cancel = desk.cancel.clone();
    let stop = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        cancel.cancel();
    };
    let (answer, ()) = tokio::join!(desk.run(named("2Stopped", json!({}))), stop);
    let (code, message, retryable) = failure(&answer);
    assert_eq!((code, retryable), (Code::Cancelled, true), "{message}");
    assert!(!desk.delivered("2Stopped").exists());
    assert!(
        desk.kept().contains(&"task-2Stopped.c1z.work".to_owned()),
        "{:?}",
        desk.kept()
    );
}

const API: &str = "app_name: Acme
connect: {base_url: '${BASE}'}
http: {retry: {max_attempts: 1}}
resource_types:
  user:
    name: User
    list:
      request: {url: /users}
      response: {items_path: users, resource_mapping: {id: 'cel:item.id', display_name: 'cel:item.id'}}
  team:
    name: Team
    static_resources: [{id: red}]
";

fn api(server: &Server) -> Desk {
    let base = format!("http://{}", server.address());
    Desk::of(
        tempfile::tempdir().expect("a folder"),
        API,
        &[("BASE", &base)],
    )
}

fn answers(status: u16, json: Json) -> Server {
    let exchange = json!({"ask": "GET /users", "answer": status, "json": json, "often": true});
    Server::start(vec![serde_json::from_value(exchange).expect("an exchange")])
}

#[tokio::test]
async fn why_a_sync_gave_up_is_told() {
    let mut told = String::new();
    for (status, json) in [
        (500, json!({})),
        (401, json!({})),
        (200, json!({"people": []})),
        (200, json!({"users": [{"name": "Ada"}, {"name": "Bob"}]})),
    ] {
        let server = answers(status, json.clone());
        let desk = api(&server);
        let answer = desk.run(named("2Failed", json!({}))).await;
        let why = desk
            .why(&answer)
            .replace(&server.address().to_string(), "BASE");
        told.push_str(&format!("{status} {json}\n  {why}"));
        assert!(!desk.delivered("2Failed").exists());
    }
    insta::assert_snapshot!(told);
}

/// Some records can be read and one cannot: something may be missing.
fn lacking() -> Server {
    let users: Vec<_> = (0..40).map(|number| json!({"id": number})).collect();
    let users = [users, vec![json!({"name": "nobody"})]].concat();
    answers(200, json!({"users": users}))
}

#[tokio::test]
async fn a_sync_that_may_lack_something_is_not_uploaded() {
    let server = lacking();
    let desk = api(&server);
    let answer = desk.run(named("2Partial", json!({}))).await;
    insta::assert_snapshot!(desk.why(&answer), @"Aborted, again: the sync may lack something, so it is not uploaded (`--partial-syncs upload` does): record-failed (1): Acme: mapping record 41 (`nobody`) of resources of type `user`, written at FOLDER/connector.yaml:8:22: `id`: `item.id`: there is no field `id`; write `has(…)` to ask first");
    assert!(!desk.delivered("2Partial").exists() && desk.kept().is_empty());
}

#[tokio::test]
async fn a_sync_that_may_lack_something_is_uploaded_where_somebody_wants_it() {
    let server = lacking();
    let mut desk = api(&server);
    desk.connector.syncs.partial = PartialSyncs::Upload;
    assert_eq!(desk.run(named("2Partial", json!({}))).await, Answer::done());
    assert!(holds(&desk.delivered("2Partial")).contains("user:39"));
}

#[tokio::test]
async fn a_platform_that_wants_to_know_more_gets_the_report() {
    let desk = nested();
    let task = json!({"id": "2Debug", "debug": true, "syncFull": {}});
    assert_eq!(desk.run(task).await, Answer::done());
    let log = std::fs::read_to_string(desk.delivered("2Debug.log")).expect("delivered");
    let log: Json = serde_json::from_str(&log).expect("JSON");
    assert_eq!(
        (&log["verdict"], &log["counts"]["resources"]),
        (&json!("complete"), &json!(4))
    );
    assert!(holds(&desk.delivered("2Debug")).starts_with("full"));
    assert!(desk.kept().is_empty());
}

/// The tasks of a connector share its connection to the system.
#[tokio::test]
async fn changes_and_syncs_go_on_after_a_sync() {
    let desk = Desk::company();
    for number in 0..2 {
        assert_eq!(desk.run(json!({"syncFull": {}})).await, Answer::done());
        let team = ["blue:1", "red"][number];
        let answer = desk.run(grant(team, "o'neill")).await;
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    }
}

/// A loop runs tasks on threads of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_run_on_any_thread() {
    let desk = std::sync::Arc::new(Desk::company());
    let tasks = [
        json!({"syncFull": {}}),
        grant("blue:1", "ada"),
        json!({"listEventFeeds": {}}),
    ];
    let running = tasks.map(|task| {
        let desk = desk.clone();
        tokio::spawn(async move { desk.run(task).await })
    });
    for ran in running {
        let answer = ran.await.expect("no task panics");
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    }
}
