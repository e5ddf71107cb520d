//! Accounts and their passwords: made, sealed, handed over.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rolecall::daemon::Answer;
use rolecall::proto::connector::v2::{
    CreateAccountResponse, EncryptedData, RotateCredentialResponse,
};
use rolecall::provision::ClientSecret;
use secrecy::SecretString;
use serde_json::{Value as Json, json};

use super::desk::{Desk, failure};
use crate::http::server::{Exchange, Server};

const PASSWORDS: &str = "SELECT password FROM people WHERE id = 'grace'";

/// A new account, with what a platform says of it in the places that it has for that.
fn account(options: Json, configs: Json) -> Json {
    json!({ "createAccount": {
        "accountInfo": {
            "login": "grace",
            "emails": [
                {"address": "second@acme.test"},
                {"address": "grace@acme.test", "isPrimary": true},
            ],
            "profile": {"name": "Grace"},
        },
        "credentialOptions": options,
        "encryptionConfigs": configs,
        "resourceTypeId": "person",
    }})
}

fn response<M: prost::Message + prost::Name + Default>(answer: &Answer) -> M {
    let Answer::Done(done) = answer else {
        panic!("it failed: {answer:?}");
    };
    let any = done.response.as_ref().expect("it says what came of it");
    any.to_msg().expect("of this kind")
}

#[tokio::test]
async fn an_account_comes_once_and_its_password_is_for_those_who_asked() {
    let desk = Desk::company();
    let identity = age::x25519::Identity::generate();
    let configs = json!([{"ageRecipientConfig": {"recipient": identity.to_public().to_string()}}]);
    let options = json!({"randomPassword": {"length": 24}});
    let answer = desk.run(account(options.clone(), configs.clone())).await;
    let created: CreateAccountResponse = response(&answer);
    let sealed = &created.encrypted_data[0].encrypted_bytes;
    let password = age::decrypt(&identity, sealed).expect("opens");
    let password = String::from_utf8(password).expect("text");
    assert_eq!(password.len(), 24);
    assert_eq!(desk.rows(PASSWORDS), [password.as_str()]);
    let audit = std::fs::read_to_string(desk.path("audit.jsonl")).expect("written");
    assert!(!audit.contains(&password) && !format!("{answer:?}").contains(&password));
    let again = desk.run(account(options, configs)).await;
    let mut told = created.clone();
    told.encrypted_data[0].key_ids = vec!["KEY".to_owned()];
    let told = Answer::with(&told, Vec::new());
    insta::assert_snapshot!(format!("{}\n{}", desk.shown(&told), desk.shown(&again)));
    assert_eq!(desk.rows(PASSWORDS), [password.as_str()]);
}

#[tokio::test]
async fn an_account_may_have_no_password() {
    let desk = Desk::company();
    let mut task = account(json!({"noPassword": {}}), json!([]));
    // The only type that has accounts.
    task["createAccount"]["resourceTypeId"] = json!("");
    task["createAccount"]["accountInfo"]["profile"]["email"] = json!("other@acme.test");
    let created: CreateAccountResponse = response(&desk.run(task).await);
    assert!(created.encrypted_data.is_empty());
    let row = "SELECT id, name, email, password FROM people WHERE id = 'grace'";
    assert_eq!(desk.rows(row), ["grace, Grace, other@acme.test, -"]);
}

#[tokio::test]
async fn a_new_password_is_set_and_sealed_to_all_who_asked() {
    let desk = Desk::company();
    let identities = [(); 2].map(|()| age::x25519::Identity::generate());
    let configs: Vec<_> = identities
        .iter()
        .map(|identity| json!({"provider": "Baton/Age/v1", "ageRecipientConfig": {"recipient": identity.to_public().to_string()}}))
        .collect();
    let task = json!({ "rotateCredentials": {
        "resourceId": {"resourceType": "person", "resource": "ada"},
        "credentialOptions": {"randomPassword": {"length": 12, "constraints": [{"charSet": "xyz", "minCount": 2}]}},
        "encryptionConfigs": configs,
    }});
    let rotated: RotateCredentialResponse = response(&desk.run(task).await);
    assert_eq!(rotated.resource_id.expect("whose").resource, "ada");
    let rows = desk.rows("SELECT password FROM people WHERE id = 'ada'");
    for (sealed, identity) in rotated.encrypted_data.iter().zip(&identities) {
        let password = age::decrypt(identity, &sealed.encrypted_bytes).expect("opens");
        assert_eq!(rows, [String::from_utf8(password).expect("text")]);
    }
    assert_eq!(rotated.encrypted_data.len(), 2);
    assert!(rows[0].len() == 12 && rows[0].bytes().all(|byte| b"xyz".contains(&byte)));
}

const TAKES_PASSWORDS: &str = "app_name: Acme
connect: {dsn: 'sqlite:company.db'}
resource_types:
  person:
    name: Person
    list: {query: 'SELECT id FROM people', map: {id: .id, display_name: .id}}
    credential_rotation:
      credentials: {random_password: {preferred: true}, encrypted_password: {}}
      update: {queries: ['UPDATE people SET password = ?<password> WHERE id = ?<resource_id>']}
";

