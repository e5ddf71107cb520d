//! `rolecall events`, as people run it.

use std::path::Path;

use rusqlite::Connection;

use crate::{run, said};

const CONNECTOR: &str = r#"app_name: Acme
connect: {dsn: "sqlite:acme.db"}
resource_types:
  person:
    list:
      query: SELECT id, name FROM people
      map: {id: .id, display_name: .name}
    get: {query: "SELECT id, name FROM people WHERE id = ?<id>"}
    incremental_sync:
      query: SELECT id, changed_at FROM changes WHERE changed_at >= ?<since> ORDER BY changed_at, id
      cursor_column: changed_at
"#;

fn database(folder: &Path, sql: &str) {
    let db = Connection::open(folder.join("acme.db")).expect("a database");
    db.execute_batch(sql).expect("the statements fit");
}

#[test]
fn events_go_on_where_the_cursor_file_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    std::fs::write(folder.join("acme.yaml"), CONNECTOR).expect("written");
    database(
        folder,
        "CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT);
         CREATE TABLE changes (id TEXT, changed_at TEXT);
         INSERT INTO people VALUES ('ada', 'Ada');
         INSERT INTO changes VALUES ('ada', '2026-03-01T10:00:00Z'), ('bob', '2026-03-01T10:00:00Z');",
    );
    let list = [
        "events",
        "acme.yaml",
        "--cursor-file",
        "cursor",
        "--since",
        "2026-01-01T00:00:00Z",
    ];
    let ids = |events: &[&str]| -> Vec<String> {
        let ran = run(folder, events, &[]);
        assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
        let lines = String::from_utf8(ran.stdout).expect("text");
        let events = lines.lines().map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
            format!(
                "{} {}",
                event["resource"]["id"], event["resource"]["deleted"]
            )
        });
        events.collect()
    };
    // Whoever was fetched is told with it, and who is gone as deleted.
    assert_eq!(ids(&list), [r#""ada" null"#, r#""bob" true"#]);
    assert_eq!(ids(&list), [""; 0]);
    database(
        folder,
        "INSERT INTO changes VALUES ('ada', '2026-03-02T10:00:00Z');",
    );
    assert_eq!(ids(&list), [r#""ada" null"#]);
    // Without a file, the cursor is told behind the events.
    let told = run(
        folder,
        &["events", "acme.yaml", "--since", "2026-03-02T00:00:00Z"],
        &[],
    );
    let cursor = String::from_utf8(told.stderr).expect("text");
    let cursor = cursor
        .trim()
        .strip_prefix("cursor: ")
        .expect("a cursor")
        .to_owned();
    assert_eq!(ids(&["events", "acme.yaml", "--cursor", &cursor]), [""; 0]);
}

#[test]
fn what_is_no_cursor_and_a_file_without_changes_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    std::fs::write(folder.join("acme.yaml"), CONNECTOR).expect("written");
    let quiet = CONNECTOR
        .split("    incremental_sync")
        .next()
        .expect("a beginning");
    std::fs::write(folder.join("quiet.yaml"), quiet).expect("written");
    database(folder, "CREATE TABLE people (id TEXT, name TEXT)");
    let mut seen = String::new();
    for arguments in [
        &["events", "acme.yaml", "--cursor", "nonsense"][..],
        &["events", "acme.yaml", "--since", "yesterday"],
        &["events", "acme.yaml", "--lookback", "one day"],
        &["events", "acme.yaml", "--page-size", "1001"],
        &["events", "quiet.yaml"],
        &["events", "acme.yaml"],
    ] {
        let ran = run(folder, arguments, &[]);
        let code = ran.status.code().expect("it was not killed");
        seen += &format!(
            "$ rolecall {}\n{}[{code}]\n",
            arguments.join(" "),
            said(&ran)
        );
    }
    insta::assert_snapshot!(seen);
}
