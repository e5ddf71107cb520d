//! One folder of `tests/fixtures/provision/sql`: a connector, a database, what is done.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rolecall::plan::Plan;
use rolecall::provision::{Finished, Prepared, grant, revoke};

use super::way::{Way, read};
use crate::provision::{holding, plan_in, run};
use crate::sql::harness::Database;

/// What is done, and with which databases.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    /// The ways that the case is about; none: all of them.
    #[serde(default)]
    on: Vec<String>,
    /// The ways with a snapshot of their own, and why.
    #[serde(default)]
    differs: indexmap::IndexMap<String, String>,
    /// Queries whose first column is shown after each step.
    #[serde(default)]
    look: Vec<String>,
    r#do: Vec<Step>,
}

/// One step: exactly one of these. The three words of a change are the entitlement, the resource and
/// the principal.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Step {
    grant: Option<[String; 3]>,
    revoke: Option<[String; 3]>,
    /// What a change would send.
    plan_grant: Option<[String; 3]>,
    plan_revoke: Option<[String; 3]>,
    /// Something that somebody else does.
    execute: Option<String>,
}

pub struct Case {
    folder: PathBuf,
    script: Script,
}

impl Case {
    pub fn load(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("case.yaml"));
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let script = serde_yaml::from_str(&text);
        Self {
            script: script.unwrap_or_else(|error| panic!("{}: {error}", folder.display())),
            folder: folder.to_owned(),
        }
    }

    pub fn runs(&self, way: Way) -> bool {
        self.script.on.is_empty() || self.script.on.iter().any(|on| on == way.name())
    }

    pub fn differs(&self, way: Way) -> bool {
        self.script.differs.contains_key(way.name())
    }

    /// What every step comes to; `None` when there is no server.
    pub async fn run(&self, way: Way) -> Option<String> {
        let read = |name: &str| std::fs::read_to_string(self.folder.join(name));
        let special = read(&format!("seed.{:?}.sql", way.system).to_lowercase());
        let seed = special.or_else(|_| read("seed.sql")).unwrap_or_default();
        let connector = read("connector.yaml").expect("a case has a connector");
        let database = way.create(&seed).await?;
        let file = database.folder.path().join("acme.yaml");
        let text = format!("{}{connector}", database.connect());
        let password = database.url.password().unwrap_or_default().to_owned();
        let plan = plan_in(&file, &text, &[("PASSWORD", &password)]);
        let mut told = String::new();
        for step in &self.script.r#do {
            self.step(step, &plan, &database, &mut told).await;
        }
        let folder = format!("{}/", database.folder.path().display());
        let told = told.trim_end().replace(&folder, "");
        Some(told.replace(&database.name, "acme"))
    }

    async fn step(&self, step: &Step, plan: &Plan, database: &Database, told: &mut String) {
        let (what, of, makes) = match step {
            Step {
                grant: Some(of), ..
            } => ("grant", of, true),
            Step {
                revoke: Some(of), ..
            } => ("revoke", of, true),
            Step {
                plan_grant: Some(of),
                ..
            } => ("plan grant", of, false),
            Step {
                plan_revoke: Some(of),
                ..
            } => ("plan revoke", of, false),
            Step {
                execute: Some(sql), ..
            } => {
                writeln!(told, "-- {sql}\n").expect("a String takes all");
                return database.execute(sql).await;
            }
            _ => panic!("{}: a step without anything", self.folder.display()),
        };
        let holding = holding(&of[0], split(&of[1]), split(&of[2]));
        let prepared = match what {
            "grant" | "plan grant" => grant(plan, holding),
            _ => revoke(plan, holding),
        };
        writeln!(told, "{what} {}:", of.join(" ")).expect("a String takes all");
        match prepared {
            Err(error) => writeln!(told, "  cannot be tried: {error}").expect("a String takes all"),
            Ok(prepared) if makes => tell(&run(&prepared).await, told),
            Ok(prepared) => tell_plan(&prepared, told).await,
        }
        if makes {
            for look in &self.script.look {
                let rows = read(database, look).await;
                writeln!(told, "  {look}: {rows:?}").expect("a String takes all");
            }
        }
        told.push('\n');
    }
}

/// SQL as it is on systems whose parameters have no numbers.
fn plain(sql: &str) -> String {
    let mut parts = sql.split('$');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        plain.push(if rest.len() < part.len() { '?' } else { '$' });
        plain.push_str(rest);
    }
    plain
}

fn split(resource: &str) -> (&str, &str) {
    resource.split_once('/').expect("a resource is `type/id`")
}

fn tell(finished: &Finished, told: &mut String) {
    let outcome = &finished.outcome;
    let line = format!("  {:?}: {}", outcome.verdict, outcome.message);
    writeln!(told, "{line}").expect("a String takes all");
    for step in &outcome.steps {
        let rows = step.rows.map_or(String::new(), |rows| format!(" {rows}"));
        let sent: String = plain(&step.sent).chars().take(60).collect();
        let line = format!("  {:?}{rows} {}: {sent}", step.state, step.step);
        writeln!(told, "{line}").expect("a String takes all");
    }
    for annotation in &outcome.annotations {
        writeln!(told, "  {annotation:?}").expect("a String takes all");
    }
    if let Some(read_back) = &outcome.read_back {
        writeln!(told, "  read back: {read_back:?}").expect("a String takes all");
    }
    for (name, value) in finished.brought.iter() {
        let value = serde_json::Value::from(value);
        writeln!(told, "  {name} = {value}").expect("a String takes all");
    }
}

async fn tell_plan(prepared: &Prepared<'_>, told: &mut String) {
    match prepared.plan().await {
        Err(error) => writeln!(told, "  cannot be planned: {error}").expect("a String takes all"),
        Ok(steps) => {
            for step in steps {
                let sent = serde_json::to_string(&step.sent).expect("it can be written");
                let sent = plain(&sent);
                let line = format!("  {}: {sent}\n    expects {}", step.step, step.expects);
                writeln!(told, "{line}").expect("a String takes all");
            }
        }
    }
}