/// The example of RFC 8037, A.1 to A.3.
const PRIVATE: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const PUBLIC: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn desk_that_takes_passwords() -> Desk {
    let folder = tempfile::tempdir().expect("a folder");
    let mut desk = Desk::of(folder, TAKES_PASSWORDS, &[]);
    desk.execute("CREATE TABLE people (id TEXT, password TEXT); INSERT INTO people (id) VALUES ('ada'), ('eve');");
    let secret = format!("bird:acme.test:v1:{}", URL_SAFE_NO_PAD.encode(PRIVATE));
    let secret = ClientSecret::parse(&SecretString::from(secret));
    desk.connector.client_secret = Some(secret.expect("a client secret"));
    desk
}

fn rotation(whose: &str, options: Json, configs: Json) -> Json {
    json!({ "rotateCredentials": {
        "resourceId": {"resourceType": "person", "resource": whose},
        "credentialOptions": options,
        "encryptionConfigs": configs,
    }})
}

fn handed_over(data: &EncryptedData) -> Json {
    json!({
        "provider": data.provider,
        "keyIds": data.key_ids,
        "encryptedBytes": STANDARD.encode(&data.encrypted_bytes),
    })
}

#[tokio::test]
async fn a_password_that_the_platform_chose_is_opened_with_the_client_secret() {
    let desk = desk_that_takes_passwords();
    let key = json!([{"jwkPublicKeyConfig": {"pubKey": STANDARD.encode(PUBLIC)}}]);
    // What is sealed to the key of this client is as a platform hands it over.
    let first = desk.run(rotation("eve", json!({}), key.clone())).await;
    let first: RotateCredentialResponse = response(&first);
    let sealed = handed_over(&first.encrypted_data[0]);
    let options = json!({"encryptedPassword": {"encryptedPasswords": [sealed]}});
    let answer = desk.run(rotation("ada", options.clone(), json!([]))).await;
    let given: RotateCredentialResponse = response(&answer);
    assert!(given.encrypted_data.is_empty());
    let rows = desk.rows("SELECT password FROM people ORDER BY id");
    assert!(rows[0] == rows[1] && rows[0].len() == 20, "{rows:?}");
    // Whoever chose it needs no copy.
    let both = desk.run(rotation("ada", options.clone(), key)).await;
    let (code, message, retryable) = failure(&both);
    assert_eq!((code, retryable), (tonic::Code::InvalidArgument, false));
    insta::assert_snapshot!(message, @"the task hands over a password and asks for it encrypted: whoever chose it knows it");
}

#[tokio::test]
async fn passwords_that_cannot_be_opened_are_refused() {
    let mut desk = desk_that_takes_passwords();
    let given = |key: &str| {
        let sealed = json!({"keyIds": [key], "encryptedBytes": STANDARD.encode("nonsense")});
        let options = json!({"encryptedPassword": {"encryptedPasswords": [sealed]}});
        rotation("ada", options, json!([]))
    };
    let ours = desk.connector.client_secret.as_ref().expect("has one");
    let ours = given(ours.key_id());
    let mut told = String::new();
    for task in [given("another"), ours.clone()] {
        let answer = desk.run(task).await;
        told.push_str(&desk.why(&answer));
    }
    desk.connector.client_secret = None;
    let answer = desk.run(ours).await;
    told.push_str(&desk.why(&answer));
    insta::assert_snapshot!(told, @"
    InvalidArgument: none of the encrypted passwords is for the key of this client
    InvalidArgument: the encrypted password cannot be decrypted: Header is invalid
    InvalidArgument: the password is encrypted, and this connector has no client secret
    ");
    assert_eq!(
        desk.rows("SELECT id FROM people WHERE password IS NOT NULL"),
        [""; 0]
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
      response: {items_path: users, resource_mapping: {id: 'cel:item.id', display_name: 'cel:item.login'}}
    account_provisioning:
      schema: [{name: login, type: string, required: true}]
      credentials: {random_password: {}}
      create:
        request: {method: POST, url: /users, body: {login: 'tmpl:{{ .input.login }}', password: 'tmpl:{{ .password }}'}}
";

/// Where no answer comes, the password may be in force: it is told although the task failed.
#[tokio::test]
async fn a_password_that_may_be_in_force_is_not_lost() {
    let server = Server::start(vec![Exchange::plain("POST /users", 0)]);
    let base = format!("http://{}", server.address());
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::of(folder, API, &[("BASE", &base)]);
    let identity = age::x25519::Identity::generate();
    let task = json!({ "createAccount": {
        "accountInfo": {"login": "grace"},
        "encryptionConfigs": [{"ageRecipientConfig": {"recipient": identity.to_public().to_string()}}],
    }});
    let answer = desk.run(task).await;
    let (code, message, retryable) = failure(&answer);
    assert_eq!(
        (code, retryable),
        (tonic::Code::Unknown, false),
        "{message}"
    );
    let Answer::Failed(failure) = &answer else {
        panic!("it failed");
    };
    let told: EncryptedData = failure.annotations[0].to_msg().expect("a password");
    let password = age::decrypt(&identity, &told.encrypted_bytes).expect("opens");
    assert_eq!(password.len(), 20);
}
