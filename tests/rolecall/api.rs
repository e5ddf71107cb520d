//! Whole syncs of an API: parents and children, listings per resource, verdicts.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex};

/// An API with fixed answers, by path and query. Anything else is 404.
struct Api {
    address: String,
    asked: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Api {
    fn start(answers: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let answers: BTreeMap<String, String> = answers
            .iter()
            .map(|(path, body)| ((*path).to_owned(), (*body).to_owned()))
            .collect();
        let asked = Arc::new(Mutex::new(BTreeMap::new()));
        let counter = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream);
                let mut first = String::new();
                if reader.read_line(&mut first).is_err() {
                    continue;
                }
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {
                    line.clear();
                }
                let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                let (status, body) = match answers.get(&path) {
                    Some(body) => ("200 OK", body.as_str()),
                    None => ("404 Not Found", "{}"),
                };
                if first.starts_with("GET") {
                    *counter
                        .lock()
                        .expect("no panic under the lock")
                        .entry(path)
                        .or_default() += 1;
                }
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                // A client that has gone away is no concern of ours.
                let _ = reader.into_inner().write_all(answer.as_bytes());
            }
        });
        Self { address, asked }
    }

    /// How often each path was asked for.
    fn asked(&self) -> BTreeMap<String, usize> {
        self.asked.lock().expect("no panic under the lock").clone()
    }
}

fn sync(folder: &Path, connector: &str, api: &Api) -> Output {
    let connector = connector.replace("BASE", &format!("http://{}", api.address));
    std::fs::write(folder.join("api.yaml"), connector).expect("the folder is ours");
    crate::program()
        .args(["sync", "api.yaml", "-f", "out.c1z"])
        .current_dir(folder)
        .output()
        .expect("the program runs")
}

const ORGANIZATIONS: &str = r#"
app_name: Forge
connect: {base_url: BASE/api}
http: {retry: {max_attempts: 1}}
resource_types:
  member:
    parent_type: team
    list:
      request: {url: "tmpl:/teams/{{ .parent_resource.id }}/people"}
      response:
        resource_mapping: {id: cel:item.login, display_name: cel:item.login, user_traits: {login: cel:item.login}}
  team:
    parent_type: org
    list:
      request: {url: "tmpl:/orgs/{{ .parent_resource.id }}/teams"}
      response:
        items_path: teams
        resource_mapping:
          id: "cel:parent_resource.id + '/' + item.slug"
          display_name: "cel:parent_resource.display_name + ': ' + item.name"
          group_traits: {profile: {slug: cel:item.slug}}
    static_entitlements:
      - {id: member, display_name: "cel:resource.display_name + ' member'", purpose: assignment, grantable_to: [member]}
    grants:
      - request:
          url: "tmpl:/orgs/{{ .parent_resource.id }}/teams/{{ .resource.profile.slug }}/members"
        response:
          items_path: members
          skip_if: "cel:item.pending"
          grant_mapping: {principal_id: cel:item.login, principal_type: member, entitlement_name: member}
  org:
    traits: [app]
    list:
      request: {url: /orgs}
      response:
        resource_mapping: {id: cel:item.id, display_name: cel:item.name}
"#;

