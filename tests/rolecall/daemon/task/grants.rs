//! Somebody gains or loses an entitlement.

use rolecall::daemon::Answer;
use serde_json::{Value as Json, json};

use super::desk::{Desk, failure};
use crate::http::server::{Exchange, Server};

const MEMBERS: &str = "SELECT team, person FROM members ORDER BY team, person";

/// `person` and `team` as a platform sends them, with what it knows of them.
pub fn grant(team: &str, person: &str) -> Json {
    json!({ "grant": {
        "entitlement": entitlement(team),
        "principal": {"id": {"resourceType": "person", "resource": person}, "displayName": person},
    }})
}

pub fn revoke(team: &str, person: &str) -> Json {
    json!({ "revoke": { "grant": {
        "id": format!("team:{team}:member:person:{person}"),
        "entitlement": entitlement(team),
        "principal": {"id": {"resourceType": "person", "resource": person}},
    }}})
}

fn entitlement(team: &str) -> Json {
    json!({
        "id": format!("team:{team}:member"),
        "slug": "member",
        "displayName": "Team member",
        "resource": {"id": {"resourceType": "team", "resource": team}, "displayName": team},
    })
}

#[tokio::test]
async fn grants_are_made_once_and_revoked_once() {
    let desk = Desk::company();
    let told = desk
        .told(vec![
            ("granted", grant("blue:1", "ada")),
            ("granted already", grant("blue:1", "ada")),
            ("revoked", revoke("red", "ada")),
            ("revoked already", revoke("red", "ada")),
        ])
        .await;
    insta::assert_snapshot!(told);
    assert_eq!(desk.rows(MEMBERS), ["blue:1, ada"]);
}

#[tokio::test]
async fn what_the_connector_file_refuses_is_told_as_such() {
    let desk = Desk::company();
    let told = desk
        .told(vec![
            ("a rule of the file", grant("red", "eve")),
            ("nobody of that name", grant("red", "nobody")),
        ])
        .await;
    insta::assert_snapshot!(told);
    assert_eq!(desk.rows(MEMBERS), ["red, ada"]);
}

/// Some platforms keep no more of an entitlement than its id and that of its resource.
#[tokio::test]
async fn an_entitlement_of_which_only_the_ids_are_known_is_granted() {
    let desk = Desk::company();
    let bare = |id: &str| {
        json!({ "grant": {
            "entitlement": {"id": id, "resource": {"id": {"resourceType": "team", "resource": "blue:1"}}},
            "principal": {"id": {"resourceType": "person", "resource": "ada"}},
        }})
    };
    let answer = desk.run(bare("team:blue:1:member")).await;
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    assert_eq!(desk.rows(MEMBERS), ["blue:1, ada", "red, ada"]);
}

/// What a sync file says of an entitlement and a principal, a task may say.
#[tokio::test]
async fn ids_of_every_form_are_taken_as_they_are() {
    let desk = Desk::company();
    for person in ["bob; DROP TABLE members; --", "o'neill"] {
        let answer = desk.run(grant("blue:1", person)).await;
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    }
    let expected = [
        "blue:1, bob; DROP TABLE members; --",
        "blue:1, o'neill",
        "red, ada",
    ];
    assert_eq!(desk.rows(MEMBERS), expected);
}

#[tokio::test]
async fn without_leave_to_change_anything_nothing_is_changed() {
    let mut desk = Desk::company();
    desk.connector.provisioning = false;
    for task in [grant("blue:1", "ada"), revoke("red", "ada")] {
        let answer = desk.run(task).await;
        let (code, message, retryable) = failure(&answer);
        assert_eq!((code, retryable), (tonic::Code::Unimplemented, false));
        assert!(message.contains("--provisioning"), "{message}");
    }
    assert_eq!(desk.rows(MEMBERS), ["red, ada"]);
    assert!(!desk.path("audit.jsonl").exists());
}

