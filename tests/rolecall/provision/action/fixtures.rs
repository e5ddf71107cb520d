//! Each folder of `tests/fixtures/provision/actions`: a connector, a database or what the API
//! answers, the actions that are run, and what comes of them.

use std::fmt::Write as _;
use std::path::Path;

use rolecall::expr::Inputs;
use rolecall::plan::{ResourcesPlan, TypePlan};
use rolecall::provision::{
    Intent, Journal, Outcome, RunOptions, Unfinished, action_schemas, invoke,
};
use serde_json::{Map, Value as Json};

use crate::http::server::{Exchange, Server};
use crate::provision::plan_in;
use crate::sql::harness::{Database, System};

/// The value of `<SECRET>` in arguments, which must never be seen.
const SECRET: &str = "s3cr3t/v4lue=";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    action: String,
    #[serde(default)]
    with: Map<String, Json>,
}

/// Keeps what was going to be sent, as the audit file has it.
#[derive(Default)]
struct Noted(String);

impl Journal for Noted {
    fn unfinished(&mut self, _: &str) -> std::io::Result<Option<Unfinished>> {
        Ok(None)
    }

    fn intent(&mut self, intent: &Intent<'_>) -> std::io::Result<String> {
        self.0 = serde_json::to_string(intent).expect("plain data");
        Ok(String::new())
    }

    fn outcome(&mut self, _: &str, _: &Outcome) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fixture_does_what_it_expects() {
    for case in crate::fixtures("provision/actions") {
        let name = case.file_name().expect("a folder").to_string_lossy();
        let systems = match case.join("seed.sql").exists() {
            true => System::ALL.as_slice(),
            false => &[System::Sqlite],
        };
        for system in systems {
            let Some(told) = told(&case, *system).await else {
                continue;
            };
            let secret = told.contains("s3cr3t");
            assert!(!secret, "{name}: the secret is seen in\n{told}");
            insta::with_settings!({
                snapshot_path => case.clone(),
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, {
                insta::assert_snapshot!("outcome", told, &name);
            });
        }
    }
}

/// What comes of a case; `None` when there is no server.
async fn told(case: &Path, system: System) -> Option<String> {
    let read = |name: &str| std::fs::read_to_string(case.join(name)).unwrap_or_default();
    let server = Server::bind();
    let base = format!("http://{}", server.address());
    let exchanges = read("exchanges.yaml").replace("${BASE}", &base);
    let exchanges: Vec<Exchange> = match exchanges.is_empty() {
        true => Vec::new(),
        false => serde_yaml::from_str(&exchanges).expect("exchanges"),
    };
    let server = server.script(exchanges);
    let seed = read("seed.sql");
    let database = Database::create(system, &seed).await?;
    let connect = match seed.is_empty() {
        true => String::new(),
        false => database.connect(),
    };
    let text = format!("{connect}{}", read("connector.yaml"));
    let file = database.folder.path().join("acme.yaml");
    let password = database.url.password().unwrap_or_default();
    let variables = [("BASE", &*base), ("PASSWORD", password)];
    let plan = plan_in(&file, &text, &variables);
    let runs: Vec<Run> = serde_yaml::from_str(&read("runs.yaml")).expect("runs");
    let mut told = format!("schemas {}\n", pretty(&action_schemas(&plan)));
    for run in runs {
        let with = Json::Object(run.with).to_string();
        writeln!(told, "\n--- {} {with}", run.action).expect("a String takes all");
        let given = with.replace("<SECRET>", SECRET);
        let given = serde_json::from_str(&given).expect("an object");
        let invocation = match invoke(&plan, &run.action, &given) {
            Ok(invocation) => invocation,
            Err(error) => {
                writeln!(told, "error: {error}").expect("a String takes all");
                continue;
            }
        };
        let mut noted = Noted::default();
        let finished = invocation.run(&mut noted, RunOptions::default()).await;
        let outcome = finished.expect("the journal can be written").outcome;
        let secret = noted.0.contains("s3cr3t");
        assert!(!secret, "the secret is seen in {}", noted.0);
        writeln!(told, "{}", pretty(&outcome)).expect("a String takes all");
        for found in plan.types.iter().filter(|_| !seed.is_empty()) {
            writeln!(told, "{}", rows(found).await).expect("a String takes all");
        }
    }
    plan.source.close().await;
    assert_eq!(server.finish(), Vec::<String>::new(), "{}", case.display());
    let told = told.replace(&base, "${BASE}");
    // Parameters have marks of each system's own.
    let marks = (1..=9).rev().map(|number| format!("${number}"));
    let told = marks.fold(told, |told, mark| told.replace(&mark, "?"));
    Some(told)
}

fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain data")
}

/// What the system itself holds of a type.
async fn rows(found: &TypePlan) -> String {
    let ResourcesPlan::Listed { fetch, .. } = &found.resources else {
        panic!("the type is listed");
    };
    let page = fetch
        .page(&Inputs::new(), None)
        .await
        .expect("it is listed");
    let rows = page.records.iter().map(|record| {
        let mut row = Json::from(record);
        row.as_object_mut().expect("a row").shift_remove("database");
        row.to_string()
    });
    rows.collect::<Vec<_>>().join(" ")
}