#[test]
fn children_are_listed_once_per_parent_to_any_depth() {
    let api = Api::start(&[
        (
            "/api/orgs",
            r#"[{"id":7,"name":"Acme"},{"id":"a/b","name":"Odd"}]"#,
        ),
        (
            "/api/orgs/7/teams",
            r#"{"teams":[{"slug":"eng","name":"Engineering"}]}"#,
        ),
        ("/api/orgs/a%2Fb/teams", r#"{"teams":[]}"#),
        (
            "/api/teams/7%2Feng/people",
            r#"[{"login":"ada"},{"login":"bob"}]"#,
        ),
        (
            "/api/orgs/7/teams/eng/members",
            r#"{"members":[{"login":"ada","pending":false},{"login":"bob","pending":true}]}"#,
        ),
    ]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ran = sync(folder.path(), ORGANIZATIONS, &api);
    let said = crate::said(&ran);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    assert!(
        said.contains("3 resource types, 5 resources, 1 entitlement, 1 grant"),
        "{said}"
    );
    let facts = crate::company::facts(&folder.path().join("out.c1z")).join("\n");
    for expected in [
        "traits: [App(",
        "\"7/eng\"",
        "Acme: Engineering",
        "team:7/eng:member:member:ada",
    ] {
        assert!(facts.contains(expected), "{expected} is not in {facts}");
    }
    assert!(
        !facts.contains("member:bob\""),
        "a pending member was granted"
    );
    let twice: Vec<_> = api
        .asked()
        .into_iter()
        .filter(|(_, times)| *times > 1)
        .collect();
    assert!(twice.is_empty(), "asked for twice: {twice:?}");
}

/// An API that leaves an empty list out: the sync says that something may be missing, exits with 3,
/// and tells how to declare it; declared, the sync is complete.
#[test]
fn a_listing_that_may_lack_something_makes_the_sync_partial() {
    let api = Api::start(&[
        ("/api/orgs", r#"[{"id":7,"name":"Acme"}]"#),
        (
            "/api/orgs/7/teams",
            r#"{"teams":[{"slug":"eng","name":"Engineering"}]}"#,
        ),
        ("/api/teams/7%2Feng/people", "[]"),
        ("/api/orgs/7/teams/eng/members", r#"{"total":0}"#),
    ]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ran = sync(folder.path(), ORGANIZATIONS, &api);
    let said = crate::said(&ran);
    assert_eq!(ran.status.code(), Some(3), "{said}");
    assert!(
        said.contains("PARTIAL") && said.contains("partial[items-missing]"),
        "{said}"
    );
    assert!(
        said.contains("`team:7/eng`") && said.contains("items_missing: empty"),
        "{said}"
    );
    // The file says so too, to whoever opens it later.
    let inspect = |arguments: &[&str]| {
        let shown = crate::program()
            .args(["inspect", "out.c1z"])
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("the program runs");
        String::from_utf8_lossy(&shown.stdout).into_owned()
    };
    assert!(
        inspect(&["stats"]).contains("items-missing"),
        "{}",
        inspect(&["stats"])
    );
    assert!(
        inspect(&["grants"]).contains("PARTIAL"),
        "{}",
        inspect(&["grants"])
    );
    assert!(inspect(&["stats", "--format", "json"]).contains("\"items-missing\""));
    let declared = ORGANIZATIONS.replace(
        "items_path: members",
        "items_path: members\n          items_missing: empty",
    );
    let ran = sync(folder.path(), &declared, &api);
    assert!(
        !inspect(&["grants"]).contains("PARTIAL"),
        "{}",
        inspect(&["grants"])
    );
    assert_eq!(
        ran.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&ran.stdout)
    );
}

/// Paging that goes in circles: what was listed is kept, and the sync says so.
#[test]
fn a_circle_in_the_paging_makes_the_sync_partial() {
    let page = |next: &str, ids: std::ops::Range<u32>| {
        let items: Vec<String> = ids.map(|id| format!("{{\"id\":{id}}}")).collect();
        format!("{{\"items\":[{}],\"next\":\"{next}\"}}", items.join(","))
    };
    let (first, second, third) = (page("b", 0..3), page("c", 3..6), page("b", 6..9));
    let api = Api::start(&[
        ("/api/users", &first),
        ("/api/users?cursor=b", &second),
        ("/api/users?cursor=c", &third),
    ]);
    let connector = "app_name: Round\nconnect: {base_url: BASE/api}\nresource_types:\n  user:\n    list:\n      request: {url: /users}\n      pagination: {strategy: cursor, cursor_path: next}\n      response: {items_path: items, resource_mapping: {id: cel:item.id, display_name: cel:item.id}}\n";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ran = sync(folder.path(), connector, &api);
    let said = crate::said(&ran);
    assert_eq!(ran.status.code(), Some(3), "{said}");
    assert!(
        said.contains("partial[paging-loop]") && said.contains("9 resources"),
        "{said}"
    );
}

/// A listing that does not mention the resource is asked for once, not once per resource.
#[test]
fn a_listing_for_all_resources_is_asked_for_once() {
    let api = Api::start(&[(
        "/api/users",
        r#"[{"name":"ada","tags":["admin","audit"]},{"name":"bob","tags":["audit"]}]"#,
    )]);
    let connector = r#"
app_name: Tags
connect: {base_url: BASE/api}
resource_types:
  user:
    list:
      request: {url: /users}
      response: {resource_mapping: {id: cel:item.name, display_name: cel:item.name}}
  tag:
    traits: [role]
    static_resources: [{id: admin}, {id: audit, display_name: Auditors}, {id: unused}]
    static_entitlements: [{id: held, display_name: "cel:resource.display_name"}]
    grants:
      request: {url: /users}
      response:
        skip_if: "cel:!(resource.id in item.tags)"
        grant_mapping: {principal_id: cel:item.name, principal_type: user, entitlement_name: held}
"#;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ran = sync(folder.path(), connector, &api);
    let said = crate::said(&ran);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    assert!(said.contains("3 entitlements, 3 grants"), "{said}");
    assert_eq!(
        api.asked()["/api/users"],
        2,
        "once for the users, once for the grants"
    );
}
