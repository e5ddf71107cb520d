//! Tasks that lack something, or want what there is not: each has a sentence of its own, and changes
//! nothing.

use rolecall::daemon::Answer;
use serde_json::{Value as Json, json};

use super::desk::{Desk, failure};
use super::grants::{grant, revoke};

/// `task` with the value at `path` replaced, or taken away.
fn with(task: Json, path: &str, value: Json) -> Json {
    let mut task = task;
    let (parent, name) = path.rsplit_once('/').expect("a path");
    let parent = task.pointer_mut(parent).expect("a place").as_object_mut();
    let parent = parent.expect("an object");
    match value {
        Json::Null => parent.remove(name),
        value => parent.insert(name.to_owned(), value),
    };
    task
}

fn account(fields: Json) -> Json {
    json!({"createAccount": fields})
}

fn bad() -> Vec<Json> {
    let on = "/grant/entitlement";
    let whose = json!({"resourceType": "person", "resource": "ada"});
    let profile = json!({"login": "grace", "name": "Grace"});
    let info = json!({"profile": profile});
    vec![
        json!({"grant": {}}),
        with(grant("red", "ada"), on, Json::Null),
        with(grant("red", "ada"), &format!("{on}/id"), json!("")),
        with(
            grant("red", "ada"),
            &format!("{on}/id"),
            json!("x".repeat(1025)),
        ),
        with(grant("red", "ada"), &format!("{on}/resource"), Json::Null),
        with(
            grant("red", "ada"),
            &format!("{on}/resource/id/resource"),
            json!(""),
        ),
        with(
            grant("red", "ada"),
            &format!("{on}/resource/id/resourceType"),
            json!("taem"),
        ),
        with(
            grant("red", "ada"),
            &format!("{on}/id"),
            json!("team:red:leader"),
        ),
        with(
            grant("red", "ada"),
            &format!("{on}/id"),
            json!("team:red:nothing"),
        ),
        with(
            grant("red", "ada"),
            &format!("{on}/annotations"),
            json!([{"@type": "type.googleapis.com/c1.connector.v2.EntitlementImmutable"}]),
        ),
        with(
            grant("red", "ada"),
            &format!("{on}/resource/annotations"),
            json!([{"@type": "type.googleapis.com/c1.connector.v2.BatonID"}]),
        ),
        with(
            grant("red", "ada"),
            &format!("{on}/grantableTo"),
            json!([{"id": "team"}]),
        ),
        with(grant("red", "ada"), "/grant/principal", Json::Null),
        with(
            grant("red", "ada"),
            "/grant/principal/id/resource",
            json!(""),
        ),
        json!({"revoke": {}}),
        with(
            revoke("red", "ada"),
            "/revoke/grant/entitlement",
            Json::Null,
        ),
        with(revoke("red", "ada"), "/revoke/grant/principal", Json::Null),
        account(json!({})),
        account(json!({"accountInfo": info, "resourceTypeId": "persn"})),
        account(json!({"accountInfo": info, "resourceTypeId": "team"})),
        account(json!({"accountInfo": {}})),
        account(json!({"accountInfo": {"profile": {"login": "grace", "name": 7, "badge": "x"}}})),
        account(json!({"accountInfo": info})),
        account(
            json!({"accountInfo": info, "credentialOptions": {"sso": {"ssoProvider": "okta"}}}),
        ),
        account(
            json!({"accountInfo": info, "credentialOptions": {"randomPassword": {"length": 7}}, "encryptionConfigs": [{"ageRecipientConfig": {"recipient": "age1x"}}]}),
        ),
        account(
            json!({"accountInfo": info, "credentialOptions": {"randomPassword": {"length": -1}}}),
        ),
        account(json!({"accountInfo": info, "encryptionConfigs": [{}]})),
        account(
            json!({"accountInfo": info, "encryptionConfigs": [{"provider": "rot13", "ageRecipientConfig": {"recipient": "age1x"}}]}),
        ),
        account(
            json!({"accountInfo": info, "encryptionConfigs": [{"jwkPublicKeyConfig": {"pubKey": "/w=="}}]}),
        ),
        account(
            json!({"accountInfo": info, "credentialOptions": {"encryptedPassword": {"encryptedPasswords": [{"keyIds": ["a"]}]}}}),
        ),
        json!({"createResource": {}}),
        json!({"createResource": {"resource": {"displayName": "Green"}}}),
        json!({"createResource": {"resource": {"id": {"resourceType": "taem"}}}}),
        json!({"createResource": {"resource": {"id": {"resourceType": "person"}}}}),
        json!({"createResource": {"resource": {"id": {"resourceType": "team", "resource": "green"}, "profile": {"colour": "green"}}}}),
        json!({"deleteResource": {}}),
        json!({"deleteResource": {"resourceId": {"resourceType": "team", "resource": ""}}}),
        json!({"deleteResource": {"resourceId": {"resourceType": "team", "resource": "red"}}}),
        json!({"rotateCredentials": {}}),
        json!({"rotateCredentials": {"resourceId": whose}}),
        json!({"rotateCredentials": {"resourceId": {"resourceType": "team", "resource": "red"}}}),
        json!({"rotateCredentials": {"resourceId": whose, "credentialOptions": {"noPassword": {}}}}),
        json!({"actionGetSchema": {}}),
        json!({"actionGetSchema": {"name": "lok"}}),
        json!({"actionListSchemas": {"resourceTypeId": "persn"}}),
        json!({"actionInvoke": {}}),
        json!({"actionInvoke": {"name": "lok"}}),
        json!({"actionInvoke": {"name": "lock"}}),
        json!({"actionInvoke": {"name": "lock", "args": {"person": 7, "reasn": "x"}}}),
        json!({"actionInvoke": {"name": "lock", "resourceTypeId": "person"}}),
        json!({"actionStatus": {}}),
        json!({"actionStatus": {"id": "2aaaaaaaaaaaaaaaaaaaaaaaaaa"}}),
        json!({"syncFull": {"targetedSyncResources": [{"displayName": "Ada"}]}}),
        json!({"syncFull": {"targetedSyncResources": [{"id": {"resourceType": "persn", "resource": "ada"}}]}}),
        json!({"syncFull": {"syncResourceTypeIds": ["persn"]}}),
        json!({"syncFull": {"syncResourceTypeIds": [""]}}),
        json!({"createTicketTask": {}}),
        json!({"listTicketSchemas": {}}),
        json!({"getTicket": {}}),
        json!({"bulkCreateTickets": {}}),
        json!({"bulkGetTickets": {}}),
        json!({"issueCredential": {}}),
        json!({"createSyncDiff": {}}),
        json!({"compactSyncs": {}}),
        json!({}),
        json!({"id": "../../x", "grant": {}}),
        json!({"id": "x".repeat(65), "syncFull": {}}),
    ]
}

