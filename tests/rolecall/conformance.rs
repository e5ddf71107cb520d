//! The rules that connector files rely on: a small connector over a small database for each, and
//! what comes of it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Output;

use rolecall::config;
use rolecall::diagnostic::Severity;
use rolecall::expr::Inputs;
use rolecall::plan::{self, Check, ResourcesPlan};
use rolecall::source::PageToken;

use serde_json::json;

use crate::sql::harness::{Database, System, execute};

type Variables = HashMap<String, String>;

#[test]
fn every_case_comes_out_as_expected() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    for case in crate::fixtures("conformance") {
        let name = case
            .file_name()
            .expect("a folder has a name")
            .to_string_lossy()
            .into_owned();
        for (system, seed) in [
            (System::Sqlite, "seed.sql"),
            (System::Postgres, "seed.postgres.sql"),
            (System::Mysql, "seed.mysql.sql"),
        ] {
            if let Ok(seed) = std::fs::read_to_string(case.join(seed))
                && let Some(seen) = runtime.block_on(run_case(&case, system, &seed))
            {
                insta::assert_snapshot!(format!("conformance@{name}"), seen);
            }
        }
    }
}

/// What comes of a case; `None` when there is no server for it.
async fn run_case(case: &Path, system: System, seed: &str) -> Option<String> {
    let database = Database::create(system, "SELECT 1").await?;
    let folder = database.folder.path();
    fill_files(case, folder);
    let connector = folder.join("connector.yaml");
    std::fs::copy(case.join("connector.yaml"), &connector).expect("a case has a connector");
    let variables = variables(&database);
    database
        .execute(&seed.replace("DATABASE", &database.name))
        .await;

    let mut seen = pages(&connector, &variables).await;
    let synced = rolecall(
        folder,
        &["sync", "connector.yaml", "-f", "out.c1z"],
        &variables,
    );
    let text =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&*folder.to_string_lossy(), "FOLDER");
    let code = synced.status.code().expect("it was not killed");
    let (said, errors) = (text(&synced.stdout), text(&synced.stderr));
    writeln!(seen, "# exit code {code}\n{said}{errors}").expect("a String takes all");
    if folder.join("out.c1z").exists() {
        for what in ["resources", "entitlements", "grants"] {
            let listed = rolecall(
                folder,
                &["inspect", "out.c1z", what, "--format", "json"],
                &variables,
            );
            facts(what, &listed.stdout, &mut seen);
        }
    }
    drop_user(&database).await;
    Some(seen)
}

/// Fills `<name>.db` by `<name>.seed.sql`.
fn fill_files(case: &Path, folder: &Path) {
    for entry in std::fs::read_dir(case).expect("a case is a folder") {
        let path = entry.expect("a readable folder").path();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(name) = file.strip_suffix(".seed.sql") {
            let seed = std::fs::read_to_string(&path).expect("a seed is text");
            rusqlite::Connection::open(folder.join(format!("{name}.db")))
                .expect("the folder is ours")
                .execute_batch(&seed)
                .expect("the seed is valid");
        }
    }
}

/// How the connector of a case reaches its database.
fn variables(database: &Database) -> Variables {
    let url = &database.url;
    let scheme = match database.system {
        System::Sqlite => "sqlite",
        System::Postgres => "postgres",
        System::Mysql => "mysql",
    };
    [
        ("DB_SCHEME", scheme.to_owned()),
        ("DB_HOST", url.host_str().unwrap_or_default().to_owned()),
        ("DB_PORT", url.port().unwrap_or_default().to_string()),
        ("DB_NAME", database.name.clone()),
        ("DB_USER", url.username().to_owned()),
        ("DB_PASSWORD", crate::servers::password(url)),
        ("ACME_PASSWORD", "p@ss:w#rd".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Users outlive the database that they were made for.
async fn drop_user(database: &Database) {
    let name = &database.name;
    match database.system {
        System::Sqlite => {}
        System::Postgres => {
            let sql = format!("DROP ROLE IF EXISTS {name}");
            execute(System::Postgres, &database.url, &sql).await;
        }
        System::Mysql => {
            let sql = format!("DROP USER IF EXISTS '{name}'@'%'");
            execute(System::Mysql, &database.url, &sql).await;
        }
    }
}

fn rolecall(folder: &Path, arguments: &[&str], variables: &Variables) -> Output {
    crate::program()
        .args(arguments)
        .current_dir(folder)
        .envs(variables)
        .output()
        .expect("the program runs")
}

/// How the resources of each type are paged, a line per type.
async fn pages(connector: &Path, variables: &Variables) -> String {
    let how = Check {
        environment: variables,
        unset_variable: Severity::Error,
        strict: false,
        purpose: plan::Purpose::Sync,
    };
    let mut seen = String::new();
    let (Some(plan), _) = plan::check(config::load(connector), how) else {
        return seen;
    };
    for found in &plan.types {
        let ResourcesPlan::Listed { fetch, .. } = &found.resources else {
            continue;
        };
        let (mut sizes, mut tokens, mut token) = (Vec::new(), Vec::new(), None::<PageToken>);
        while let Ok(page) = fetch.page(&Inputs::new(), token.as_ref()).await {
            sizes.push(page.records.len());
            tokens.extend(page.next.as_ref().map(|next| next.as_str().to_owned()));
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        let id = found.resource_type.id.as_str();
        writeln!(seen, "# pages of {id}: {sizes:?}, tokens {tokens:?}")
            .expect("a String takes all");
    }
    plan.source.close().await;
    seen
}

/// More facts than this are shown by the first and the last ones.
const SHOWN: usize = 40;

/// The facts of one kind, sorted, a line each.
fn facts(what: &str, listed: &[u8], seen: &mut String) {
    let mut lines = fact_lines(what, listed);
    let found = lines.len();
    if lines.len() > SHOWN {
        let more = format!("… {} more", lines.len() - 2);
        lines.splice(1..lines.len() - 1, [more]);
    }
    if !lines.is_empty() {
        writeln!(seen, "# {what}: {found}\n{}", lines.join("\n")).expect("a String takes all");
    }
}

/// What `inspect --format json` listed, a line for each fact, sorted.
pub fn fact_lines(what: &str, listed: &[u8]) -> Vec<String> {
    let listed: serde_json::Value = serde_json::from_slice(listed).expect("the output is JSON");
    let listed = listed[what].as_array().expect("facts are a list");
    let mut lines: Vec<String> = listed.iter().map(fact).collect();
    lines.sort();
    lines
}

/// A fact without what its id says already.
fn fact(fact: &serde_json::Value) -> String {
    let id = fact["id"].as_str().expect("a fact has an id");
    let id = match fact["resource_type"].as_str() {
        Some(of) => format!("{of}:{id}"),
        None => id.to_owned(),
    };
    let told = [
        "id",
        "resource_type",
        "resource",
        "entitlement",
        "principal",
    ];
    let empty = |value: &serde_json::Value| *value == json!("") || *value == json!([]);
    let fields = fact.as_object().expect("a fact is an object").iter();
    let fields: serde_json::Map<_, _> = fields
        .filter(|(name, value)| !told.contains(&name.as_str()) && !empty(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    format!("{id} {}", serde_json::Value::Object(fields))
}
