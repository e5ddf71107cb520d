//! Every example, run against its real system as a user would: variables set, `rolecall sync`, and
//! what the sync file then says.
//!
//! `tests/fixtures/examples/README.md` says how the expectations are written.

use std::path::{Path, PathBuf};

use rolecall::c1z::{C1z, GrantFilter, ReadLimits};
use sqlx::Connection as _;

use crate::servers;

mod apis;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fixture(example: &str, file: &str) -> String {
    let path = root()
        .join("tests/fixtures/examples")
        .join(example)
        .join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Syncs an example and returns its grants as the expectations write them.
fn grants_of(example: &str, variables: &[(&str, &str)], options: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("out.c1z");
    let ran = crate::program()
        .arg("sync")
        .arg(root().join(format!("configs/examples/{example}.yaml")))
        .arg("-f")
        .arg(&output)
        .arg("--strict")
        .args(options)
        .envs(variables.iter().copied())
        .output()
        .expect("the program runs");
    let said = crate::said(&ran);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    assert!(said.contains("complete"), "{said}");
    for (name, value) in variables
        .iter()
        .filter(|(name, _)| name.contains("PASSWORD"))
    {
        assert!(!said.contains(value), "the value of {name} was shown");
    }
    let opened = C1z::open(&output, ReadLimits::default()).expect("the sync file opens");
    let sync = opened.sync(None).expect("it holds a finished run");
    let mut grants: Vec<String> = sync
        .grants(&GrantFilter::default())
        .map(|grant| grant.expect("readable"))
        .map(|grant| format!("{} -> {}", grant.principal, grant.entitlement))
        .collect();
    grants.sort_unstable();
    grants
}

/// Compares the grants that concern the seed with what is expected of it: those that are listed,
/// and those that follow from them.
fn assert_grants(example: &str, variables: &[(&str, &str)], account: &str) {
    let sides = |line: &str| {
        let (principal, entitlement) = line.split_once(" -> ").expect("a grant has two sides");
        let (_, id) = principal.split_once(':').expect("a principal has a type");
        let seeded = [principal, entitlement].map(|side| side.contains("rc_"));
        (id == account, seeded)
    };
    let mut listed = grants_of(example, variables, &["--skip-expansion"]);
    let mut effective = grants_of(example, variables, &[]);
    if example != "acme" {
        listed.retain(|line| matches!(sides(line), (false, [true, _] | [_, true])));
        effective.retain(|line| matches!(sides(line), (false, [true, true])));
    }
    assert_found(example, "expected.txt", &listed);
    if example != "rabbitmq" {
        assert!(effective.len() > 20, "the groups are not followed");
        assert_found(example, "effective.txt", &effective);
    }
}

fn assert_found(example: &str, file: &str, seeded: &[String]) {
    let expected = fixture(example, file);
    let expected: Vec<&str> = expected.lines().collect();
    let missing: Vec<_> = expected
        .iter()
        .filter(|line| !seeded.iter().any(|found| found == *line))
        .collect();
    let surplus: Vec<_> = seeded
        .iter()
        .filter(|found| !expected.contains(&found.as_str()))
        .collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{example}/{file}: missing {missing:#?}, surplus {surplus:#?}"
    );
    assert_eq!(
        seeded.len(),
        expected.len(),
        "{example}/{file}: a grant is there twice"
    );
}

/// The statements of a seed: each ends with `;` at the end of a line.
fn statements(seed: &str) -> impl Iterator<Item = &str> {
    seed.split(";\n").map(str::trim).filter(|statement| {
        statement
            .lines()
            .any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"))
    })
}

#[test]
fn acme_needs_no_server() {
    assert_grants("acme", &[], "");
}

/// The committed database is what its readable seed says.
#[test]
fn the_database_of_acme_is_its_seed() {
    let examples = root().join("configs/examples");
    let seeded = rusqlite::Connection::open_in_memory().expect("a database");
    let seed = std::fs::read_to_string(examples.join("acme.sql")).expect("the seed is there");
    seeded.execute_batch(&seed).expect("the seed is valid");
    let committed = rusqlite::Connection::open_with_flags(
        examples.join("acme.db"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
    )
    .expect("the database is there");
    assert_eq!(dump(&committed), dump(&seeded), "run scripts/seed-acme");
}

/// Every table's definition and rows, as text.
fn dump(db: &rusqlite::Connection) -> Vec<String> {
    let tables: Vec<(String, String)> = db
        .prepare("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        .and_then(|mut query| {
            query
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .expect("a catalogue");
    let mut dump = Vec::new();
    for (name, sql) in tables {
        dump.push(sql.clone());
        if !sql.starts_with("CREATE TABLE") {
            continue;
        }
        let mut query = db
            .prepare(&format!("SELECT * FROM \"{name}\""))
            .expect("a table");
        let columns = query.column_count();
        let mut rows: Vec<String> = query
            .query_map([], |row| {
                (0..columns)
                    .map(|at| row.get::<_, rusqlite::types::Value>(at))
                    .collect::<Result<Vec<_>, _>>()
            })
            .expect("rows")
            .map(|row| format!("{name} {:?}", row.expect("a row")))
            .collect();
        rows.sort();
        dump.extend(rows);
    }
    dump
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_roles_and_privileges() {
    let Some(url) = servers::postgres() else {
        return;
    };
    let mut admin = sqlx::PgConnection::connect(url.as_str())
        .await
        .expect("the server answers");
    let run = async |connection: &mut sqlx::PgConnection, sql: &str| {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql)
            .execute(connection)
            .await
            .expect("the statement is valid");
    };
    run(&mut admin, "DROP DATABASE IF EXISTS example_roles").await;
    run(&mut admin, "CREATE DATABASE example_roles").await;
    let mut here = url.clone();
    here.set_path("/example_roles");
    let mut connection = sqlx::PgConnection::connect(here.as_str())
        .await
        .expect("the database is there");
    for statement in statements(&fixture("postgresql", "seed.sql")) {
        run(&mut connection, statement).await;
    }
    let port = url.port().unwrap_or(5432).to_string();
    let password = servers::password(&url);
    let variables = [
        ("POSTGRES_HOST", url.host_str().unwrap_or_default()),
        ("POSTGRES_PORT", &port),
        ("POSTGRES_DATABASE", "example_roles"),
        ("POSTGRES_USER", url.username()),
        ("POSTGRES_PASSWORD", &password),
    ];
    assert_grants("postgresql", &variables, url.username());
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_accounts_and_roles() {
    let Some(url) = servers::mysql() else { return };
    let mut connection = sqlx::MySqlConnection::connect(url.as_str())
        .await
        .expect("the server answers");
    for statement in statements(&fixture("mariadb", "seed.sql")) {
        let sql = sqlx::AssertSqlSafe(statement.to_owned());
        sqlx::raw_sql(sql)
            .execute(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    let port = url.port().unwrap_or(3306).to_string();
    let password = servers::password(&url);
    let variables = [
        ("MARIADB_HOST", url.host_str().unwrap_or_default()),
        ("MARIADB_PORT", &port),
        ("MARIADB_USER", url.username()),
        ("MARIADB_PASSWORD", &password),
    ];
    assert_grants("mariadb", &variables, url.username());
}

#[tokio::test(flavor = "multi_thread")]
async fn rabbitmq_users_and_permissions() {
    let Some((url, user, password)) = servers::rabbitmq() else {
        return;
    };
    servers::install_tls();
    let answer = reqwest::Client::new()
        .post(format!("{url}/api/definitions"))
        .basic_auth(&user, Some(&password))
        .header("content-type", "application/json")
        .body(fixture("rabbitmq", "seed.json"))
        .send()
        .await
        .expect("the server answers");
    assert!(
        answer.status().is_success(),
        "the seed is refused: {}",
        answer.status()
    );
    let variables = [
        ("RABBITMQ_URL", url.as_str()),
        ("RABBITMQ_USER", &user),
        ("RABBITMQ_PASSWORD", &password),
    ];
    assert_grants("rabbitmq", &variables, &user);
}

/// The examples that are synced from the system itself.
pub const REAL: [(&str, &str); 7] = [
    ("acme", "a SQLite file"),
    ("etcd", "etcd 3.4"),
    ("influxdb", "InfluxDB 1.6"),
    ("mariadb", "MariaDB 10.11"),
    ("postgresql", "PostgreSQL 15"),
    ("rabbitmq", "RabbitMQ 3.10"),
    ("scim", "scim2-server 0.8"),
];

/// The files of `configs/examples`, those for APIs of vendors included.
pub fn files() -> Vec<PathBuf> {
    let examples = root().join("configs/examples");
    let mut files: Vec<PathBuf> = [examples.join("saas"), examples]
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("the folder is there"))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    files
}

/// Every file of the folder validates, begins with the line that makes editors use the schema, and
/// fits the schema.
#[test]
fn every_example_is_sound() {
    let schema: serde_json::Value =
        serde_json::from_str(&rolecall::config::json_schema()).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let names = files();
    assert!(names.len() >= 20);
    for path in names {
        let text = std::fs::read_to_string(&path).expect("an example is text");
        let first = text.lines().next().unwrap_or_default();
        let deep = path.parent().is_some_and(|folder| folder.ends_with("saas"));
        let up = if deep { "../../.." } else { "../.." };
        let wanted = format!("# yaml-language-server: $schema={up}/schema/connector.schema.json");
        assert_eq!(first, wanted, "{}", path.display());
        let document: serde_json::Value = serde_yaml::from_str(&text).expect("an example is YAML");
        let problems: Vec<String> = schema
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{}: {problems:#?}", path.display());
        let ran = crate::program()
            .arg("validate")
            .arg(&path)
            .output()
            .expect("the program runs");
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert_eq!(ran.status.code(), Some(0), "{said}");
        let unset = said.matches("warning[unset-variable]").count();
        assert_eq!(said.matches("warning[").count(), unset, "{said}");
    }
}

/// The connector in the README is one that works: it has no mistakes and no traps.
#[test]
fn the_connector_of_the_readme_is_sound() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README is there");
    let (_, rest) = readme
        .split_once("```yaml\n")
        .expect("it shows a connector");
    let (connector, _) = rest.split_once("```").expect("the connector ends");
    let environment = std::collections::HashMap::from([
        ("DB_USER".to_owned(), "ada".to_owned()),
        ("DB_PASSWORD".to_owned(), "p@ss".to_owned()),
    ]);
    let how = rolecall::plan::Check {
        environment: &environment,
        unset_variable: rolecall::diagnostic::Severity::Error,
        strict: true,
        purpose: rolecall::plan::Purpose::Everything,
    };
    let file = rolecall::diagnostic::SourceFile::new("README.md", connector);
    let (plan, found) = rolecall::plan::check(rolecall::config::load_text(file), how);
    assert!(plan.is_some(), "{found:?}");
    assert!(found.is_empty(), "{found:?}");
}
