//! `rolecall sync --external`: two connector files → one sync file.

use std::path::Path;

use tempfile::TempDir;

use crate::{run, said};

const DIRECTORY: &str = "
app_name: Directory
connect: {dsn: \"sqlite:directory.db\"}
resource_types:
  person:
    list:
      query: SELECT id, mail FROM people
      map: {id: .id, display_name: .mail, traits: {user: {emails: [.mail]}}}
  circle:
    list:
      query: SELECT DISTINCT circle AS id FROM members
      map: {id: .id, display_name: .id, traits: {group: {}}}
    static_entitlements: [{id: member, display_name: \"'Member'\", purpose: assignment}]
    grants:
      - query: SELECT circle, person FROM members
        map: [{resource_id: .circle, principal_id: .person, principal_type: person, entitlement_id: member}]
";

const WIKI: &str = "
app_name: Wiki
connect: {dsn: \"sqlite:wiki.db\"}
resource_types:
  space:
    list:
      query: SELECT DISTINCT space AS id FROM rights
      map: {id: .id, display_name: .id}
    static_entitlements: [{id: read, display_name: \"'Read'\", purpose: permission}]
    grants:
      - query: SELECT space, mail, circle FROM rights
        map:
          - {resource_id: .space, skip_if: .mail == null, principal_id: .mail, principal_type: account,
             entitlement_id: read, external_match: {key: email, value: .mail}}
          - {resource_id: .space, skip_if: .circle == null, principal_id: .circle, principal_type: team,
             entitlement_id: read, external_match: {id: .circle},
             expandable: {entitlement_ids: [\"'team:' + .circle + ':member'\"]}}
";

fn companies() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let write = |name: &str, connector: &str, sql: &str| {
        std::fs::write(folder.path().join(format!("{name}.yaml")), connector).expect("it is ours");
        let db = rusqlite::Connection::open(folder.path().join(format!("{name}.db")));
        db.expect("a database")
            .execute_batch(sql)
            .expect("the SQL is valid");
    };
    write(
        "directory",
        DIRECTORY,
        "create table people (id, mail); create table members (circle, person);
         insert into people values ('p1', 'ada@acme.test'), ('p2', 'bob@acme.test');
         insert into members values ('eng', 'p1'), ('eng', 'p2'), ('ops', 'p2');",
    );
    write(
        "wiki",
        WIKI,
        "create table rights (space, mail, circle);
         insert into rights values ('docs', 'Ada@ACME.test', null), ('docs', null, 'eng'),
             ('docs', 'eve@acme.test', null);",
    );
    folder
}

fn sync(folder: &Path, arguments: &[&str]) -> String {
    let ran = run(folder, &[&["sync"], arguments].concat(), &[]);
    let said = said(&ran).replace(&*folder.to_string_lossy(), "FOLDER");
    // How the command is used as a whole is not what these tests are about.
    let (said, _) = said.split_once("\n\nUsage:").unwrap_or((&said, ""));
    let said = said.trim_end();
    format!(
        "exit code {}\n{said}\n",
        ran.status.code().expect("it was not killed")
    )
}

#[test]
fn a_sync_says_whom_it_found_in_the_other_system() {
    let folder = companies();
    let folder = folder.path();
    let mut shown = sync(folder, &["directory.yaml", "-f", "directory.c1z"]);
    let external = ["wiki.yaml", "-f", "wiki.c1z", "--external", "directory.c1z"];
    shown.push_str(&sync(folder, &external));
    let grants = run(
        folder,
        &["inspect", "wiki.c1z", "grants", "--format", "csv"],
        &[],
    );
    shown.push_str(&said(&grants));
    let only = [
        "--external-entitlement",
        "circle:ops:member",
        "--external-traits",
        "user",
    ];
    shown.push_str(&sync(folder, &[&external[..], &only].concat()));
    shown.push_str(&sync(
        folder,
        &[&external[..], &["--skip-expansion"]].concat(),
    ));
    insta::assert_snapshot!(shown);

    let report = run(
        folder,
        &[&["sync"], &external[..], &["--format", "json"]].concat(),
        &[],
    );
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).expect("JSON");
    insta::assert_snapshot!(serde_json::to_string_pretty(&report["derived"]).expect("it was JSON"));
}

#[test]
fn a_file_that_cannot_serve_is_told_before_anything_is_asked() {
    let folder = companies();
    let folder = folder.path();
    sync(folder, &["directory.yaml", "-f", "directory.c1z"]);
    // Whatever would be asked of the system would fail.
    std::fs::write(folder.join("wiki.db"), "no database").expect("it is ours");
    let wiki = ["wiki.yaml", "-f", "wiki.c1z"];
    let mut shown = String::new();
    for more in [
        &["--external", "none.c1z"][..],
        &["--external", "wiki.yaml"],
        &[
            "--external",
            "directory.c1z",
            "--external-entitlement",
            "circle:hr:member",
        ],
        &[
            "--external",
            "directory.c1z",
            "--external-traits",
            "app,TRAIT_ROLE",
        ],
        &["--external-entitlement", "circle:eng:member"],
    ] {
        shown.push_str(&sync(folder, &[&wiki[..], more].concat()));
    }
    shown.push_str(&sync(
        folder,
        &[
            "wiki.yaml",
            "-f",
            "directory.c1z",
            "--external",
            "directory.c1z",
        ],
    ));
    insta::assert_snapshot!(shown);
    assert!(!folder.join("wiki.c1z.work").exists());
}
