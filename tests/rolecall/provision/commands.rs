//! The commands that change a system, as people run them: what they print, what they leave, how they
//! exit, and what the system has afterwards.

use std::path::{Path, PathBuf};
use std::process::Output;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::{run, said};

/// A company in a SQLite file, and a sync of it.
pub struct Company(TempDir);

impl Company {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let fixture =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/provision/company");
        let read = |name| std::fs::read_to_string(fixture.join(name)).expect("it is a fixture");
        std::fs::write(folder.path().join("company.yaml"), read("company.yaml")).expect("written");
        let db = Connection::open(folder.path().join("company.db")).expect("a database");
        db.execute_batch(&read("seed.sql")).expect("the seed fits");
        let company = Self(folder);
        let synced = company.run(&["sync", "company.yaml"]);
        assert_eq!(synced.status.code(), Some(0), "{}", said(&synced));
        company
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        run(self.0.path(), arguments, &[])
    }

    /// What people see of a command.
    pub fn seen(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        let folder = self.0.path().to_string_lossy().into_owned();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&folder, "FOLDER");
        format!(
            "$ rolecall {}\n{}{}[{}]\n",
            arguments.join(" "),
            text(&ran.stdout),
            text(&ran.stderr),
            ran.status.code().expect("it was not killed")
        )
    }

    /// The members of a team, as the database has them.
    fn members(&self, team: &str) -> Vec<String> {
        self.texts(
            "SELECT person FROM members WHERE team = ? ORDER BY person",
            team,
        )
    }

    /// The first column of a query with one value, as the database has it.
    pub fn texts(&self, query: &str, value: &str) -> Vec<String> {
        let db = Connection::open(self.path("company.db")).expect("a database");
        let mut query = db.prepare(query).expect("a query");
        let rows = query.query_map([value], |row| row.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("texts")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The text of every file that is there now, with its name.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let files = std::fs::read_dir(self.0.path()).expect("a folder");
        let files = files.map(|file| file.expect("readable").path());
        let read = |path: PathBuf| {
            let name = path.file_name().expect("it has one").to_string_lossy();
            (name.into_owned(), std::fs::read(&path).expect("readable"))
        };
        files.map(read).collect()
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).expect("it was written")
    }
}

#[test]
fn nothing_is_changed_without_being_allowed() {
    let company = Company::new();
    let grant = ["grant", "company.yaml", "team:blue:1:member", "person/ada"];
    insta::assert_snapshot!(company.seen(&grant));
    assert_eq!(company.members("blue:1"), [""; 0]);
    assert!(!company.0.path().join("rolecall-audit.jsonl").exists());
}

#[test]
fn a_grant_is_made_once_and_revoked_once() {
    let company = Company::new();
    let mut seen = String::new();
    for person in ["ada", "bob; DROP TABLE members; --", "o'neill"] {
        let principal = format!("person/{person}");
        let of = [
            "company.yaml",
            "team:blue:1:member",
            &principal,
            "--provisioning",
        ];
        let with = |command| [&[command], &of[..]].concat();
        seen += &company.seen(&with("grant"));
        assert_eq!(company.members("blue:1"), [person]);
        seen += &company.seen(&with("grant"));
        assert_eq!(company.members("blue:1"), [person]);
        seen += &company.seen(&with("revoke"));
        assert_eq!(company.members("blue:1"), [""; 0]);
        seen += &company.seen(&with("revoke"));
    }
    assert_eq!(company.members("red"), ["ada"]);
    insta::assert_snapshot!(seen);
}

#[test]
fn a_dry_run_shows_what_is_sent_and_sends_nothing() {
    let company = Company::new();
    let of = [
        "company.yaml",
        "team:blue:1:member",
        "person/o'neill",
        "--dry-run",
    ];
    let seen = company.seen(&[&["grant"], &of[..]].concat())
        + &company.seen(&[&["revoke"], &of[..], &["--format", "json"]].concat());
    insta::assert_snapshot!(seen);
    assert_eq!(company.members("blue:1"), [""; 0]);
    assert!(!company.0.path().join("rolecall-audit.jsonl").exists());
}

