//! `preview`, `explain` and `validate --online`, by what they print: a folder per case, with a database
//! that is made anew or the exchanges of an API.

use std::path::Path;

use crate::http::server::{Exchange, Server};
use crate::sql::harness::{Database, System};

/// Variables of the connectors. Nothing of them may be shown.
const SECRETS: [(&str, &str); 2] = [
    ("TOKEN", "s3cr3t-t0ken-v4lue"),
    ("API_KEY", "4p1-k3y-v4lue"),
];

/// Makes of `exchanges.yaml` the recording that `--record` would have written.
fn write_tape(case: &Path, folder: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(case.join("exchanges.yaml")) else {
        return false;
    };
    let exchanges: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_yaml::from_str(&text).expect("a list of exchanges");
    std::fs::create_dir(folder).expect("the folder is ours");
    let about = serde_json::json!({"started_ms": 0, "api": "https://api.example.com"});
    std::fs::write(folder.join("recording.yaml"), about.to_string()).expect("it is written");
    for (number, mut exchange) in exchanges.into_iter().enumerate() {
        exchange.entry("answer").or_insert(200.into());
        let text = serde_json::Value::Object(exchange).to_string();
        std::fs::write(folder.join(format!("{number:05}.yaml")), text).expect("it is written");
    }
    true
}

#[test]
fn what_is_seen_of_a_connector() {
    for case in crate::fixtures("preview") {
        let name = case.file_name().expect("a name").to_string_lossy();
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::copy(
            case.join("connector.yaml"),
            folder.path().join("connector.yaml"),
        )
        .expect("a case has a connector");
        if let Ok(sql) = std::fs::read_to_string(case.join("setup.sql")) {
            rusqlite::Connection::open(folder.path().join("system.db"))
                .expect("a database")
                .execute_batch(&sql)
                .expect("it is SQL");
        }
        let taped = write_tape(&case, &folder.path().join("tape"));
        let commands = std::fs::read_to_string(case.join("commands")).expect("what is run");
        let mut shown = String::new();
        for command in commands.lines() {
            let mut words = command.split(' ');
            let first = words.next().expect("a command");
            let mut arguments = vec![first, "connector.yaml"];
            arguments.extend(words);
            if taped {
                arguments.extend(["--replay", "tape"]);
            }
            let ran = crate::run(folder.path(), &arguments, &SECRETS);
            let said = crate::said(&ran);
            let code = ran.status.code();
            shown.push_str(&format!("$ {command}\n{said}exit {code:?}\n\n"));
        }
        for (_, secret) in SECRETS {
            assert!(!shown.contains(secret), "{name} shows a secret:\n{shown}");
        }
        insta::assert_snapshot!(format!("preview@{name}"), shown);
    }
}

const SCHEMA: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(50), email VARCHAR(50));
INSERT INTO people VALUES (1, 'Ada', NULL), (2, 'Bob', NULL);
CREATE TABLE teams (id VARCHAR(20) PRIMARY KEY, name VARCHAR(50));
INSERT INTO teams VALUES ('ops', 'Operations');
CREATE TABLE members (team VARCHAR(20), person INTEGER);
INSERT INTO members VALUES ('ops', 1);
";

const CONNECTOR: &str = r#"
resource_types:
  user:
    list:
      query: SELECT * FROM people WHERE id > ?<cursor> ORDER BY id LIMIT ?<limit>
      pagination: {strategy: cursor, primary_key: id, page_size: 1}
      map: {id: .id, display_name: .nmae, traits: {user: {emails: [.email]}}}
  team:
    list:
      query: SELECT * FROM teams
      map: {id: .id, display_name: .name, traits: {group: {}}}
    static_entitlements:
      - id: member
        display_name: "'member'"
        purpose: assignment
        grantable_to: [user]
        provisioning:
          vars: {person: principal.ID, team: resource.ID}
          grant: {queries: ["INSERT INTO members (team, person) VALUES (?<team>, ?<person>)"]}
          revoke: {queries: ["DELETE FROM memberz WHERE team = ?<team> AND person = ?<person>"]}
    grants:
      - query: SELECT persn FROM members WHERE team = ?<team>
        vars: {team: resource.ID}
        map:
          - {principal_id: .persn, principal_type: user, entitlement_id: "'member'"}
