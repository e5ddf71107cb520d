//! Tasks that are handed out a second time, because the platform never heard of their end: what was
//! done is not done again.

use rolecall::daemon::Answer;
use rolecall::model::{Entitlement, EntitlementId, Purpose, Resource, ResourceId};
use rolecall::provision::{self, AuditFile, Holding, Intent, Journal as _, Who};
use serde_json::{Value as Json, json};
use tonic::Code;

use super::actions::lock;
use super::desk::{Desk, failure};
use super::grants::{grant, revoke};
use crate::http::server::{Exchange, Server};

const MEMBERS: &str = "SELECT team, person FROM members ORDER BY team, person";
const LOCKED: &str = "SELECT locked FROM people WHERE id = 'ada'";

/// The same task, with the id that it was handed out under.
fn named(id: &str, mut task: Json) -> Json {
    task["id"] = json!(id);
    task
}

/// Leaves the line of a change that began for a task and never ended: its process was killed.
fn begun(desk: &Desk, task_id: &str, change: &provision::Prepared<'_>) {
    let who = Who {
        on_behalf_of: Some(format!("task {task_id}")),
        ..super::desk::who()
    };
    desk.begin(task_id);
    let mut file = AuditFile::open(desk.connector.audit.path(), who).expect("can be written");
    let intent = Intent {
        key: change.key(),
        connector: &desk.connector.plan.app_name,
        operation: change.operation,
        subject: &change.subject,
        sends: Vec::new(),
    };
    file.intent(&intent).expect("can be written");
}

fn membership() -> Holding {
    let resource = Resource::new(ResourceId::new("team", "blue:1"), "blue:1");
    Holding {
        entitlement: Entitlement {
            id: EntitlementId::on(&resource.id, "member"),
            resource,
            display_name: "Team member".to_owned(),
            description: String::new(),
            purpose: Purpose::Unspecified,
            slug: "member".to_owned(),
            grantable_to: Vec::new(),
            immutable: false,
            exclusion_group: None,
            annotations: Vec::new(),
        },
        principal: Resource::new(ResourceId::new("person", "ada"), "ada"),
    }
}

#[tokio::test]
async fn what_a_task_did_is_not_done_again() {
    let desk = Desk::company();
    let task = named("2Again", grant("blue:1", "ada"));
    let first = desk.run(task.clone()).await;
    let second = desk.run(task).await;
    assert!(matches!(
        (&first, &second),
        (Answer::Done(_), Answer::Done(_))
    ));
    let back = named("2Back", revoke("blue:1", "ada"));
    desk.run(back.clone()).await;
    // What somebody does meanwhile stays: the task was done.
    desk.execute("INSERT INTO members VALUES ('blue:1', 'ada')");
    let again = desk.run(back).await;
    assert!(matches!(again, Answer::Done(_)), "{again:?}");
    assert_eq!(desk.rows(MEMBERS), ["blue:1, ada", "red, ada"]);
}

/// The process was killed between the change and its answer, or before the change.
#[tokio::test]
async fn a_grant_whose_end_nobody_heard_of_is_looked_for_first() {
    for is_there in [true, false] {
        let desk = Desk::company();
        let change = provision::grant(&desk.connector.plan, membership()).expect("offered");
        begun(&desk, "2Killed", &change);
        if is_there {
            desk.execute("INSERT INTO members VALUES ('blue:1', 'ada')");
        }
        let answer = desk.run(named("2Killed", grant("blue:1", "ada"))).await;
        let shown = desk.shown(&answer);
        assert_eq!(shown.contains("GrantAlreadyExists"), is_there, "{shown}");
        assert_eq!(desk.rows(MEMBERS), ["blue:1, ada", "red, ada"]);
    }
}

#[tokio::test]
async fn an_action_that_was_run_is_not_run_again() {
    let desk = Desk::company();
    let task = named("2Lock", lock("ada"));
    desk.run(task.clone()).await;
    // Somebody unlocks her meanwhile.
    desk.execute("UPDATE people SET locked = NULL");
    let again = desk.run(task).await;
    let shown = desk.shown(&again);
    assert!(shown.contains("BATON_ACTION_STATUS_COMPLETE"), "{shown}");
    assert_eq!(desk.rows(LOCKED), ["-"]);
    // Another task is somebody who wants it again.
    desk.run(named("2Other", lock("ada"))).await;
    assert_eq!(desk.rows(LOCKED), ["left the company"]);
}