#[tokio::test]
async fn the_audit_file_says_which_task_it_was() {
    let desk = Desk::company();
    let mut task = grant("blue:1", "ada");
    task["id"] = json!("2Audited");
    desk.run(task).await;
    let audit = std::fs::read_to_string(desk.path("audit.jsonl")).expect("written");
    assert!(
        audit.contains(r#""on_behalf_of":"task 2Audited""#),
        "{audit}"
    );
}

#[tokio::test]
async fn no_change_is_made_that_the_audit_file_cannot_hold() {
    let desk = Desk::company();
    std::fs::create_dir(desk.path("audit.jsonl")).expect("the folder is ours");
    let answer = desk.run(grant("blue:1", "ada")).await;
    let (code, message, retryable) = failure(&answer);
    assert_eq!((code, retryable), (tonic::Code::Internal, true));
    assert!(message.starts_with("nothing was sent"), "{message}");
    assert_eq!(desk.rows(MEMBERS), ["red, ada"]);
}

/// The grant that a platform is told of is one that it can hand back.
#[tokio::test]
async fn the_grant_that_is_told_can_be_revoked() {
    let desk = Desk::company();
    let answer = desk.run(grant("blue:1", "ada")).await;
    let told = rolecall::protocol::json::show(&answer.request("", ""));
    let granted = told["success"]["response"]["grants"][0].clone();
    let answer = desk.run(json!({"revoke": {"grant": granted}})).await;
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    assert_eq!(desk.rows(MEMBERS), ["red, ada"]);
}

const API: &str = "app_name: Acme
connect: {base_url: '${BASE}'}
http: {retry: {max_attempts: 1}}
resource_types:
  person: {name: Person, static_resources: [{id: ada}]}
  team:
    name: Team
    static_resources: [{id: red}]
    static_entitlements:
      - id: member
        display_name: Member
        provisioning:
          read_back: {before: false, at_most: 1s}
          grant: {request: {method: PUT, url: 'tmpl:/teams/{{ .resource.id }}/{{ .principal.id }}'}}
";

/// What an API answers decides whether the platform tries again.
#[tokio::test]
async fn what_an_api_answers_is_told_by_its_code() {
    let mut told = String::new();
    for status in [400, 401, 403, 404, 409, 418, 422, 429, 500, 503] {
        let mut exchange = Exchange::plain("PUT /teams/red/ada", status);
        exchange.often = true;
        let server = Server::start(vec![exchange]);
        let base = format!("http://{}", server.address());
        let folder = tempfile::tempdir().expect("a folder");
        let desk = Desk::of(folder, API, &[("BASE", &base)]);
        let answer = desk.run(grant("red", "ada")).await;
        let why = desk.why(&answer).replace(&base, "BASE");
        told.push_str(&format!("{status}: {why}"));
    }
    insta::assert_snapshot!(told);
}

/// The same, with a way to ask.
const CAN_BE_ASKED: &str = "{before: false, at_most: 1s, request: {url: 'tmpl:/teams/{{ .resource.id }}/{{ .principal.id }}'}}";

/// Where the system shows that nothing was changed, the platform may try again.
#[tokio::test]
async fn what_surely_was_not_made_may_be_tried_again() {
    let mut asked = Exchange::plain("GET /teams/red/ada", 404);
    asked.often = true;
    let server = Server::start(vec![Exchange::plain("PUT /teams/red/ada", 503), asked]);
    let base = format!("http://{}", server.address());
    let connector = API.replace("{before: false, at_most: 1s}", CAN_BE_ASKED);
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::of(folder, &connector, &[("BASE", &base)]);
    let answer = desk.run(grant("red", "ada")).await;
    let why = desk.why(&answer).replace(&base, "BASE");
    insta::assert_snapshot!(why, @"Unavailable, again: PUT BASE/teams/red/ada answered 503 Service Unavailable; the system does not show it after 1 s");
    assert_eq!(server.finish(), [""; 0]);
}

const TWO_REQUESTS: &str = "app_name: Acme
connect: {base_url: '${BASE}'}
http: {retry: {max_attempts: 1}}
resource_types:
  person: {name: Person, static_resources: [{id: ada}]}
  team:
    name: Team
    static_resources: [{id: red}]
    static_entitlements:
      - id: member
        display_name: Member
        provisioning:
          read_back: {before: false}
          grant:
            requests:
              invite: {request: {method: PUT, url: 'tmpl:/invited/{{ .principal.id }}'}}
              join: {request: {method: PUT, url: 'tmpl:/teams/{{ .resource.id }}/{{ .principal.id }}'}}
";

/// Somebody has to look: nothing is tried again of its own accord.
#[tokio::test]
async fn a_change_that_was_half_made_is_told_as_such() {
    let server = Server::start(vec![
        Exchange::plain("PUT /invited/ada", 200),
        Exchange::plain("PUT /teams/red/ada", 422),
    ]);
    let base = format!("http://{}", server.address());
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::of(folder, TWO_REQUESTS, &[("BASE", &base)]);
    let mut task = grant("red", "ada");
    task["id"] = json!("2Half");
    let first = desk.run(task.clone()).await;
    // When it is handed out again, it is not made worse.
    let again = desk.run(task).await;
    let told = format!("{}{}", desk.why(&first), desk.why(&again)).replace(&base, "BASE");
    let moment = regex::Regex::new("at 20[^ ]+Z").expect("a pattern");
    insta::assert_snapshot!(moment.replace(&told, "at NOW"), @"
    Aborted: only a part of the change was made: PUT BASE/teams/red/ada answered 422 Unprocessable Entity; done before: `requests.invite`
    Aborted: only a part of the change was made: when this task was handed out before, at NOW: PUT BASE/teams/red/ada answered 422 Unprocessable Entity; done before: `requests.invite`
    ");
    assert_eq!(server.finish(), [""; 0]);
}
