//! Actions: listed, run, asked about.

use rolecall::daemon::Answer;
use rolecall::proto::connector::v2::InvokeActionResponse;
use serde_json::{Value as Json, json};

use super::desk::{Desk, failure};
use crate::http::server::{Exchange, Server};

const LOCKED: &str = "SELECT locked FROM people WHERE id = 'ada'";

pub fn lock(person: &str) -> Json {
    json!({"actionInvoke": {"name": "lock", "args": {"person": person}}})
}

#[tokio::test]
async fn actions_are_listed_and_run() {
    let desk = Desk::company();
    let told = desk
        .told(vec![
            ("all", json!({"actionListSchemas": {}})),
            (
                "of a type, which has none of its own",
                json!({"actionListSchemas": {"resourceTypeId": "person"}}),
            ),
            ("one", json!({"actionGetSchema": {"name": "lock"}})),
            ("run", lock("ada")),
            ("run on nobody", lock("nobody")),
        ])
        .await;
    insta::assert_snapshot!(told);
    assert_eq!(desk.rows(LOCKED), ["left the company"]);
}

const SLOW: &str = "app_name: Acme
connect: {base_url: '${BASE}'}
resource_types:
  user: {name: User, static_resources: [{id: ada}]}
actions:
  count:
    name: Count
    action_type: [dynamic]
    arguments:
      fast: {type: boolean, default: true}
      most: {type: number, default: 7}
      names: {type: string_list, default: [ada]}
      tags: {type: string_map, default: {a: b}}
      api_token: {type: string}
    request: {method: POST, url: /count}
    returns: {count: {value: 'cel:response.body.count', type: number}}
";

fn exchange(value: Json) -> Exchange {
    serde_json::from_value(value).expect("an exchange")
}

#[tokio::test]
async fn a_long_run_is_asked_about_until_its_end() {
    let slow = exchange(json!({
        "ask": "POST /count", "answer": 200, "json": {"count": 3}, "delay_ms": 1500, "often": true,
    }));
    let server = Server::start(vec![slow]);
    let base = format!("http://{}", server.address());
    let desk = Desk::of(
        tempfile::tempdir().expect("a folder"),
        SLOW,
        &[("BASE", &base)],
    );
    let answer = desk.run(json!({"actionInvoke": {"name": "count"}})).await;
    let Answer::Done(done) = &answer else {
        panic!("it began: {answer:?}");
    };
    let begun: InvokeActionResponse = done
        .response
        .as_ref()
        .expect("how it stands")
        .to_msg()
        .expect("it");
    let status = json!({"actionStatus": {"id": begun.id, "name": "count"}});
    let mut told = desk.shown(&answer);
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let stands = desk.shown(&desk.run(status.clone()).await);
        if !told.ends_with(&stands) {
            told = format!("{told}\n{stands}");
        }
        if stands.contains("COMPLETE") {
            break;
        }
    }
    insta::assert_snapshot!(told);
}

/// Every kind of argument has a field of its kind, and those that are secret are marked.
#[tokio::test]
async fn arguments_of_every_kind_are_told() {
    let variables = [("BASE", "http://127.0.0.1:9")];
    let desk = Desk::of(tempfile::tempdir().expect("a folder"), SLOW, &variables);
    let answer = desk
        .run(json!({"actionGetSchema": {"name": "count"}}))
        .await;
    insta::assert_snapshot!(desk.shown(&answer));
}

/// Somebody has to look before an action is run again that may have done something.
#[tokio::test]
async fn an_action_that_fails_is_a_task_that_failed() {
    let server = Server::start(vec![Exchange::plain("POST /count", 422)]);
    let base = format!("http://{}", server.address());
    let desk = Desk::of(
        tempfile::tempdir().expect("a folder"),
        SLOW,
        &[("BASE", &base)],
    );
    let answer = desk.run(json!({"actionInvoke": {"name": "count"}})).await;
    let (code, message, retryable) = failure(&answer);
    assert_eq!((code, retryable), (tonic::Code::Unknown, false));
    assert!(message.contains("422"), "{message}");
}

#[tokio::test]
async fn without_leave_to_change_anything_no_action_is_shown_or_run() {
    let mut desk = Desk::company();
    desk.connector.provisioning = false;
    let told = desk
        .told(vec![
            ("all", json!({"actionListSchemas": {}})),
            ("one", json!({"actionGetSchema": {"name": "lock"}})),
            ("run", lock("ada")),
        ])
        .await;
    insta::assert_snapshot!(told);
    assert_eq!(desk.rows(LOCKED), ["-"]);
}
