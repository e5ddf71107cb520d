//! `tests/fixtures/quirks`: shapes and quirks of real APIs, each a connector that meets them, run by
//! the program itself against a server that answers from a script.
//!
//! A case has `quirk.yaml` (what the quirk is), `connector.yaml`, `exchanges.yaml` (as in
//! `tests/fixtures/http`, in any order; several with the same question are answered in turn) and
//! `expected.txt` (the exit code, what the program says and every fact of the sync file). With
//! `ROLECALL_UPDATE_FIXTURES` set, `expected.txt` is written instead: read the difference.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use rolecall::c1z::{C1z, EntitlementFilter, GrantFilter, ReadLimits};
use rolecall::model::{Resource, ResourceTrait};

use super::case::SECRET;
use super::server::{Exchange, Server};
use crate::sql::harness::{Database, System};

/// What a quirk is, for the documentation.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quirk {
    /// The heading it stands under.
    pub group: String,
    /// What APIs do.
    pub quirk: String,
    /// Where this is met.
    pub seen_at: String,
    /// What the connector writes to meet it.
    pub how: String,
    /// A real database that is read instead, filled by `seed.sql` and named by `${DB_…}`. The case is
    /// skipped where there is no such server.
    #[serde(default)]
    pub database: Option<RealDatabase>,
    /// Further variables of the environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// How often the same command is run: what an earlier run left, the work file or something in
    /// `${FOLDER}`, is there in the next.
    #[serde(default = "once")]
    pub runs: u32,
}