#[tokio::test]
async fn an_action_whose_end_nobody_heard_of_is_not_run_again_for_the_same_task() {
    let desk = Desk::company();
    let arguments = json!({"person": "ada"});
    let arguments = arguments.as_object().expect("an object");
    let invocation = provision::invoke(&desk.connector.plan, "lock", arguments).expect("there is");
    begun(&desk, "2Killed", &invocation.prepared);
    for _ in 0..2 {
        let answer = desk.run(named("2Killed", lock("ada"))).await;
        let (code, message, retryable) = failure(&answer);
        assert_eq!((code, retryable), (Code::Unknown, false));
        assert!(message.contains("ended without an answer"), "{message}");
    }
    assert_eq!(desk.rows(LOCKED), ["-"]);
    // A new task is somebody who has looked.
    let answer = desk.run(named("2Looked", lock("ada"))).await;
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    assert_eq!(desk.rows(LOCKED), ["left the company"]);
}

#[tokio::test]
async fn a_change_that_went_wrong_is_told_of_again_and_left_as_it_is() {
    let desk = Desk::company();
    let task = named("2Lock", lock("grace"));
    let first = desk.run(task.clone()).await;
    assert_eq!(failure(&first).0, Code::Unknown);
    desk.execute("INSERT INTO people (id, name) VALUES ('grace', 'Grace')");
    let again = desk.run(task).await;
    let (_, message, retryable) = failure(&again);
    assert!(
        message.contains("changed no row") && !retryable,
        "{message}"
    );
    let other = desk.run(named("2Other", lock("grace"))).await;
    assert!(matches!(other, Answer::Done(_)), "{other:?}");
    let rows = desk.rows("SELECT locked FROM people WHERE id = 'grace'");
    assert_eq!(rows, ["left the company"]);
}

const API: &str = "app_name: Acme
connect: {base_url: '${BASE}'}
resource_types:
  user:
    name: User
    list:
      request: {url: /users}
      response: {items_path: users, resource_mapping: {id: 'cel:item.id', display_name: 'cel:item.login'}}
    account_provisioning:
      schema: [{name: login, type: string, required: true}]
      credentials: {no_password: {}}
      create:
        request: {method: POST, url: /users, body: {login: 'tmpl:{{ .input.login }}'}}
    delete:
      request: {method: DELETE, url: 'tmpl:/users/{{ .resource_id }}'}
";

/// Nothing finds the account: only the audit file knows that it was made.
#[tokio::test]
async fn an_account_that_nothing_finds_is_not_made_twice() {
    let exchange = |value: Json| -> Exchange { serde_json::from_value(value).expect("one") };
    let server = Server::start(vec![
        exchange(json!({"ask": "POST /users", "answer": 201, "json": {"id": 7, "login": "grace"}})),
        exchange(json!({"ask": "DELETE /users/7", "answer": 204})),
    ]);
    let base = format!("http://{}", server.address());
    let desk = Desk::of(
        tempfile::tempdir().expect("a folder"),
        API,
        &[("BASE", &base)],
    );
    let create = json!({"createAccount": {"accountInfo": {"login": "grace"}}});
    let delete =
        json!({"deleteResource": {"resourceId": {"resourceType": "user", "resource": "7"}}});
    let told = desk
        .told(vec![
            ("created", named("2Create", create.clone())),
            ("handed out again", named("2Create", create)),
            ("deleted", named("2Delete", delete.clone())),
            ("handed out again", named("2Delete", delete)),
        ])
        .await;
    insta::assert_snapshot!(told);
    assert_eq!(server.finish(), [""; 0]);
}

/// A password that reached nobody is of no use: another one takes its place.
#[tokio::test]
async fn a_new_password_is_made_again() {
    let desk = Desk::company();
    let identity = age::x25519::Identity::generate();
    let task = json!({"id": "2Rotate", "rotateCredentials": {
        "resourceId": {"resourceType": "person", "resource": "ada"},
        "encryptionConfigs": [{"ageRecipientConfig": {"recipient": identity.to_public().to_string()}}],
    }});
    let mut passwords = Vec::new();
    for _ in 0..2 {
        let answer = desk.run(task.clone()).await;
        assert!(desk.shown(&answer).contains("ENCRYPTED"), "{answer:?}");
        passwords.extend(desk.rows("SELECT password FROM people WHERE id = 'ada'"));
    }
    assert_ne!(passwords[0], passwords[1]);
}

/// Two deliveries at once, as when a platform takes the first one for dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_deliveries_at_once_make_one_change() {
    let desk = Desk::company();
    let task = named("2Twice", grant("blue:1", "ada"));
    let (first, second) = tokio::join!(desk.run(task.clone()), desk.run(task));
    for answer in [&first, &second] {
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    }
    assert_eq!(desk.rows(MEMBERS), ["blue:1, ada", "red, ada"]);
}
