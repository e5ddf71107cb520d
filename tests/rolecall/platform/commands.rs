//! `rolecall platform`, as people run it.

use std::path::Path;
use std::process::Output;

use prost_types::Any;
use regex::Regex;
use rolecall::platform::Home;
use rolecall::proto::connector::v2::credential_options::Options;
use rolecall::proto::connector::v2::{CreateAccountResponse, EncryptedData};
use rolecall::proto::connectorapi::baton::v1::Task;
use rolecall::proto::connectorapi::baton::v1::baton_service_finish_task_request::{
    FinalState, Success,
};
use rolecall::proto::connectorapi::baton::v1::task::TaskType;
use rolecall::protocol::json;
use rolecall::provision::{ClientSecret, Sealed};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value as Json;
use tonic::Code;

use super::caller::{self, Caller};
use super::site::{Site, quick};
use crate::provision::commands::Company;
use crate::run;

/// What people see, without what differs from run to run.
fn seen(company: &Company, commands: &[&[&str]]) -> String {
    let all: String = commands
        .iter()
        .map(|command| company.seen(command))
        .collect();
    masked(&all)
}

fn masked(text: &str) -> String {
    let masks = [
        (r"secret-token:[A-Za-z0-9:_.-]+", "SECRET"),
        (r"\b[0-9A-Za-z]{27}\b", "TASK"),
        (r"localhost:\d{5}\b", "localhost:PORT"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
    ];
    masks
        .into_iter()
        .fold(text.to_owned(), |text, (pattern, mask)| {
            let pattern = Regex::new(pattern).expect("a pattern");
            pattern.replace_all(&text, mask).into_owned()
        })
}

/// The task that a command line makes.
fn enqueued(company: &Company, what: &[&str]) -> Task {
    let arguments = [&["platform", "enqueue", "--client", "acme"], what].concat();
    let ran = company.run(&arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    assert_eq!(
        ran.status.code(),
        Some(0),
        "{what:?}: {}",
        text(&ran.stderr)
    );
    let home = Home::open(&company.path("rolecall-platform")).expect("a platform");
    let queue = home.queue(quick());
    let record = queue.task(&text(&ran.stdout)).expect("it says its id");
    record.task
}

#[test]
fn commands_say_what_they_did_and_what_is_wrong() {
    let company = Company::new();
    let first = seen(
        &company,
        &[
            &["platform", "tasks"],
            &["platform", "init", "--client", "a@b"],
            &["platform", "init", "--host", "https://h"],
            &["platform", "init", "--client", "acme"],
            &["platform", "init"],
            &["platform", "tasks"],
            &[
                "platform",
                "enqueue",
                "sync",
                "--resource-types",
                "person,team",
            ],
            &["platform", "add-client", "acme"],
            &[
                "platform",
                "add-client",
                "other",
                "--secret-file",
                "secret",
                "--format",
                "json",
            ],
            &["platform", "add-client", "third", "--secret-file", "secret"],
            &[
                "platform",
                "add-client",
                "third",
                "--secret-file",
                "absent/secret",
            ],
            &[
                "platform",
                "add-client",
                "other",
                "--secret-file",
                "another",
            ],
            &["platform", "clients"],
            &["platform", "enqueue", "hello"],
            &["platform", "enqueue", "hello", "--client", "acne"],
            &[
                "platform",
                "enqueue",
                "hello",
                "--client",
                "acme",
                "--attempts",
                "0",
            ],
            &[
                "platform",
                "enqueue",
                "grant",
                "x",
                "person/ada",
                "--client",
                "acme",
            ],
            &[
                "platform",
                "enqueue",
                "grant",
                "team:blue:2:member",
                "person/ada",
                "-f",
                "sync.c1z",
                "--client",
                "acme",
            ],
            &[
                "platform",
                "enqueue",
                "revoke",
                "team:blue:1:member",
                "person/ada",
                "-f",
                "sync.c1z",
                "--client",
                "acme",
            ],
            &[
                "platform",
                "enqueue",
                "revoke",
                "--grant",
                "x",
                "-f",
                "company.yaml",
                "--client",
                "acme",
            ],
            &[
                "platform",
                "enqueue",
                "json",
                "{\"grand\": {}}",
                "--client",
                "acme",
            ],
            &["platform", "enqueue", "json", "{", "--client", "acme"],
            &[
                "platform",
                "enqueue",
                "rotate-credential",
                "person/ada",
                "--recipient",
                "age1nonsense",
                "--client",
                "acme",
            ],
            &[
                "platform", "enqueue", "hello", "--client", "acme", "--format", "json",
            ],
            &["platform", "tasks"],
            &["platform", "tasks", "--client", "other", "--format", "json"],
            &["platform", "tasks", "--last", "1", "--format", "json"],
            &["platform", "task", "x"],
            &["platform", "cancel", "x"],
            &["platform", "serve", "--lease", "1ms"],
            &["platform", "serve", "--listen", "nowhere"],
        ],
    );
    insta::assert_snapshot!("commands", first);
    assert!(!company.path("another").exists(), "no secret, no file");
    let secret = company.read("secret");
    assert!(secret.starts_with("secret-token:localhost:v1:"), "{secret}");
    let mode = std::fs::metadata(company.path("secret"))
        .expect("a file")
        .permissions();
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(mode.mode() & 0o777, 0o600);
    let database = std::fs::read(company.path("rolecall-platform/platform.db")).expect("a file");
    let private = secret.trim().rsplit(':').next().expect("a key").as_bytes();
    assert!(!database.windows(private.len()).any(|part| part == private));

    let home = Home::open(&company.path("rolecall-platform")).expect("a platform");
    let id = home.queue(quick()).tasks(None, 9).expect("a list")[0]
        .task
        .id
        .clone();
    let cancelled = seen(
        &company,
        &[
            &["platform", "cancel", &id],
            &["platform", "cancel", &id],
            &["platform", "task", &id],
            &["platform", "task", &id, "--format", "json"],
        ],
    );
    insta::assert_snapshot!("cancelled", cancelled);
}

#[test]
fn what_is_asked_for_becomes_a_task_of_the_protocol() {
    let company = Company::new();
    let init = company.run(&[
        "platform",
        "init",
        "--client",
        "acme",
        "--secret-file",
        "secret",
    ]);
    assert_eq!(init.status.code(), Some(0));
    std::fs::write(company.path("password"), "Tr0ub4dor&3\n").expect("written");
    std::fs::write(
        company.path("task.json"),
        r#"{"get_ticket": {"ticket_id": "7"}}"#,
    )
    .expect("written");
    let age = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let tests: &[&[&str]] = &[
        &["hello"],
        &["sync"],
        &[
            "sync",
            "--resource-types",
            "person,team",
            "--resource",
            "team/red",
            "--skip-grants",
            "--debug",
        ],
        &["sync", "--skip-entitlements", "--skip-expansion"],
        &[
            "grant",
            "team:blue:1:member",
            "person/ada",
            "-f",
            "sync.c1z",
        ],
        &["revoke", "team:red:member", "person/ada", "-f", "sync.c1z"],
        &[
            "create-account",
            "--type",
            "person",
            "--login",
            "ida",
            "--email",
            "ida@acme.test",
            "--email",
            "i@acme.test",
            "--set",
            "name=Ida",
            "--password",
            "random:12",
            "--recipient",
            age,
        ],
        &[
            "create-account",
            "--input",
            r#"{"name": "Ivo", "rooms": [1, {"x": null}], "api_token": "hidden"}"#,
            "--password",
            "none",
        ],
        &[
            "create-resource",
            "team",
            "--display-name",
            "Green",
            "--parent",
            "company/1",
            "--set",
            "colour=green",
        ],
        &["delete-resource", "team/blue:1", "--parent", "company/1"],
        &["rotate-credential", "person/ada"],
        &["list-actions", "--type", "person"],
        &["get-action", "lock"],
        &["invoke-action", "lock", "--set", "id=ada"],
        &["action-status", "7", "--name", "lock"],
        &["list-event-feeds"],
        &[
            "list-events",
            "--since",
            "2026-01-31T08:00:00.5Z",
            "--page-size",
            "7",
        ],
        &["list-events", "--feed", "f", "--cursor", "c"],
        &["json", r#"{"list_ticket_schemas": {}, "debug": true}"#],
        &["json", "@task.json"],
    ];
    let mut said = String::new();
    for what in tests {
        let mut shown = json::show(&enqueued(&company, what));
        shown["id"].take();
        let shown = serde_json::to_string_pretty(&shown).expect("JSON");
        said.push_str(&format!("$ enqueue {}\n{shown}\n", what.join(" ")));
    }
    insta::assert_snapshot!("tasks", said);

    // By its id, a grant is the same one.
    let by_names = enqueued(&company, tests[5]);
    let Some(TaskType::Revoke(revoke)) = &by_names.task_type else {
        panic!("{by_names:?}");
    };
    let grant = revoke.grant.as_ref().expect("a grant");
    let by_id = enqueued(
        &company,
        &["revoke", "--grant", &grant.id, "-f", "sync.c1z"],
    );
    assert_eq!(by_id.task_type, by_names.task_type);

    let given = enqueued(
        &company,
        &[
            "rotate-credential",
            "person/ada",
            "--password-file",
            "password",
        ],
    );
    let Some(TaskType::RotateCredentials(rotation)) = given.task_type else {
        panic!("it is a rotation");
    };
    let Some(Options::EncryptedPassword(given)) =
        rotation.credential_options.expect("options").options
    else {
        panic!("the password is encrypted");
    };
    let secret = SecretString::from(company.read("secret").trim().to_owned());
    let key = ClientSecret::parse(&secret).expect("a key");
    let sealed: Vec<_> = given.encrypted_passwords.iter().map(sealed).collect();
    let opened = key.open(&sealed).expect("it is for this key");
    assert_eq!(opened.expose_secret(), "Tr0ub4dor&3");

    let shown = company.run(&["platform", "tasks", "--format", "json"]);
    let shown: Json = serde_json::from_slice(&shown.stdout).expect("JSON");
    let with_token = shown["tasks"].as_array().expect("tasks").iter();
    for task in with_token {
        let id = task["id"].as_str().expect("an id");
        let shown = company.run(&["platform", "task", id, "--format", "json"]);
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(!shown.contains("hidden"), "{shown}");
    }
}

fn sealed(data: &EncryptedData) -> Sealed {
    Sealed {
        provider: data.provider.clone(),
        key_id: data.key_id.clone(),
        key_ids: data.key_ids.clone(),
        name: data.name.clone(),
        description: data.description.clone(),
        schema: data.schema.clone(),
        encrypted_bytes: data.encrypted_bytes.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_sees_what_came_of_it() {
    let site = Site::start(quick()).await;
    let acme = site.client("acme");
    let mut h1 = Caller::connect(&site, &acme, "h1").await;
    let wait = |arguments: &[&str]| {
        let dir = site.home().directory().display().to_string();
        let arguments = [&["platform", "enqueue", "--dir", &dir, "--wait"], arguments].concat();
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        tokio::task::spawn_blocking(move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            run(Path::new("."), &arguments, &[])
        })
    };
    let folder = site.home().directory().display().to_string();
    let tell = |ran: Output| {
        let [out, err] = [&ran.stdout, &ran.stderr].map(|text| String::from_utf8_lossy(text));
        let text = format!("{out}{err}[{}]\n", ran.status.code().expect("it ended"));
        masked(&text.replace(&folder, "FOLDER"))
    };

    let waiting = wait(&["create-account", "--set", "name=Ida"]);
    let id = next(&mut h1).await;
    let response = CreateAccountResponse {
        encrypted_data: vec![EncryptedData {
            name: "password".to_owned(),
            encrypted_bytes: vec![0, 0xff],
            ..Default::default()
        }],
        ..Default::default()
    };
    let mut answer = caller::success("h1", &id);
    answer.final_state = Some(FinalState::Success(Success {
        response: Some(Any::from_msg(&response).expect("a message")),
        annotations: vec![Any {
            type_url: "type.googleapis.com/acme.v1.Unknown".to_owned(),
            value: vec![8, 1],
        }],
    }));
    h1.service.finish_task(answer).await.expect("taken");
    let mut said = tell(waiting.await.expect("it ran"));

    let waiting = wait(&["list-actions", "--format", "json"]);
    let id = next(&mut h1).await;
    h1.fails(&id, Code::Unimplemented, false)
        .await
        .expect("taken");
    said.push_str(&tell(waiting.await.expect("it ran")));

    let waiting = wait(&["sync"]);
    let id = next(&mut h1).await;
    h1.uploads(&id, b"C1ZF\0", 5).await.expect("taken");
    h1.succeeds(&id).await.expect("taken");
    said.push_str(&tell(waiting.await.expect("it ran")));

    let waiting = wait(&["list-event-feeds", "--timeout", "100ms"]);
    said.push_str(&tell(waiting.await.expect("it ran")));
    insta::assert_snapshot!("waited", said);
}

/// The next task that there is.
async fn next(caller: &mut Caller) -> String {
    loop {
        if let Some(task) = caller.task().await {
            return task.id;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
