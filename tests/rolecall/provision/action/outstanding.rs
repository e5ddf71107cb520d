//! Actions that run on their own.

use std::sync::Arc;
use std::time::Duration;

use rolecall::plan::Plan;
use rolecall::provision::{
    ActionState, ActionStatus, Actions, AskError, Intent, Journal, NoJournal, Outcome, RunOptions,
    Unfinished,
};
use serde_json::{Map, json};

use crate::http::server::{Exchange, Server};
use crate::provision::plan_of;

const CONNECTOR: &str = "app_name: Acme
connect: {base_url: '${BASE}'}
resource_types:
  user: {name: User, static_resources: [{id: ada}]}
actions:
  lock:
    name: Lock
    arguments: {id: {type: string}}
    request: {method: POST, url: /lock}
    returns: {state: {value: 'cel:response.body.state'}}
";

fn exchange(value: serde_json::Value) -> Exchange {
    serde_json::from_value(value).expect("an exchange")
}

/// A server that answers so, and a plan that asks it.
fn system(exchanges: Vec<Exchange>) -> (Server, Arc<Plan>) {
    let server = Server::start(exchanges);
    let base = format!("http://{}", server.address());
    (server, Arc::new(plan_of(CONNECTOR, &[("BASE", &base)])))
}

/// Runs `lock`, and waits so long for its end.
async fn lock(actions: &Actions, wait: u64) -> Result<ActionState, AskError> {
    let wait = Some(Duration::from_millis(wait));
    actions
        .invoke(
            "lock",
            Map::new(),
            wait,
            Box::new(NoJournal),
            RunOptions::default(),
        )
        .await
}