#[test]
fn what_cannot_be_granted_says_why() {
    let company = Company::new();
    let allowed = "--provisioning";
    let file = "company.yaml";
    let commands: [&[&str]; 10] = [
        &["grant", file, "team:blue:1:member", "person/eve", allowed],
        &["grant", file, "team:blue:1:membre", "person/ada", allowed],
        &[
            "grant",
            file,
            "team:blue:1:member",
            "person/nobody",
            allowed,
        ],
        &["grant", file, "team:blue:1:member", "robot/1", allowed],
        &["grant", file, "team:blue:1:member", "ada", allowed],
        &["grant", file, "team:blue:1:leader", "person/ada", allowed],
        &[
            "grant",
            file,
            "team:blue:1:member",
            "person/ada",
            allowed,
            "-f",
            "other.c1z",
        ],
        &[
            "revoke",
            file,
            "--grant",
            "team:red:member:person:nobody",
            allowed,
        ],
        &[
            "revoke",
            file,
            "--grant",
            "team:red:member:person:ada",
            allowed,
        ],
        &["revoke", file, "team:red:member", allowed],
    ];
    let seen: Vec<_> = commands.map(|command| company.seen(command)).into();
    insta::assert_snapshot!(seen.join("\n"));
    assert_eq!(company.members("red"), [""; 0]);
}

#[test]
fn a_plan_is_applied_exactly_or_not_at_all() {
    let company = Company::new();
    let grant = ["grant", "company.yaml", "team:blue:1:member", "person/ada"];
    let mut seen = company.seen(&[&grant[..], &["--plan", "plan.json"]].concat());
    let filters = vec![
        (r#""made_at": "[^"]*""#, r#""made_at": "NOW""#),
        (r#""fingerprint": "[^"]*""#, r#""fingerprint": "SUM""#),
    ];
    insta::with_settings!({filters => filters}, {
        insta::assert_snapshot!("plan_file", company.read("plan.json"));
    });
    seen += &company.seen(&[&grant[..], &["--plan", "plan.json"]].concat());
    seen += &company.seen(&["apply", "plan.json"]);
    assert_eq!(company.members("blue:1"), [""; 0]);
    // A statement that would be another one, although the connector file is the same.
    let plan = company.read("plan.json");
    let path = |name: &str| company.0.path().join(name);
    std::fs::write(
        path("other.json"),
        plan.replace("\"id\": \"ada\"", "\"id\": \"eve\""),
    )
    .expect("written");
    seen += &company.seen(&["apply", "other.json", "--provisioning"]);
    let connector = company.read("company.yaml");
    std::fs::write(path("company.yaml"), format!("{connector}# changed\n")).expect("written");
    seen += &company.seen(&["apply", "plan.json", "--provisioning"]);
    assert_eq!(company.members("blue:1"), [""; 0]);
    std::fs::write(path("company.yaml"), connector).expect("written");
    seen += &company.seen(&["apply", "plan.json", "--provisioning"]);
    assert_eq!(company.members("blue:1"), ["ada"]);
    seen += &company.seen(&["apply", "plan.json", "--provisioning"]);
    seen += &company.seen(&["apply", "company.yaml", "--provisioning"]);
    insta::assert_snapshot!(seen);
}

#[test]
fn the_audit_file_has_two_lines_per_change() {
    let company = Company::new();
    let grant = ["grant", "company.yaml", "team:blue:1:member", "person/ada"];
    let ran = company.run(&[&grant[..], &["--provisioning", "--on-behalf-of", "grace"]].concat());
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let filters = vec![
        (r#""id":"[0-9a-f]{32}""#, r#""id":"ID""#),
        (r#""at":"[^"]*""#, r#""at":"NOW""#),
        (r#""user":"[^"]*""#, r#""user":"USER""#),
        (r#""host":"[^"]*""#, r#""host":"HOST""#),
        (r#""pid":[0-9]+"#, r#""pid":7"#),
    ];
    insta::with_settings!({filters => filters}, {
        insta::assert_snapshot!(company.read("rolecall-audit.jsonl"));
    });
    // Where it cannot be written, nothing is changed.
    let revoke = ["revoke", "company.yaml", "team:blue:1:member", "person/ada"];
    let seen =
        company.seen(&[&revoke[..], &["--provisioning", "--audit", "no/such.jsonl"]].concat());
    insta::assert_snapshot!("no_audit_file", seen);
    assert_eq!(company.members("blue:1"), ["ada"]);
}
