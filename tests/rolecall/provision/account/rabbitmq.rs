//! Users of RabbitMQ, a real one: whoever has the new password logs in with it.

use rolecall::provision::{
    AccountRequest, PasswordWish, Verdict, create_account, delete_resource, rotate_credential,
};
use serde_json::json;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use super::witness::Witness;
use super::{form, target};
use crate::provision::plan_of;

const CONNECTOR: &str = include_str!("../../../fixtures/provision/accounts/rabbitmq.yaml");

#[tokio::test]
async fn a_user_of_rabbitmq_logs_in_with_the_password_that_was_made() {
    let Some((url, user, password)) = crate::servers::rabbitmq() else {
        return;
    };
    crate::servers::install_tls();
    let variables = [
        ("RABBITMQ_URL", &*url),
        ("RABBITMQ_USER", &*user),
        ("RABBITMQ_PASSWORD", &*password),
    ];
    let plan = plan_of(CONNECTOR, &variables);
    let witness = Witness::new();
    let client = reqwest::Client::new();
    let status = async |login: &str, password: &str| {
        let request = client
            .get(format!("{url}/api/whoami"))
            .basic_auth(login, Some(password));
        let asked = request.send().with_subscriber(NoSubscriber::default());
        asked.await.expect("it answers").status().as_u16()
    };
    // An id that has to be encoded wherever it stands.
    let login = format!("o'ne/il %2F?&# \"ü\" {}", std::process::id());
    let asked = || AccountRequest {
        input: form(json!({"login": login, "tags": "[\"monitoring\"]"})),
        hand_over: witness.to_file(),
        ..AccountRequest::default()
    };
    let making = create_account(&plan, asked()).expect("it can be asked for");
    let (made, first) = witness.new_password(making).await;
    assert_eq!(made.resource.expect("it is found").id.id, login);
    assert_eq!(status(&login, &first).await, 200);
    assert_eq!(status(&login, "another").await, 401);
    let again = witness
        .make(create_account(&plan, asked()).expect("asked"))
        .await;
    assert_eq!(again.finished.outcome.verdict, Verdict::AlreadySo);
    assert_eq!(status(&login, &first).await, 200, "it was not set anew");

    let wish = PasswordWish::Preferred;
    let making = rotate_credential(&plan, target("user", &login), wish, witness.to_file());
    let (_, second) = witness
        .new_password(making.expect("it can be asked for"))
        .await;
    assert_eq!(status(&login, &second).await, 200);
    assert_eq!(status(&login, &first).await, 401);

    let delete = || delete_resource(&plan, target("user", &login)).expect("it can be asked for");
    let gone = witness.make(delete()).await.finished.outcome;
    assert_eq!(gone.verdict, Verdict::Made, "{gone:#?}");
    assert_eq!(status(&login, &second).await, 401);
    let gone = witness.make(delete()).await.finished.outcome;
    assert_eq!(gone.verdict, Verdict::AlreadySo, "{gone:#?}");
    for secret in [first, second, password] {
        witness.has_not_seen(&secret);
    }
}
