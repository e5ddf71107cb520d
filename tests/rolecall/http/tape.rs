//! A run that is recorded, and repeated with nobody listening.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::json;

use super::case::SECRET;
use super::server::{Exchange, Server};
use crate::{run, said};

pub(super) const TOKEN: &str = "t0k3n-0f-th3-endpo1nt";

pub(super) const CONNECTOR: &str = r#"
app_name: Acme
vars: {key: "${SECRET}"}
connect:
  base_url: "${HOST}/api"
  auth:
    type: oauth2_client_credentials
    token_url: "${LOGIN}/token"
    client_id: ada
    client_secret: "${SECRET}"
http:
  headers: {X-Api-Key: "${SECRET}"}
  retry: {initial_backoff: 1ms}
error_handling: {error_status_codes: {"404": {action: ignore}}}
resource_types:
  user:
    list:
      request: {url: /users, query_params: {api_key: "${SECRET}", "limit": "2"}}
      response: {items_path: users, resource_mapping: {id: cel:item.id, display_name: cel:item.name}}
      pagination: {strategy: cursor, cursor_param: after, cursor_path: next, limit_param: limit, page_size: 2}
  group:
    list:
      request: {method: POST, url: /groups/search, body: 'tmpl:{"key": "{{ .vars.key }}", "q": "all"}'}
      response: {items_path: groups, resource_mapping: {id: cel:item.id, display_name: cel:item.id}}
    static_entitlements:
      - {id: member, display_name: Member, purpose: assignment, grantable_to: [user]}
    grants:
      - request: {url: "tmpl:/groups/{{ .resource.id }}/members"}
        response:
          items_path: members
          grant_mapping: {principal_id: cel:item.id, principal_type: user, entitlement_id: member}
"#;

fn exchange(json: serde_json::Value) -> Exchange {
    serde_json::from_value(json).expect("an exchange")
}

/// What the API of the connector answers, its secrets repeated wherever an API may repeat them.
pub(super) fn script() -> Vec<Exchange> {
    let form = "s3cr3t%2Fv4lue%3D";
    let users = format!("GET /api/users?api_key={form}&limit=2");
    let large: Vec<_> = (0..3000)
        .map(|n| json!({"id": format!("u{n}"), "name": "x".repeat(40)}))
        .collect();
    [
        json!({"ask": "POST /token", "server": "other", "json": {
            "access_token": TOKEN, "sid": "sess10n", "expires_in": 3600, "token_type": "Bearer"
        }, "headers": {"set-cookie": "sid=sess10n", "x-session": "sess10n"}}),
        json!({"ask": "HEAD /api", "answer": 404}),
        json!({"ask": "POST /api/groups/search", "sent": format!("{{\"key\": \"{SECRET}\", \"q\": \"all\"}}"),
            "with": {"authorization": format!("Bearer {TOKEN}"), "x-api-key": SECRET},
            "json": {"groups": [{"id": "g1"}, {"id": "g2"}], "asked": {"key": SECRET}}}),
        json!({"ask": users, "answer": 503, "text": format!("busy, {form}")}),
        json!({"ask": users, "json": {"users": [{"id": "ada", "name": format!("Ada {SECRET}")}, {"id": 9007199254740993_u64, "name": TOKEN}], "next": "c2"},
            "headers": {"link": format!("</api/users?token={form}>; rel=self"), "x-echo": SECRET}}),
        json!({"ask": format!("{users}&after=c2"), "json": {"users": large, "next": null}}),
        json!({"ask": "GET /api/groups/g1/members", "json": {"members": [{"id": "ada"}]}}),
        json!({"ask": "GET /api/groups/g2/members", "answer": 404, "json": {"message": format!("no members with {SECRET}")}}),
    ]
    .map(exchange)
    .into()
}

