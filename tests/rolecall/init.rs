//! `rolecall init`: whatever it drafts from has a draft that validates, whose tests pass and, where the
//! system is there, that syncs.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::sql::harness::{Database, System};
use crate::{program, run, said};

/// What a case is drafted from, within a folder of its own.
struct Case {
    name: String,
    folder: tempfile::TempDir,
    source: String,
    database: Option<Database>,
}

impl Case {
    /// `None` where the database that it needs is not there.
    async fn prepare(case: &Path) -> Option<Self> {
        let name = case
            .file_name()
            .expect("a folder has a name")
            .to_string_lossy()
            .into_owned();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = std::fs::read_dir(case)
            .expect("a readable folder")
            .map(|entry| entry.expect("a readable folder").path())
            .next()
            .expect("a case has a source");
        let file_name = file
            .file_name()
            .expect("a file has a name")
            .to_string_lossy()
            .into_owned();
        std::fs::copy(&file, folder.path().join(&file_name)).expect("it can be copied");
        let mut prepared = Self {
            name,
            folder,
            source: file_name,
            database: None,
        };
        if !prepared.source.ends_with(".sql") {
            return Some(prepared);
        }
        let sql = std::fs::read_to_string(&file).expect("a readable file");
        let system = match prepared.name.rsplit('-').next() {
            Some("postgres") => System::Postgres,
            Some("mysql") => System::Mysql,
            _ => {
                prepared.source = "sqlite:acme.db".to_owned();
                let database = rusqlite::Connection::open(prepared.path("acme.db"))
                    .expect("the file can be made");
                // As `sqlite3` does unless it is asked otherwise.
                let sql = format!("PRAGMA foreign_keys = OFF;\n{sql}");
                database.execute_batch(&sql).expect("the statements run");
                return Some(prepared);
            }
        };
        let database = Database::create(system, &sql).await?;
        prepared.source = database.url.to_string();
        prepared.database = Some(database);
        Some(prepared)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Variables for a sync of a database.
    fn variables(&self) -> Vec<(String, String)> {
        let Some(database) = &self.database else {
            return Vec::new();
        };
        let prefix = database.name.to_uppercase();
        vec![
            (format!("{prefix}_USER"), database.url.username().to_owned()),
            (
                format!("{prefix}_PASSWORD"),
                crate::servers::password(&database.url),
            ),
        ]
    }

    fn run(&self, arguments: &[&str]) -> std::process::Output {
        program()
            .args(arguments)
            .current_dir(self.folder.path())
            .envs(self.variables())
            .output()
            .expect("the program runs")
    }

    /// The text without what differs from run to run.
    fn steady(&self, text: &str) -> String {
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.contains(" in sync "))
            .collect();
        let text = lines.join("\n");
        let Some(database) = &self.database else {
            return text;
        };
        let port = database
            .url
            .port()
            .expect("the server has a port")
            .to_string();
        text.replace(&database.name.to_uppercase(), "ACME")
            .replace(&database.name, "acme")
            .replace(&titled(&database.name), "Acme")
            .replace(&format!("port: {port}"), "port: 1234")
    }
}

/// How a draft writes the name of a database.
fn titled(name: &str) -> String {
    let spaced = name.replace('_', " ");
    format!("{}{}", spaced[..1].to_uppercase(), &spaced[1..])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_source_has_a_draft_that_validates_and_passes_its_tests() {
    for folder in crate::fixtures("init") {
        let Some(case) = Case::prepare(&folder).await else {
            continue;
        };
        let name = &case.name;
        let drafted = case.run(&["init", &case.source, "--to", "draft.yaml"]);
        assert!(drafted.status.success(), "{name}: {}", said(&drafted));
        let draft = std::fs::read_to_string(case.path("draft.yaml")).expect("it was written");
        insta::assert_snapshot!(format!("init@{name}"), case.steady(&draft));
        let checked = case.run(&["validate", "draft.yaml"]);
        assert!(
            checked.status.success(),
            "{name}: {}\n{draft}",
            said(&checked)
        );
        let tested = case.run(&["test", "draft.yaml"]);
        assert!(
            tested.status.success(),
            "{name}: {}\n{draft}",
            said(&tested)
        );
        if case.database.is_some() || case.source.starts_with("sqlite:") {
            let synced = case.run(&["sync", "draft.yaml", "-f", "out.c1z"]);
            assert!(
                synced.status.success(),
                "{name}: {}\n{draft}",
                said(&synced)
            );
            let access = case.run(&["inspect", "out.c1z", "access"]);
            insta::assert_snapshot!(format!("init-access@{name}"), case.steady(&said(&access)));
        }
        if let Some(database) = &case.database {
            let secret = crate::servers::password(&database.url);
            assert!(
                secret.is_empty() || !draft.contains(&secret),
                "{name} shows a password"
            );
        }
    }
}

#[test]
fn a_file_that_is_there_is_kept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    std::fs::write(
        folder.join("users.json"),
        r#"[{"id": 1, "email": "ada@example.com"}]"#,
    )
    .expect("ours");
    std::fs::write(folder.join("mine.yaml"), "mine\n").expect("ours");
    let refused = run(folder, &["init", "users.json", "--to", "mine.yaml"], &[]);
    assert_eq!(refused.status.code(), Some(2));
    insta::assert_snapshot!(said(&refused), @"error: `mine.yaml` is there already; `--force` replaces it");
    assert_eq!(
        std::fs::read_to_string(folder.join("mine.yaml")).expect("it is there"),
        "mine\n"
    );
    let replaced = run(
        folder,
        &["init", "users.json", "--to", "mine.yaml", "--force"],
        &[],
    );
    assert!(replaced.status.success(), "{}", said(&replaced));
    let printed = run(folder, &["init", "users.json"], &[]);
    let written = std::fs::read(folder.join("mine.yaml")).expect("it is there");
    assert_eq!(printed.stdout, written);
}

