//! A run that is killed between a request and its answer: the next one asks what became of it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::http::server::{Exchange, Server};
use crate::{program, run, said};

const CONNECTOR: &str = r#"
app_name: Acme
connect: {base_url: "${BASE}"}
resource_types:
  user:
    list:
      request: {url: /users}
      response: {items_path: users, resource_mapping: {id: "cel:item.id", display_name: "cel:item.id"}}
  team:
    list:
      request: {url: /teams}
      response: {items_path: teams, resource_mapping: {id: "cel:item.id", display_name: "cel:item.id"}}
    static_entitlements:
      - id: member
        display_name: Member
        grantable_to: [user]
        provisioning:
          grant:
            request: {method: POST, url: "tmpl:/teams/{{ .resource.id }}/members", body: {user: "tmpl:{{ .principal.id }}"}}
          read_back: {every: 10ms, at_most: 1s}
    grants:
      - request: {url: "tmpl:/teams/{{ .resource.id }}/members"}
        response:
          items_path: members
          grant_mapping: {principal_id: "cel:item.id", principal_type: user, entitlement_id: member}
"#;

fn exchange(json: serde_json::Value) -> Exchange {
    serde_json::from_value(json).expect("an exchange")
}

/// `members`: those of the team, as the API shows them from then on.
fn shows(members: &[&str]) -> Exchange {
    let members: Vec<_> = members.iter().map(|id| json!({ "id": id })).collect();
    exchange(json!({"ask": "GET /teams/1/members", "json": {"members": members}}))
}

#[test]
fn what_a_killed_run_sent_is_not_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    std::fs::write(folder.join("acme.yaml"), CONNECTOR).expect("the folder is ours");
    let server = Server::start(vec![
        Exchange::plain("HEAD /", 200),
        exchange(json!({"ask": "GET /users", "json": {"users": [{"id": "ada"}]}})),
        exchange(json!({"ask": "GET /teams", "json": {"teams": [{"id": "1"}]}})),
        shows(&[]),
    ]);
    let server = server.in_any_order();
    let base = format!("http://{}", server.address());
    let variables = [("BASE", &*base)];
    let synced = run(folder, &["sync", "acme.yaml"], &variables);
    assert!(synced.status.success(), "{}", said(&synced));

    // The request is read, and then there is silence.
    let silence = json!({
        "ask": "POST /teams/1/members", "sent": "{\"user\":\"ada\"}", "answer": 201,
        "text": "{}", "cut": 0, "hold": true,
    });
    let server = server.script(vec![shows(&[]), exchange(silence), shows(&["ada"])]);
    let grant = [
        "grant",
        "acme.yaml",
        "team:1:member",
        "user/ada",
        "--provisioning",
    ];
    let mut child = program()
        .args(grant)
        .current_dir(folder)
        .envs(variables)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let begun = Instant::now();
    while server.left() > 1 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "nothing was sent"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");

    let again = run(folder, &grant, &variables);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert!(said(&again).contains("an earlier run"), "{}", said(&again));
    assert_eq!(server.finish(), Vec::<String>::new());
    let audit = std::fs::read_to_string(folder.join("rolecall-audit.jsonl")).expect("it is kept");
    let events = |event: &str| audit.matches(&format!("\"event\":\"{event}\"")).count();
    assert_eq!((events("intent"), events("outcome")), (2, 1), "{audit}");
}