fn once() -> u32 {
    1
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RealDatabase {
    Postgresql,
    Mariadb,
}

impl RealDatabase {
    /// Makes a database, and the variables that lead to it.
    fn create(self, seed: &str) -> Option<(Database, [(&'static str, String); 5])> {
        let system = match self {
            RealDatabase::Postgresql => System::Postgres,
            RealDatabase::Mariadb => System::Mysql,
        };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let database = runtime.block_on(Database::create(system, seed))?;
        let url = &database.url;
        let variables = [
            ("DB_HOST", url.host_str().expect("a host").to_owned()),
            ("DB_PORT", url.port().expect("a port").to_string()),
            ("DB_USER", url.username().to_owned()),
            ("DB_PASSWORD", crate::servers::password(url)),
            ("DB_NAME", database.name.clone()),
        ];
        Some((database, variables))
    }
}

impl Quirk {
    pub fn of(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("quirk.yaml")).expect("a quirk.yaml");
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{folder:?}: {error}"))
    }
}

#[test]
fn every_quirk_is_met() {
    let cases = crate::fixtures("quirks");
    // Each waits for its own server and program: some at a time.
    let failures: Vec<String> = std::thread::scope(|scope| {
        let groups: Vec<_> = (0..4)
            .map(|group| {
                let cases = cases.iter().skip(group).step_by(4);
                scope.spawn(move || cases.filter_map(|case| met(case).err()).collect::<Vec<_>>())
            })
            .collect();
        let groups = groups.into_iter();
        groups
            .flat_map(|group| group.join().expect("no panic"))
            .collect()
    });
    assert!(
        failures.is_empty(),
        "{} cases fail\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn met(folder: &Path) -> Result<(), String> {
    let name = folder.file_name().expect("a name").to_string_lossy();
    let quirk = Quirk::of(folder);
    let server = Server::bind();
    let (base, other) = (server.address().to_string(), server.other().to_string());
    let secure = format!("https://{}", server.secure());
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap_or_default();
    let exchanges = read("exchanges.yaml")
        .replace("${BASE}", &format!("http://{base}"))
        .replace("${OTHER}", &format!("http://{other}"))
        .replace("${SECURE}", &secure)
        .replace("${BASE_HOST}", &base);
    let exchanges: Vec<Exchange> = serde_yaml::from_str(&exchanges)
        .map_err(|error| format!("{name}: exchanges.yaml: {error}"))?;
    let server = server.script(exchanges).in_any_order();
    let database = match quirk.database.map(|found| found.create(&read("seed.sql"))) {
        Some(None) => {
            server.finish();
            return Ok(());
        }
        Some(Some((database, variables))) => Some((database, variables)),
        None => None,
    };
    let variables = database.iter().flat_map(|(_, variables)| variables.clone());
    let variables: Vec<_> = variables.collect();
    let output = tempfile::TempDir::new().expect("a folder");
    let mut found = String::new();
    for _ in 0..quirk.runs {
        let ran = Command::new(env!("CARGO_BIN_EXE_rolecall"))
            .args([
                "sync",
                "connector.yaml",
                "--strict",
                "--concurrency",
                "4",
                "-f",
            ])
            .arg(output.path().join("out.c1z"))
            .current_dir(folder)
            .env_remove("RUST_LOG")
            .env("BASE", format!("http://{base}"))
            .env("OTHER", format!("http://{other}"))
            .env("SECURE", &secure)
            .env("BASE_HOST", &base)
            .env("SECRET", SECRET)
            .env("FOLDER", output.path())
            .env("HOME", output.path())
            .envs(variables.clone())
            .envs(&quirk.env)
            .output()
            .expect("the program runs");
        let code = ran.status.code().unwrap_or(-1);
        found.push_str(&format!("exit code {code}\n{}", crate::said(&ran)));
    }
    facts(&output.path().join("out.c1z"), &mut found);
    let logged_at = regex::Regex::new(r"(?m)^\d{4}-\d\d-\d\dT\S+ +(\w+) \S+: ");
    let logged_at = logged_at.expect("a pattern");
    let found = logged_at
        .replace_all(&found, "$1 ")
        .replace(&*output.path().to_string_lossy(), "")
        .replace(&base, "base")
        .replace(&other, "other")
        .replace(&secure, "https://secure");
    let problems = server.finish();
    if found.contains(SECRET) {
        return Err(format!("{name}: the secret is seen in\n{found}"));
    }
    if !problems.is_empty() {
        return Err(format!("{name}: {}\n{found}", problems.join("\n  ")));
    }
    if std::env::var_os("ROLECALL_UPDATE_FIXTURES").is_some() {
        std::fs::write(folder.join("expected.txt"), &found).expect("a writable folder");
    }
    let expected = read("expected.txt");
    match found == expected {
        true => Ok(()),
        false => Err(format!("{name}: found\n{found}\nexpected\n{expected}")),
    }
}

/// Every fact of a sync file, a line each, sorted.
fn facts(file: &Path, into: &mut String) {
    let Ok(opened) = C1z::open(file, ReadLimits::default()) else {
        return;
    };
    let sync = opened.sync(None).expect("it holds a finished run");
    let mut lines: Vec<String> = Vec::new();
    lines.extend(
        sync.resources(None)
            .map(|fact| resource(&fact.expect("readable"))),
    );
    for fact in sync.entitlements(&EntitlementFilter::default()) {
        let fact = fact.expect("readable");
        lines.push(format!("entitlement {} `{}`", fact.id, fact.display_name));
    }
    for fact in sync.grants(&GrantFilter::default()) {
        let fact = fact.expect("readable");
        let principal = &fact.principal;
        lines.push(format!(
            "grant {} to {}/{}",
            fact.entitlement, principal.resource_type, principal.id
        ));
    }
    lines.sort();
    for line in lines {
        writeln!(into, "{line}").expect("a String takes all");
    }
}

fn resource(resource: &Resource) -> String {
    let id = &resource.id;
    let mut line = format!(
        "resource {}/{} `{}`",
        id.resource_type, id.id, resource.display_name
    );
    if let Some(parent) = &resource.parent {
        write!(line, " in {}/{}", parent.resource_type, parent.id).expect("a String takes all");
    }
    for found in &resource.traits {
        if let ResourceTrait::User(user) = found {
            write!(line, " {:?}", user.status).expect("a String takes all");
            let emails = user.emails.iter().map(|email| email.address.as_str());
            for email in emails {
                write!(line, " <{email}>").expect("a String takes all");
            }
            if !user.login.is_empty() {
                write!(line, " login {}", user.login).expect("a String takes all");
            }
            if let Some(at) = user.last_login {
                write!(line, " last seen {}", at.to_rfc3339()).expect("a String takes all");
            }
        }
        for (name, value) in found.profile().into_iter().flatten() {
            write!(line, " {name}={value:?}").expect("a String takes all");
        }
    }
    line
}