/// What a sync file holds, without what differs from run to run, and without the secrets that the
/// API of the test repeats.
fn facts(folder: &Path, file: &str) -> String {
    ["resources", "entitlements", "grants"]
        .map(|what| {
            let ran = run(folder, &["inspect", file, what, "--format", "json"], &[]);
            assert!(ran.status.success(), "{}", said(&ran));
            let facts = said(&ran).replace(SECRET, "REDACTED");
            let facts = facts.replace(TOKEN, "REDACTED");
            let facts = facts.lines().filter(|line| !line.contains("sync_id"));
            let mut facts: Vec<_> = facts.collect();
            // Pages may be stored in another order.
            facts.sort_unstable();
            facts.join("\n")
        })
        .join("\n")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

fn record(folder: &Path, script: Vec<Exchange>) -> Output {
    std::fs::write(folder.join("acme.yaml"), CONNECTOR).expect("the folder is ours");
    let server = Server::bind();
    let (host, login) = (server.address().to_string(), server.other().to_string());
    let server = server.script(script);
    let ran = run(
        folder,
        &[
            "sync",
            "acme.yaml",
            "-f",
            "real.c1z",
            "--record",
            "tape",
            "--concurrency",
            "1",
        ],
        &[
            ("HOST", &format!("http://{host}")),
            ("LOGIN", &format!("http://{login}")),
            ("SECRET", SECRET),
        ],
    );
    assert_eq!(server.finish(), Vec::<String>::new(), "{}", said(&ran));
    ran
}

#[test]
fn a_recorded_run_can_be_repeated_and_holds_no_secret() {
    use base64::Engine as _;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let ran = record(folder, script());
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let secrets = [
        "s3cr3t".to_owned(),
        "v4lue".to_owned(),
        encode(SECRET),
        encode(&format!("ada:{SECRET}")),
        encode("ada:s3cr3t%2Fv4lue%3D"),
        TOKEN.to_owned(),
        "sess10n".to_owned(),
    ];
    let recorded = files(&folder.join("tape"));
    assert_eq!(recorded.len(), script().len() + 2, "{recorded:?}");
    for file in &recorded {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(file).expect("it is there").permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{}", file.display());
        let text = std::fs::read_to_string(file).expect("text");
        for secret in &secrets {
            assert!(
                !text.contains(secret),
                "{secret} is in {}\n{text}",
                file.display()
            );
        }
    }
    let recorded = recorded
        .iter()
        .filter(|file| file.metadata().is_ok_and(|it| it.len() < 9999));
    let recorded = recorded.map(|file| std::fs::read_to_string(file).expect("text"));
    let recorded = recorded.collect::<Vec<_>>().join("---\n");
    insta::with_settings!({filters => vec![
        (r"127\.0\.0\.1:\d+", "HOST"),
        (r"((?:at|took|started)_ms): \d+", "$1: 0"),
    ]}, { insta::assert_snapshot!(recorded) });

    let again = run(
        folder,
        &["sync", "acme.yaml", "-f", "again.c1z", "--replay", "tape"],
        &[],
    );
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert!(!said(&again).contains("not asked for"), "{}", said(&again));
    let masked = facts(folder, "real.c1z");
    let repeated = facts(folder, "again.c1z");
    let mut lines = repeated.lines().zip(masked.lines());
    assert_eq!(lines.find(|(a, b)| a != b), None, "the facts differ");
    assert_eq!(repeated.len(), masked.len());
    assert!(masked.contains("9007199254740993"));
}

#[test]
fn a_request_that_was_not_recorded_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    record(folder, script());
    let other = CONNECTOR
        .replace("/groups/search", "/groups/find")
        .replace("}/members", "}/people");
    std::fs::write(folder.join("acme.yaml"), other).expect("the folder is ours");
    let again = run(
        folder,
        &[
            "sync",
            "acme.yaml",
            "-f",
            "again.c1z",
            "--replay",
            "tape",
            "--concurrency",
            "1",
        ],
        &[],
    );
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert!(!folder.join("again.c1z").exists());
    insta::assert_snapshot!(said(&again));
}

/// What came before a failure is what a report of it needs.
#[test]
fn a_run_that_fails_is_recorded_up_to_there() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let mut script = script();
    script.truncate(2);
    script.push(exchange(json!({"ask": "POST /api/groups/search", "answer": 200, "json": {"groups": "none"}, "cut": 9})));
    for _ in 0..4 {
        script.push(exchange(
            json!({"ask": "POST /api/groups/search", "answer": 400, "json": {"message": "no"}}),
        ));
    }
    script.truncate(4);
    let ran = record(folder, script);
    assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
    let again = run(
        folder,
        &[
            "sync",
            "acme.yaml",
            "-f",
            "real.c1z",
            "--replay",
            "tape",
            "--concurrency",
            "1",
        ],
        &[],
    );
    let error = |ran: &Output| {
        said(ran)
            .lines()
            .filter(|line| line.contains("answered"))
            .collect::<String>()
    };
    assert!(
        error(&again).contains("400 Bad Request: no"),
        "{}",
        said(&again)
    );
    assert_eq!(
        error(&again).split("/api").last(),
        error(&ran).split("/api").last()
    );
}

#[test]
fn a_folder_that_is_no_recording_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    std::fs::write(folder.join("acme.yaml"), CONNECTOR).expect("the folder is ours");
    std::fs::create_dir(folder.join("full")).expect("the folder is ours");
    std::fs::write(folder.join("full/recording.yaml"), "a: [").expect("the folder is ours");
    let cases = [
        ["--record", "full"],
        ["--replay", "full"],
        ["--replay", "absent"],
    ];
    let seen = cases.map(|[flag, tape]| {
        let ran = run(folder, &["sync", "acme.yaml", flag, tape], &[]);
        assert_eq!(ran.status.code(), Some(2), "{}", said(&ran));
        format!("{flag} {tape}\n{}", said(&ran))
    });
    insta::assert_snapshot!(seen.join("\n"));
}
