//! Either side is killed, stopped or told to give up in the middle of a task.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rolecall::c1z::{C1z, GrantFilter, ReadLimits};
use rolecall::platform::{Event, State, TaskRecord};

use super::site::Site;
use super::tasks;

/// So many that a sync takes some seconds.
const MANY: usize = 20_000;

async fn running(people: usize) -> Site {
    let mut site = Site::new(people, 2).await;
    site.start_platform();
    site.start_daemon();
    site
}

fn leased(task: &TaskRecord) -> bool {
    task.state == State::Leased
}

/// The sync files that the platform has of a task.
fn uploads(site: &Site, task: &str) -> Vec<PathBuf> {
    let folder = site.path("platform/uploads").join(task);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path());
    files
        .filter(|path| path.extension().is_some_and(|it| it == "c1z"))
        .collect()
}

/// The number of grants in the sync file that the platform has of a task.
fn grants(site: &Site, task: &str) -> usize {
    let [file] = uploads(site, task).try_into().expect("one upload");
    let file = C1z::open(&file, ReadLimits::default()).expect("a sync file");
    let sync = file.sync(None).expect("a finished sync");
    sync.grants(&GrantFilter::default()).count()
}

/// Waits until the daemon has begun to write what a sync finds.
async fn sync_is_under_way(site: &Site) {
    let began = Instant::now();
    loop {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "no sync is under way:\n{}",
            site.logs()
        );
        let entries = std::fs::read_dir(site.path("state/syncs"));
        let mut files = entries.into_iter().flatten().flatten();
        let large = |entry: std::fs::DirEntry| entry.metadata().is_ok_and(|it| it.len() > 200_000);
        if files.any(large) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_go_through() {
    let site = running(5).await;
    let granted = site.ask(tasks::grant("t0", "p1"));
    assert_eq!(site.end_of(&granted).await.state, State::Done);
    let synced = site.ask(tasks::sync());
    assert_eq!(site.end_of(&synced).await.state, State::Done);
    assert_eq!(grants(&site, &synced), 1);
    let revoked = site.ask(tasks::revoke("t0", "p1"));
    assert_eq!(site.end_of(&revoked).await.state, State::Done);
    let created = site.ask(tasks::create_account("grace"));
    assert_eq!(site.end_of(&created).await.state, State::Done);
    let log: Vec<_> = site.log().into_keys().collect();
    assert_eq!(log, ["create grace", "grant t0 p1", "revoke t0 p1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_daemon_goes_on_with_its_sync() {
    let mut site = running(MANY).await;
    let id = site.ask(tasks::sync());
    sync_is_under_way(&site).await;
    site.kill_daemon();
    assert!(leased(&site.queue.task(&id).expect("it was asked for")));
    site.start_daemon();
    let task = site.end_of(&id).await;
    assert_eq!(task.state, State::Done, "{}", site.logs());
    assert_eq!(task.attempt, 2);
    assert!(site.logs().contains("goes on where"), "{}", site.logs());
    assert_eq!(uploads(&site, &id).len(), 1);
    let left = std::fs::read_dir(site.path("state/syncs")).expect("a folder");
    assert_eq!(left.count(), 0, "the platform has it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_platform_loses_no_task() {
    let mut site = running(MANY).await;
    let sync = site.ask(tasks::sync());
    sync_is_under_way(&site).await;
    site.kill_platform();
    tokio::time::sleep(Duration::from_millis(500)).await;
    site.start_platform();
    let granted = site.ask(tasks::grant("t0", "p1"));
    assert_eq!(site.end_of(&granted).await.state, State::Done);
    assert_eq!(
        site.end_of(&sync).await.state,
        State::Done,
        "{}",
        site.logs()
    );
    assert_eq!(uploads(&site, &sync).len(), 1);
}

/// The row is there, and the process that made it is gone before it could say so.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_killed_while_it_grants_grants_once() {
    let mut site = running(5).await;
    for n in 0..3 {
        let person = format!("p{n}");
        // Nobody can write as long as this is held.
        let company = site.company();
        company.execute_batch("BEGIN IMMEDIATE").expect("a lock");
        let before = intents(&site);
        let id = site.ask(tasks::grant("t0", &person));
        while intents(&site) == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if n == 1 {
            // It was killed after the row was written.
            let row = format!("INSERT INTO members VALUES ('t0', '{person}')");
            company.execute_batch(&row).expect("a row");
        }
        site.kill_daemon();
        company.execute_batch("COMMIT").expect("no lock");
        site.start_daemon();
        let task = site.end_of(&id).await;
        assert_eq!(task.state, State::Done, "{}", site.logs());
        assert_eq!(site.log().get(&format!("grant t0 {person}")), Some(&1));
    }
}

/// How many changes the daemon has begun.
fn intents(site: &Site) -> usize {
    let text = std::fs::read_to_string(site.path("state/audit.jsonl")).unwrap_or_default();
    text.matches(r#""event":"intent""#).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_asked_to_stop_hands_its_sync_back() {
    let mut site = running(MANY).await;
    site.drain = "400ms";
    site.kill_daemon();
    site.start_daemon();
    let id = site.ask(tasks::sync());
    sync_is_under_way(&site).await;
    let status = site.stop_daemon().await;
    assert!(status.success(), "{status}\n{}", site.logs());
    let history = site.queue.history(Some(&id)).expect("a history");
    let events: Vec<_> = history.iter().map(|entry| entry.event).collect();
    assert_eq!(
        events,
        [Event::Queued, Event::Leased, Event::FailedForNow],
        "{history:?}\n{}",
        site.logs()
    );
    site.start_daemon();
    let task = site.end_of(&id).await;
    assert_eq!(task.state, State::Done, "{}", site.logs());
    assert!(site.logs().contains("goes on where"), "{}", site.logs());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_sync_ends_and_the_daemon_goes_on() {
    let site = running(MANY).await;
    let id = site.ask(tasks::sync());
    sync_is_under_way(&site).await;
    site.queue
        .cancel(&id, chrono::Utc::now())
        .expect("it is under way");
    let task = site.end_of(&id).await;
    assert_eq!(task.state, State::Cancelled, "{}", site.logs());
    assert_eq!(uploads(&site, &id).len(), 0);
    let granted = site.ask(tasks::grant("t0", "p1"));
    assert_eq!(site.end_of(&granted).await.state, State::Done);
}

/// Even with one slot.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_does_not_wait_for_a_sync() {
    let mut site = Site::new(MANY, 2).await;
    site.options = vec!["--task-concurrency=1".to_owned()];
    site.start_platform();
    site.start_daemon();
    let sync = site.ask(tasks::sync());
    sync_is_under_way(&site).await;
    let granted = site.ask(tasks::grant("t0", "p1"));
    assert_eq!(site.end_of(&granted).await.state, State::Done);
    let sync = site.queue.task(&sync).expect("it was asked for");
    assert!(leased(&sync), "{sync:?}");
}