#[tokio::test]
async fn every_bad_task_has_a_clear_answer_and_changes_nothing() {
    let desk = Desk::company();
    let tables = |desk: &Desk| {
        ["people", "teams", "members"].map(|of| desk.rows(&format!("SELECT * FROM {of}")))
    };
    let before = tables(&desk);
    let mut told = String::new();
    for task in bad() {
        let mut shown = task.to_string();
        shown.truncate(shown.floor_char_boundary(230));
        let answer = desk.run(task).await;
        told.push_str(&format!("{shown}\n  {}", desk.why(&answer)));
    }
    insta::assert_snapshot!(told);
    assert_eq!(tables(&desk), before);
}

/// What is nothing to be done, is done.
#[tokio::test]
async fn nothing_to_do_is_done() {
    let desk = Desk::company();
    for task in [json!({"none": {}}), json!({"hello": {}})] {
        assert_eq!(desk.run(task).await, Answer::done());
    }
}

#[tokio::test]
async fn a_task_that_was_cancelled_is_not_begun() {
    let desk = Desk::company();
    desk.cancel.cancel();
    for task in [grant("blue:1", "ada"), json!({"syncFull": {}})] {
        let answer = desk.run(task).await;
        let (code, _, retryable) = failure(&answer);
        assert_eq!((code, retryable), (tonic::Code::Cancelled, true));
    }
    assert_eq!(desk.rows("SELECT * FROM members"), ["red, ada"]);
}
