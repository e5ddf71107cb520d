//! Pages of several megabytes that break off, and processes that are killed while they come.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::server::{Exchange, Server};
use crate::company::facts;

const CONNECTOR: &str = r#"app_name: Acme
connect: {base_url: "${BASE}/api"}
http: {retry: {initial_backoff: 1ms}}
resource_types:
  user:
    list:
      request: {url: /users}
      pagination: {strategy: cursor, cursor_path: next}
      response:
        items_path: users
        resource_mapping: {id: cel:item.id, display_name: cel:item.name, user_traits: {login: cel:item.login}}
  group:
    list:
      request: {url: /groups}
      response:
        items_path: groups
        resource_mapping: {id: cel:item.id, display_name: cel:item.id, group_traits: {}}
    static_entitlements: [{id: member, display_name: Member, purpose: assignment, grantable_to: [user]}]
    grants:
      - request: {url: /memberships}
        pagination: {strategy: cursor, cursor_path: next}
        response:
          items_path: memberships
          grant_mapping: {resource_id: cel:item.group, principal_id: cel:item.user, principal_type: user, entitlement_id: member}
"#;

/// How many items the large pages have.
const ITEMS: usize = 6_000;

/// Where they break off: about half of them have come by then.
const CUT: usize = 1_500_000;

/// A page with many items, each of half a kilobyte, and the items before and behind them.
fn large(ask: &str, list: &str, item: &str, next: Option<&str>) -> Exchange {
    let notes = "n".repeat(400);
    let item = |number: &str| {
        let item = item.replace("${N}", number);
        format!(r#"{{{item}, "notes": "{notes}"}}"#)
    };
    Exchange {
        text: Some(format!("{}, ", item("${N}"))),
        times: Some(ITEMS - 1),
        around: (
            format!(r#"{{"{list}": ["#),
            format!("{}], \"next\": {}}}", item("0"), serde_json::json!(next)),
        ),
        ..Exchange::plain(ask, 200)
    }
}

fn json(ask: &str, json: serde_json::Value) -> Exchange {
    Exchange {
        json: Some(json),
        ..Exchange::plain(ask, 200)
    }
}

fn begin() -> Exchange {
    Exchange::plain("HEAD /api", 200)
}

fn groups() -> Exchange {
    let groups: Vec<_> = (0..4)
        .map(|id| serde_json::json!({ "id": format!("g{id}") }))
        .collect();
    json("GET /api/groups", serde_json::json!({ "groups": groups }))
}

fn first_users() -> Exchange {
    let ada = serde_json::json!({ "id": "ada", "name": "Ada", "login": "ada" });
    json(
        "GET /api/users",
        serde_json::json!({ "users": [ada], "next": "p2" }),
    )
}

fn users() -> Exchange {
    let item = r#""id": "u${N}", "name": "User ${N}", "login": "user${N}""#;
    large("GET /api/users?cursor=p2", "users", item, Some("p3"))
}

fn last_users() -> Exchange {
    let alan = serde_json::json!({ "id": "alan", "name": "Alan", "login": "alan" });
    json(
        "GET /api/users?cursor=p3",
        serde_json::json!({ "users": [alan] }),
    )
}

fn memberships() -> Exchange {
    let item = r#""group": "g1", "user": "u${N}""#;
    large("GET /api/memberships", "memberships", item, Some("p2"))
}

fn last_memberships() -> Exchange {
    let ada = serde_json::json!({ "group": "g2", "user": "ada" });
    json(
        "GET /api/memberships?cursor=p2",
        serde_json::json!({ "memberships": [ada] }),
    )
}

fn broken(exchange: Exchange) -> Exchange {
    Exchange {
        cut: Some(CUT),
        ..exchange
    }
}

fn held(exchange: Exchange) -> Exchange {
    Exchange {
        hold: true,
        ..broken(exchange)
    }
}

fn sync(folder: &Path, server: &Server) -> Child {
    crate::program()
        .args(["sync", "acme.yaml", "-f", "out.c1z"])
        .current_dir(folder)
        .env("BASE", format!("http://{}", server.address()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Waits until a part of a large page is stored, and kills the process with SIGKILL.
fn kill_within(table: &str, folder: &Path, mut child: Child) {
    let deadline = Instant::now() + Duration::from_secs(60);
    // More than is stored before the large page.
    while stored(table, folder) <= 10 {
        let ended = child.try_wait().expect("it can be asked");
        assert!(ended.is_none(), "it ended before a part was stored");
        assert!(Instant::now() < deadline, "no part of {table} was stored");
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let stored = stored(table, folder);
    assert!(
        (11..ITEMS).contains(&stored),
        "{stored} rows of {table} are stored"
    );
}

/// How many rows are durable. The process holds its file alone, so a copy is asked.
fn stored(table: &str, folder: &Path) -> usize {
    let copy = tempfile::tempdir().expect("a folder");
    for file in ["out.c1z.work", "out.c1z.work-wal"] {
        // Not there yet, or just being folded in: then nothing is seen this time.
        let _ = std::fs::copy(folder.join(file), copy.path().join(file));
    }
    let count = || -> rusqlite::Result<i64> {
        let db = rusqlite::Connection::open(copy.path().join("out.c1z.work"))?;
        let sql = format!("select count(*) from {table}");
        db.query_row(&sql, [], |row| row.get(0))
    };
    count().map_or(0, |count| usize::try_from(count).expect("a count"))
}

/// Runs to the end; returns what the file says.
fn finish(folder: &Path, server: &Server) -> Vec<String> {
    let ran = sync(folder, server).wait_with_output().expect("it ends");
    let said = crate::said(&ran);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    assert!(said.contains("out.c1z: complete"), "{said}");
    // Nothing is told to have come twice either.
    assert!(!said.contains("warning["), "{said}");
    facts(&folder.join("out.c1z"))
}

#[test]
fn a_large_page_that_is_cut_or_whose_reader_is_killed_is_stored_once() {
    let undisturbed = [
        begin(),
        groups(),
        first_users(),
        users(),
        last_users(),
        memberships(),
        last_memberships(),
    ];
    let folder = folder();
    let server = Server::start(undisturbed.into()).in_any_order();
    let expected = finish(folder.path(), &server);
    assert_eq!(server.finish(), Vec::<String>::new());
    // Both types, then every user, group, entitlement and grant once.
    let things = (ITEMS + 2) + 4 + 4 + (ITEMS + 1);
    assert_eq!(expected.len(), 2 + things);

    let disturbed = vec![
        // Killed within the users …
        begin(),
        groups(),
        first_users(),
        held(users()),
        // … that break off in the next run, which asks again and then is killed within the grants …
        begin(),
        broken(users()),
        users(),
        last_users(),
        held(memberships()),
        // … that are asked for from their beginning, twice.
        begin(),
        broken(memberships()),
        memberships(),
        last_memberships(),
    ];
    let folder = self::folder();
    let server = Server::start(disturbed).in_any_order();
    kill_within("v1_resources", folder.path(), sync(folder.path(), &server));
    kill_within("v1_grants", folder.path(), sync(folder.path(), &server));
    let found = finish(folder.path(), &server);
    assert_eq!(server.finish(), Vec::<String>::new());
    assert_eq!(found.len(), expected.len());
    assert!(found == expected, "the facts differ");
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("acme.yaml"), CONNECTOR).expect("the folder is ours");
    folder
}