/// Waits until a run has come to its real end.
async fn ended(actions: &Actions, id: &str, end: ActionStatus) -> ActionState {
    for _ in 0..500 {
        let state = actions.status(id).expect("it is remembered");
        if state.status == end {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", actions.status(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_one_is_waited_for_and_a_long_one_is_looked_at_later() {
    let (server, plan) = system(vec![
        exchange(json!({"ask": "POST /lock", "json": {"state": "off"}})),
        exchange(json!({"ask": "POST /lock", "json": {"state": "off"}, "delay_ms": 300})),
        exchange(json!({"ask": "POST /lock", "answer": 400, "json": {"error": "no such user"}})),
    ]);
    let actions = Actions::new(plan);
    let short = lock(&actions, 20_000).await.expect("it is offered");
    assert_eq!((short.name.as_str(), short.id.len()), ("lock", 27));
    assert_eq!(short.status, ActionStatus::Complete);
    let answer =
        json!({"success": true, "message": "Action completed successfully", "state": "off"});
    assert_eq!(short.response, answer);

    let long = lock(&actions, 20).await.expect("it is offered");
    assert!(!long.status.is_final(), "{long:?}");
    assert_eq!(long.response, json!({}));
    let done = ended(&actions, &long.id, ActionStatus::Complete).await;
    assert_eq!(done.response, answer);

    let failed = lock(&actions, 20_000).await.expect("it is offered");
    assert_eq!(failed.status, ActionStatus::Failed);
    let error = failed.response["error"].as_str().expect("says why");
    assert!(error.contains("no such user"), "{error}");
    assert_eq!(actions.status(&short.id).expect("is remembered"), short);
    assert_eq!(server.finish(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_away_leaves_a_failure_that_its_real_end_replaces() {
    let (server, plan) = system(vec![exchange(
        json!({"ask": "POST /lock", "json": {"state": "off"}, "delay_ms": 300}),
    )]);
    let actions = Actions::new(plan);
    let asked = lock(&actions, 20_000);
    let gone = tokio::time::timeout(Duration::from_millis(50), asked).await;
    gone.expect_err("it takes longer");
    let [provisional] = actions.states().try_into().expect("one run");
    let ActionState { id, status, .. } = provisional;
    assert_eq!(status, ActionStatus::Failed);
    ended(&actions, &id, ActionStatus::Complete).await;
    assert_eq!(server.finish(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_has_failed() {
    let (_server, plan) = system(vec![exchange(
        json!({"ask": "POST /lock", "json": {}, "delay_ms": 3000}),
    )]);
    let actions = Actions::with_limits(plan, Duration::from_millis(60), 10);
    let state = lock(&actions, 60_000).await.expect("it is offered");
    let state = ended(&actions, &state.id, ActionStatus::Failed).await;
    insta::assert_snapshot!(state.response, @r#"{"success":false,"error":"the action did not come to its end within 0 s: what became of it is not known"}"#);
}

/// A journal that breaks.
struct Panics;

impl Journal for Panics {
    fn unfinished(&mut self, _: &str) -> std::io::Result<Option<Unfinished>> {
        panic!("with s3cr3t inside")
    }

    fn intent(&mut self, _: &Intent<'_>) -> std::io::Result<String> {
        Err(std::io::Error::other("no space left"))
    }

    fn outcome(&mut self, _: &str, _: &Outcome) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_failure_that_repeats_nothing() {
    let (server, plan) = system(Vec::new());
    let actions = Actions::new(plan);
    let wait = Some(Duration::from_secs(20));
    let state = actions
        .invoke(
            "lock",
            Map::new(),
            wait,
            Box::new(Panics),
            RunOptions::default(),
        )
        .await;
    let state = state.expect("it is offered");
    assert_eq!(state.status, ActionStatus::Failed);
    insta::assert_snapshot!(state.response, @r#"{"success":false,"error":"the action was broken off by a fault of the program: what became of it is not known"}"#);
    assert_eq!(server.finish(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_are_remembered_and_none_that_is_under_way_is_forgotten() {
    let answer = json!({"ask": "POST /lock", "json": {"state": "off"}});
    let slow = json!({"ask": "POST /lock", "json": {"state": "off"}, "delay_ms": 1500});
    let (server, plan) = system(vec![
        exchange(answer.clone()),
        exchange(answer),
        exchange(slow.clone()),
        exchange(slow),
    ]);
    let actions = Actions::with_limits(plan, Duration::from_secs(60), 2);
    let mut ids = Vec::new();
    for wait in [20_000, 20_000, 0, 0] {
        ids.push(lock(&actions, wait).await.expect("there is room").id);
    }
    for forgotten in &ids[..2] {
        let error = actions.status(forgotten).expect_err("is forgotten");
        assert!(error.is_not_found(), "{error}");
    }
    let error = lock(&actions, 0).await.expect_err("both are under way");
    insta::assert_snapshot!(error, @"running `lock` is not possible now: 2 actions are under way already");
    for id in &ids[2..] {
        ended(&actions, id, ActionStatus::Complete).await;
    }
    assert_eq!(server.finish(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_tried_is_said_at_once_and_not_remembered() {
    let (server, plan) = system(Vec::new());
    let actions = Actions::new(plan);
    let unknown = actions.invoke(
        "lok",
        Map::new(),
        None,
        Box::new(NoJournal),
        RunOptions::default(),
    );
    let unknown = unknown.await.expect_err("there is none");
    insta::assert_snapshot!(unknown, @"there is no action `lok`; did you mean `lock`?");
    let arguments = Map::from_iter([("idd".to_owned(), json!(1)), ("id".to_owned(), json!(1))]);
    let wrong = actions.invoke(
        "lock",
        arguments,
        None,
        Box::new(NoJournal),
        RunOptions::default(),
    );
    let wrong = wrong.await.expect_err("are wrong");
    insta::assert_snapshot!(wrong, @"the action `lock` has no argument `idd`: did you mean `id`?; the argument `id` is a number, and must be text");
    assert_eq!(actions.states(), Vec::new());
    assert_eq!(server.finish(), Vec::<String>::new());
}