"#;

/// Each database says the same mistakes at the same places, and nothing in it changes.
#[tokio::test]
async fn databases_say_which_columns_they_have() {
    for system in System::ALL {
        let Some(database) = Database::create(system, SCHEMA).await else {
            eprintln!("skipped: no server for {system:?}");
            continue;
        };
        let file = database.folder.path().join("c.yaml");
        let text = format!("app_name: Acme\n{}{CONNECTOR}", database.connect());
        std::fs::write(&file, text).expect("the folder is ours");
        let password = database.url.password().unwrap_or_default().to_owned();
        let variables = [("PASSWORD", password.as_str())];
        let arguments = ["validate", "c.yaml", "--online", "--format", "json"];
        let ran = crate::run(database.folder.path(), &arguments, &variables);
        let found: Vec<serde_json::Value> =
            serde_json::from_slice(&ran.stdout).expect("a list of diagnostics");
        let mut codes: Vec<String> = found
            .iter()
            .map(|it| format!("{} {}", it["code"].as_str().expect("a code"), it["line"]))
            .collect();
        codes.sort();
        let said = crate::said(&ran);
        assert_eq!(
            codes,
            ["column-not-there 9", "query-refused 22", "query-refused 24",],
            "{system:?}: {said}"
        );
        assert!(said.contains("did you mean `name`?"), "{said}");
        assert_eq!(ran.status.code(), Some(2), "{said}");
        assert!(password.is_empty() || !said.contains(&password), "{said}");
    }
}

/// The fields that an API does not have are told at their places, and it is asked once per listing.
#[test]
fn an_api_is_asked_once_for_each_listing() {
    let exchange = |ask: &str, json: serde_json::Value| -> Exchange {
        serde_json::from_value(serde_json::json!({"ask": ask, "json": json})).expect("an exchange")
    };
    let users: Vec<_> = (0..12)
        .map(|id| serde_json::json!({"id": id, "fullName": "Ada", "mail": null}))
        .collect();
    let server = Server::start(vec![
        Exchange::plain("HEAD /api", 200),
        exchange(
            "GET /api/users",
            serde_json::json!({"users": users, "next_cursor": "c2"}),
        ),
        Exchange::plain("GET /api/groups", 403),
    ])
    .in_any_order();
    let folder = tempfile::tempdir().expect("a folder");
    let connector = format!(
        r#"app_name: Acme
connect: {{base_url: "http://{}/api", auth: {{type: bearer, token: "${{TOKEN}}"}}}}
http: {{retry: {{max_attempts: 1}}}}
resource_types:
  user:
    list:
      request: {{url: /users}}
      response:
        items_path: users
        resource_mapping:
          id: cel:string(item.id)
          display_name: cel:item.fullname
          user_traits: {{emails: ["cel:item.mail"]}}
  group:
    list:
      request: {{url: /groups}}
      response:
        resource_mapping: {{id: cel:item.id, display_name: cel:item.id}}
"#,
        server.address()
    );
    std::fs::write(folder.path().join("c.yaml"), connector).expect("the folder is ours");
    let arguments = ["validate", "c.yaml", "--online"];
    let ran = crate::run(folder.path(), &arguments, &SECRETS);
    let said = crate::said(&ran).replace(&server.address().to_string(), "HOST");
    assert_eq!(server.finish(), Vec::<String>::new(), "{said}");
    assert!(!said.contains(SECRETS[0].1), "{said}");
    insta::assert_snapshot!(said);
}

/// A system that is not there, and one that does not know us.
#[test]
fn whoever_is_not_let_in_is_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let connector = "app_name: A\nconnect: {dsn: 'sqlite:nowhere.db'}\nresource_types:\n  user: {list: {query: SELECT 1 AS id, map: {id: .id, display_name: .id}}}\n";
    std::fs::write(folder.path().join("c.yaml"), connector).expect("the folder is ours");
    let ran = crate::run(folder.path(), &["validate", "c.yaml", "--online"], &[]);
    let said = crate::said(&ran);
    assert!(
        said.contains("error[not-reached]") && said.contains("there is no such file"),
        "{said}"
    );
    assert_eq!(ran.status.code(), Some(2), "{said}");
}
