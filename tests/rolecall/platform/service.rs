//! The service over TLS, called by a plain client.

use std::fs;
use std::time::Duration;

use rolecall::platform::{State, UploadKind};
use tonic::Code;

use super::caller::Caller;
use super::site::{Site, quick};
use super::{hello, short, sync};

/// A platform with one client, and a host of it.
async fn with_host() -> (Site, Caller, String) {
    let site = Site::start(quick()).await;
    let acme = site.client("acme");
    let caller = Caller::connect(&site, &acme, "h1").await;
    (site, caller, acme.client_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_goes_from_the_queue_to_a_connector_and_its_answer_back() {
    let (site, mut h1, acme) = with_host().await;
    h1.hello("").await.expect("a platform that takes a hello");
    let client = site.home().clients().named(Some("acme")).expect("a client");
    assert_eq!(client.hello.expect("kept").host_id, "h1");

    let nothing = h1.asks().await.expect("an answer");
    assert!(nothing.task.is_none());
    assert!(nothing.next_poll.is_some() && nothing.next_heartbeat.is_some());

    let greeting = site.queue().put(&acme, &hello(), None, site.now()).unwrap();
    let id = site.queue().put(&acme, &sync(), None, site.now()).unwrap();
    assert_eq!(h1.task().await.expect("a task").id, greeting);
    h1.hello(&greeting).await.expect("a hello that answers");
    assert_eq!(site.queue().task(&greeting).unwrap().state, State::Done);

    let got = h1.asks().await.expect("an answer");
    assert!(got.next_poll.is_some(), "also when there was a task");
    assert_eq!(got.task.expect("a task").id, id);
    assert!(h1.beats(&id).await.expect("an answer"));
    let file = [b"C1ZF\0".to_vec(), vec![7; 1_600_000]].concat();
    h1.uploads(&id, &file, 512 << 10).await.expect("taken");
    assert!(site.queue().last_sync(&acme).unwrap().is_none(), "not yet");
    h1.succeeds(&id).await.expect("taken");

    let record = site.queue().task(&id).unwrap();
    assert_eq!((record.state, record.attempt), (State::Done, 1));
    let upload = site.queue().last_sync(&acme).unwrap().expect("a file");
    assert_eq!(
        (upload.kind, upload.bytes),
        (UploadKind::Sync, file.len() as u64)
    );
    let kept = fs::read(site.home().uploads().join(&upload.file)).expect("kept");
    assert!(kept == file, "the same bytes");
    let names: Vec<_> = fs::read_dir(site.home().uploads().join(&id))
        .unwrap()
        .collect();
    assert_eq!(names.len(), 1, "no parts are left");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_holder_answers_a_task() {
    let (site, mut h1, acme) = with_host().await;
    let id = site.queue().put(&acme, &short(), None, site.now()).unwrap();
    let mut h2 = h1.on("h2");
    let mut stranger = Caller::connect(&site, &site.client("other"), "h1").await;
    assert!(
        stranger.task().await.is_none(),
        "the task is another client's"
    );
    h1.task().await.expect("a task");
    assert!(h2.task().await.is_none(), "somebody has it");

    let code = |answer: Result<(), tonic::Status>| answer.expect_err("refused").code();
    assert_eq!(code(h2.succeeds(&id).await), Code::FailedPrecondition);
    assert_eq!(
        code(h2.uploads(&id, b"C1ZF\0", 5).await),
        Code::FailedPrecondition
    );
    assert_eq!(code(stranger.succeeds(&id).await), Code::NotFound);
    assert!(!h2.beats(&id).await.expect("an answer"), "it should stop");

    // The same answer again, because the first one's receipt got lost.
    h1.succeeds(&id).await.expect("taken");
    h1.succeeds(&id).await.expect("taken, without effect");
    assert_eq!(
        code(h1.fails(&id, Code::Internal, true).await),
        Code::FailedPrecondition
    );
    assert_eq!(site.queue().task(&id).unwrap().state, State::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_connector_falls_silent_goes_to_another_one() {
    let (site, mut h1, acme) = with_host().await;
    let id = site.queue().put(&acme, &sync(), None, site.now()).unwrap();
    let mut h2 = h1.on("h2");
    h1.task().await.expect("a task");
    for _ in 0..3 {
        site.later(Duration::from_secs(3));
        assert!(h1.beats(&id).await.expect("an answer"));
        assert!(h2.task().await.is_none(), "heartbeats keep it");
    }
    site.later(Duration::from_secs(5));
    assert_eq!(h2.task().await.expect("a task").id, id);
    assert!(!h1.beats(&id).await.expect("an answer"), "it should stop");
    let late = h1.succeeds(&id).await.expect_err("too late");
    assert_eq!(late.code(), Code::FailedPrecondition);
    h2.succeeds(&id).await.expect("taken");
    assert_eq!(site.queue().task(&id).unwrap().attempt, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_killed_knows_everything_that_it_acknowledged() {
    let mut site = Site::start(quick()).await;
    let acme = site.client("acme");
    let id = &acme.client_id;
    let [first, second] =
        [(); 2].map(|()| site.queue().put(id, &short(), None, site.now()).unwrap());
    let mut h1 = Caller::connect(&site, &acme, "h1").await;
    assert_eq!(h1.task().await.expect("a task").id, first);
    site.kill().await;
    h1.asks().await.expect_err("nobody is there");
    site.revive().await;

    let mut old = Caller::with_token(&site, &h1.token, "h1").await;
    let denied = old.succeeds(&first).await.expect_err("an old token");
    assert_eq!(denied.code(), Code::Unauthenticated);
    let mut h1 = Caller::connect(&site, &acme, "h1").await;
    assert_eq!(h1.task().await.expect("the other task").id, second);
    h1.succeeds(&first).await.expect("still held");
    assert_eq!(site.queue().task(&first).unwrap().state, State::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_token_nothing_is_answered() {
    let (site, mut h1, _) = with_host().await;
    for token in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let denied = Caller::with_token(&site, token, "h1").await.asks().await;
        assert_eq!(denied.expect_err("denied").code(), Code::Unauthenticated);
    }
    h1.asks().await.expect("a good token");
    site.platform().forget_tokens();
    let forgotten = h1.asks().await.expect_err("denied");
    assert_eq!(forgotten.code(), Code::Unauthenticated);

    let mut h1 = Caller::connect(&site, &site.client("other"), "h1").await;
    site.later(Duration::from_secs(3599));
    h1.asks().await.expect("a good token");
    site.later(Duration::from_secs(1));
    let expired = h1.asks().await.expect_err("denied");
    assert_eq!(expired.code(), Code::Unauthenticated);
}
