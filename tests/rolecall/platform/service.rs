//! The service over TLS, called by a plain client.

use std::fs;
use std::time::Duration;

use rolecall::platform::{Cancelled, Credentials, State, UploadKind};
use rolecall::proto::connectorapi::baton::v1::{
    BatonServiceGetTasksRequest, BatonServiceHeartbeatRequest, BatonServiceHelloRequest,
};
use tonic::{Code, Status};

use super::caller::{self, Caller};
use super::site::{Site, quick};
use super::{hello, short, sync};

/// A platform with one client, and a host of it.
async fn with_host() -> (Site, Caller, Credentials) {
    let site = Site::start(quick()).await;
    let acme = site.client("acme");
    let caller = Caller::connect(&site, &acme, "h1").await;
    (site, caller, acme)
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

    let greeting = site
        .queue()
        .put(&acme.client_id, &hello(), None, site.now())
        .unwrap();
    let id = site
        .queue()
        .put(&acme.client_id, &sync(), None, site.now())
        .unwrap();
    assert_eq!(h1.task().await.expect("a task").id, greeting);
    h1.hello(&greeting).await.expect("a hello that answers");
    assert_eq!(site.queue().task(&greeting).unwrap().state, State::Done);

    let got = h1.asks().await.expect("an answer");
    assert!(got.next_poll.is_some(), "also when there was a task");
    assert_eq!(got.task.expect("a task").id, id);
    assert!(h1.beats(&id).await.expect("an answer"));
    let file = [b"C1ZF\0".to_vec(), vec![7; 1_600_000]].concat();
    h1.uploads(&id, &file, 512 << 10).await.expect("taken");
    assert!(
        site.queue().last_sync(&acme.client_id).unwrap().is_none(),
        "not yet"
    );
    h1.succeeds(&id).await.expect("taken");

    let record = site.queue().task(&id).unwrap();
    assert_eq!((record.state, record.attempt), (State::Done, 1));
    let upload = site
        .queue()
        .last_sync(&acme.client_id)
        .unwrap()
        .expect("a file");
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
    let id = site
        .queue()
        .put(&acme.client_id, &short(), None, site.now())
        .unwrap();
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
    let id = site
        .queue()
        .put(&acme.client_id, &sync(), None, site.now())
        .unwrap();
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
async fn a_task_that_is_called_off_is_told_by_the_heartbeat() {
    let (site, mut h1, acme) = with_host().await;
    let id = &acme.client_id;
    let put = || site.queue().put(id, &sync(), None, site.now()).unwrap();
    let [answered, abandoned, done, waiting] = [(); 4].map(|()| put());
    let state = |id: &str| site.queue().task(id).unwrap().state;
    let cancel = |id: &str| site.queue().cancel(id, site.now()).unwrap();

    assert_eq!(cancel(&waiting), Cancelled::Now);
    assert_eq!(state(&waiting), State::Cancelled);

    assert_eq!(h1.task().await.expect("a task").id, answered);
    assert!(h1.beats(&answered).await.expect("an answer"));
    assert_eq!(cancel(&answered), Cancelled::Asked);
    assert!(!h1.beats(&answered).await.expect("an answer"));
    h1.fails(&answered, Code::Cancelled, false)
        .await
        .expect("taken");
    assert_eq!(state(&answered), State::Cancelled);

    // Connectors of the reference implementation send no answer when the first heartbeat tells.
    assert_eq!(h1.task().await.expect("a task").id, abandoned);
    cancel(&abandoned);
    assert!(!h1.beats(&abandoned).await.expect("an answer"));
    site.later(Duration::from_secs(5));
    assert_eq!(h1.task().await.expect("the next one").id, done);
    assert_eq!(state(&abandoned), State::Cancelled);

    // What was done in spite of it was done.
    cancel(&done);
    h1.succeeds(&done).await.expect("taken");
    assert_eq!(state(&done), State::Done);
    assert_eq!(cancel(&done), Cancelled::TooLate(State::Done));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_tasks_are_asked_for_at_once() {
    let (site, mut h1, acme) = with_host().await;
    let id = &acme.client_id;
    let put = |task| site.queue().put(id, &task, None, site.now()).unwrap();
    let ids = [put(sync()), put(sync()), put(short()), put(short())];
    let mut ask = async |page_size, known: &[&String]| {
        let request = BatonServiceGetTasksRequest {
            host_id: h1.host.clone(),
            page_size,
            known_task_ids: known.iter().map(|id| id.to_string()).collect(),
            annotations: Vec::new(),
        };
        let answer = h1.service.get_tasks(request).await.expect("an answer");
        let answer = answer.into_inner();
        assert!(answer.next_poll.is_some() && answer.next_heartbeat.is_some());
        let tasks = answer.tasks.into_iter();
        tasks.map(|task| task.id).collect::<Vec<_>>()
    };
    let [first, second, third, fourth] = &ids;
    assert_eq!(ask(2, &[]).await, [first, third].map(String::clone));
    // Those that it knows stay its own, however long they wait there.
    for _ in 0..3 {
        site.later(Duration::from_secs(3));
        assert_eq!(ask(1, &[first, third, fourth]).await, Vec::<String>::new());
    }
    assert_eq!(
        ask(100, &[first, third]).await,
        std::slice::from_ref(fourth)
    );
    // One that it does not know any more is handed out again; so is a sync after the other.
    site.later(Duration::from_secs(5));
    let again = ask(100, &[third, fourth]).await;
    assert_eq!(again, std::slice::from_ref(first));
    assert_eq!(site.queue().task(second).unwrap().state, State::Pending);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_heartbeat_may_be_for_several_tasks() {
    let (site, mut h1, acme) = with_host().await;
    let id = &acme.client_id;
    let ids = [(); 2].map(|()| site.queue().put(id, &short(), None, site.now()).unwrap());
    for _ in &ids {
        h1.task().await.expect("a task");
    }
    site.queue().cancel(&ids[1], site.now()).unwrap();
    let gone = "a".repeat(27);
    let request = BatonServiceHeartbeatRequest {
        host_id: "h1".to_owned(),
        task_ids: vec![ids[0].clone(), ids[1].clone(), gone.clone()],
        ..Default::default()
    };
    let answer = h1.service.heartbeat(request).await.expect("an answer");
    let answer = answer.into_inner();
    assert!(!answer.cancelled);
    assert_eq!(answer.cancelled_task_ids, [ids[1].clone(), gone]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_protocol_does_not_allow_is_told() {
    let (_site, mut h1, _) = with_host().await;
    let id = "a".repeat(27);
    let mut said = String::new();
    let mut tell = |what: &str, refused: Status| {
        assert_eq!(refused.code(), Code::InvalidArgument, "{what}");
        said.push_str(&format!("{what}: {}\n", refused.message()));
    };
    let hellos: [(&str, fn(&mut BatonServiceHelloRequest)); 9] = [
        ("no host", |hello| hello.host_id.clear()),
        ("a long host", |hello| hello.host_id = "h".repeat(257)),
        ("a short task id", |hello| hello.task_id = "x".to_owned()),
        ("no build", |hello| hello.build_info = None),
        ("no machine", |hello| hello.os_info = None),
        ("no kernel", |hello| {
            hello
                .os_info
                .as_mut()
                .expect("there")
                .kernel_version
                .clear();
        }),
        ("no metadata", |hello| hello.connector_metadata = None),
        ("no name", |hello| {
            hello
                .connector_metadata
                .as_mut()
                .expect("there")
                .display_name
                .clear();
        }),
        ("a help page that is none", |hello| {
            let about = hello.connector_metadata.as_mut().expect("there");
            about.help_url = "http://h".to_owned();
        }),
    ];
    for (what, change) in hellos {
        let mut hello = caller::hello("h1", "");
        change(&mut hello);
        let refused = h1.service.hello(hello).await.expect_err(what);
        tell(what, refused);
    }
    let annotated = BatonServiceHeartbeatRequest {
        host_id: "h1".to_owned(),
        task_id: id.clone(),
        annotations: vec![prost_types::Any::default(); 17],
        ..Default::default()
    };
    let refused = h1.service.heartbeat(annotated).await.expect_err("refused");
    tell("many annotations", refused);
    let of_none = BatonServiceHeartbeatRequest {
        host_id: "h1".to_owned(),
        ..Default::default()
    };
    let refused = h1.service.heartbeat(of_none).await.expect_err("refused");
    tell("a heartbeat for nothing", refused);
    for page_size in [0, 101] {
        let request = BatonServiceGetTasksRequest {
            host_id: "h1".to_owned(),
            page_size,
            ..Default::default()
        };
        let refused = h1.service.get_tasks(request).await.expect_err("refused");
        tell(&format!("{page_size} tasks"), refused);
    }
    let mut without_end = caller::success("h1", &id);
    without_end.final_state = None;
    let refused = h1
        .service
        .finish_task(without_end)
        .await
        .expect_err("refused");
    tell("neither success nor error", refused);
    insta::assert_snapshot!("not_allowed", said);

    let unknown = h1.succeeds(&id).await.expect_err("refused");
    assert_eq!(unknown.code(), Code::NotFound);
    let unknown = h1.beats(&id).await.expect_err("refused");
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_answers_hello_tasks_only_and_more_than_once() {
    let (site, mut h1, acme) = with_host().await;
    let id = &acme.client_id;
    let put = |task| site.queue().put(id, &task, None, site.now()).unwrap();
    let (greeting, other) = (put(hello()), put(short()));
    let early = h1.hello(&greeting).await.expect_err("nobody has it");
    assert_eq!(early.code(), Code::FailedPrecondition);
    h1.task().await.expect("a task");
    h1.task().await.expect("a task");
    let refused = h1.hello(&other).await.expect_err("it is no hello task");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    h1.hello(&greeting).await.expect("taken");
    h1.hello(&greeting).await.expect("taken, without effect");
    let refused = h1
        .on("h2")
        .hello(&greeting)
        .await
        .expect_err("not its task");
    assert_eq!(refused.code(), Code::FailedPrecondition);
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