#[test]
fn bad_sources_are_answered_clearly() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.join(name), bytes).expect("the folder is ours")
    };
    write("empty.json", b" \n");
    write("latin1.yaml", b"info: caf\xe9\n");
    write("text.txt", b"hello");
    write("broken.json", b"{\"openapi\": ");
    write("nothing.json", br#"{"openapi": "3.0.0", "paths": {"/invoices": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}}}}}}}}}"#);
    write("deep.json", "[".repeat(100_000).as_bytes());
    write("alias.yaml", b"a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]\ng: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f]\nh: [*g, *g, *g, *g, *g, *g, *g, *g, *g]\n");
    let sources = [
        "absent.json",
        "empty.json",
        "latin1.yaml",
        "text.txt",
        "broken.json",
        "nothing.json",
        "deep.json",
        "alias.yaml",
        ".",
        "ftp://example.com/x",
        "oracle://ada:hunter2@db.example/hr",
        "sqlite:absent.db",
        "postgres://ada:hunter2@127.0.0.1:9/hr",
        "http://127.0.0.1:9/openapi.json?key=hunter2",
        "${ACME_DSN_THAT_IS_NOT_SET}",
    ];
    let mut all = String::new();
    for source in sources {
        let ran = run(folder, &["init", source], &[]);
        let code = ran.status.code().expect("it was not killed");
        assert!(code == 1 || code == 2, "{source}: {}", said(&ran));
        if source == "alias.yaml" {
            // Whichever bound is met first.
            continue;
        }
        all.push_str(&format!(
            "{} -> {code}\n{}\n",
            source.replace("hunter2", "SECRET"),
            said(&ran)
        ));
    }
    assert!(!all.contains("hunter2"), "{all}");
    insta::assert_snapshot!(all);
}

#[test]
fn only_what_is_asked_for_is_drafted() {
    let case = crate::fixtures("init")
        .into_iter()
        .find(|case| case.ends_with("acme-directory"))
        .expect("it is there");
    let only = run(
        &case,
        &["init", "source.yaml", "--only", "invoices,groups"],
        &[],
    );
    assert!(only.status.success(), "{}", said(&only));
    let text = String::from_utf8_lossy(&only.stdout);
    assert!(
        text.contains("\n  invoice:\n") && text.contains("\n  group:\n"),
        "{text}"
    );
    assert!(!text.contains("\n  user:\n"), "{text}");
    let unknown = run(&case, &["init", "source.yaml", "--only", "unicorns"], &[]);
    assert_eq!(unknown.status.code(), Some(2));
    insta::assert_snapshot!(said(&unknown));
}

/// A document as large as vendors publish, with schemas that refer to each other in circles.
#[test]
fn a_large_document_is_read_in_time() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut paths = serde_json::Map::new();
    let mut schemas = serde_json::Map::new();
    for number in 0..12_000 {
        let to =
            |other: usize| json!({"$ref": format!("#/components/schemas/S{}", other % 12_000)});
        let fields: serde_json::Map<String, Json> = (0..8)
            .map(|field| (format!("f{field}"), to(number * 7 + field * 13 + 1)))
            .collect();
        schemas.insert(format!("S{number}"), json!({"description": "x".repeat(300), "allOf": [to(number + 1)], "properties": fields}));
        let list = json!({"get": {"responses": {"200": {"content": {"application/json": {"schema": {"type": "array", "items": to(number)}}}}}}});
        paths.insert(format!("/things{number}"), list);
    }
    let user = json!({"type": "array", "items": {"allOf": [{"$ref": "#/components/schemas/S5"}], "properties": {"id": {"type": "string"}}}});
    paths.insert(
        "/users".to_owned(),
        json!({"get": {"responses": {"200": {"content": {"application/json": {"schema": user}}}}}}),
    );
    let document = json!({"openapi": "3.0.0", "info": {"title": "Large"}, "paths": paths, "components": {"schemas": schemas}});
    let text = document.to_string();
    assert!(text.len() > 10 << 20, "{} bytes", text.len());
    std::fs::write(folder.path().join("large.json"), text).expect("the folder is ours");
    let begun = std::time::Instant::now();
    let ran = run(
        folder.path(),
        &["init", "large.json", "--only", "users"],
        &[],
    );
    assert!(ran.status.success(), "{}", said(&ran));
    assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
}
