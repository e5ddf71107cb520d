//! Changes by requests, run against a server that answers from a script.
//!
//! A case is a folder of `tests/fixtures/provision/http`: `connector.yaml`, the `exchanges.yaml` that
//! must be made, no more and no fewer, `asked.yaml` with what is asked for, and `outcome.snap` with
//! what was going to be sent and what became of it.

mod curl;
mod killed;
mod places;
mod rabbitmq;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rolecall::model::ProfileValue;
use rolecall::provision::{
    Finished, Intent, Journal, Outcome, Prepared, RunOptions, Sent, Unfinished, grant, revoke,
};

use super::{holding, plan_of};
use crate::http::server::{Exchange, Server};

/// The value of `${SECRET}`, which must never be seen.
const SECRET: &str = "s3cr3t/v4lue=";

/// What is asked for.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    what: What,
    entitlement: String,
    on: String,
    to: String,
    /// What the resource has in its profile.
    profile: BTreeMap<String, String>,
    /// The connector is an example, whose API is at this URL.
    example: Option<(String, String)>,
    /// An earlier run of the same change was killed.
    killed_before: bool,
    /// Somebody has looked, and wants it sent once more.
    again: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Grant,
    Revoke,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            what: What::Grant,
            entitlement: "member".to_owned(),
            on: "team/1".to_owned(),
            to: "user/ada".to_owned(),
            profile: BTreeMap::new(),
            example: None,
            killed_before: false,
            again: false,
        }
    }
}

/// Keeps what was going to be sent.
#[derive(Default)]
struct Noted {
    killed_before: bool,
    intents: Vec<String>,
    outcomes: usize,
}

impl Journal for Noted {
    fn unfinished(&mut self, _: &str) -> std::io::Result<Option<Unfinished>> {
        let at = "2026-01-01T00:00:00.000Z".to_owned();
        Ok(self.killed_before.then_some(Unfinished { at }))
    }

    fn intent(&mut self, intent: &Intent<'_>) -> std::io::Result<String> {
        let sends = intent.sends.iter().map(|step| {
            let sent = match &step.sent {
                Sent::Request(view) => match view.credentials.as_str() {
                    "" => view.curl(),
                    with => format!("{}\n    with {with}", view.curl()),
                },
                Sent::Statement(statement) => format!("{statement:?}"),
                Sent::Listing(listing) => listing.clone(),
            };
            format!("{}\n    {sent}\n    expects {}\n", step.step, step.expects)
        });
        self.intents.push(sends.collect());
        Ok(String::new())
    }

    fn outcome(&mut self, _: &str, _: &Outcome) -> std::io::Result<()> {
        self.outcomes += 1;
        Ok(())
    }
}

/// Every case, sorted by name.
fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/provision/http");
    let entries = std::fs::read_dir(folder).expect("the fixtures");
    let mut cases: Vec<_> = entries
        .map(|entry| entry.expect("a folder").path())
        .collect();
    cases.sort();
    cases
}

fn parse<T: serde::de::DeserializeOwned + Default>(text: &str) -> T {
    match text.trim().is_empty() {
        true => T::default(),
        false => serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}")),
    }
}

/// Runs a case; returns what people see of it, and what did not follow the script.
async fn run(folder: &Path) -> (String, Vec<String>) {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let server = Server::bind();
    let (base, other) = (
        format!("http://{}", server.address()),
        format!("http://{}", server.other()),
    );
    let place = |text: &str| text.replace("${BASE}", &base).replace("${OTHER}", &other);
    let exchanges: Option<Vec<Exchange>> = parse(&place(&read("exchanges.yaml")));
    let exchanges = exchanges.unwrap_or_default();
    let is_often = exchanges.iter().any(|exchange| exchange.often);
    let server = server.script(exchanges);
    let asked: Asked = parse(&read("asked.yaml"));
    let variables = [
        ("BASE", &*base),
        ("OTHER", &*other),
        ("SECRET", SECRET),
        ("GITHUB_ORG", "acme"),
        ("GITHUB_TOKEN", SECRET),
        ("SLACK_TOKEN", SECRET),
    ];
    let connector = match &asked.example {
        Some((name, host)) => {
            let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/examples");
            let example = std::fs::read_to_string(examples.join(name)).expect("an example");
            example.replace(host, "${BASE}")
        }
        None => read("connector.yaml"),
    };
    let plan = plan_of(&connector, &variables);
    let on = asked.on.split_once('/').expect("`type/id`");
    let to = asked.to.split_once('/').expect("`type/id`");
    let mut holding = holding(&asked.entitlement, on, to);
    let profile = asked.profile.into_iter();
    holding.entitlement.resource.profile = profile
        .map(|(name, value)| (name, ProfileValue::Text(value)))
        .collect();
    let prepared = match asked.what {
        What::Grant => grant(&plan, holding),
        What::Revoke => revoke(&plan, holding),
    };
    let prepared: Prepared<'_> = prepared.expect("it can be asked for");
    let mut journal = Noted {
        killed_before: asked.killed_before,
        ..Noted::default()
    };
    let options = RunOptions { again: asked.again };
    let finished = prepared.run(&mut journal, options).await;
    let Finished { mut outcome, .. } = finished.expect("the journal can be written");
    if let Some(looked) = outcome.read_back.as_mut().filter(|_| is_often) {
        // How often it was asked in that time is a matter of chance.
        looked.asked = 0;
    }
    let mut problems = server.finish();
    if (journal.intents.len(), journal.outcomes) != (1, 1) {
        problems.push(format!(
            "{} intents and {} outcomes",
            journal.intents.len(),
            journal.outcomes
        ));
    }
    let sends = journal.intents.join("\n");
    let outcome = serde_json::to_string_pretty(&outcome).expect("plain data");
    let shown = format!("{sends}\n{outcome}");
    let shown = shown.replace(&base, "BASE").replace(&other, "OTHER");
    let (base, other) = (base.replace("http://", ""), other.replace("http://", ""));
    let shown = shown.replace(&base, "HOST").replace(&other, "OTHER-HOST");
    for form in [SECRET, "s3cr3t", "czNjcjN0"] {
        if shown.contains(form) {
            problems.push(format!("the secret is seen in {shown}"));
        }
    }
    (shown, problems)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_ends_as_it_should() {
    let cases = cases();
    assert!(cases.len() > 30, "only {} cases were found", cases.len());
    let runs = cases.iter().map(|folder| run(folder));
    let runs = futures::future::join_all(runs).await;
    let mut failures = Vec::new();
    for (folder, (shown, problems)) in cases.iter().zip(runs) {
        let name = folder.file_name().expect("a folder").to_string_lossy();
        if !problems.is_empty() {
            failures.push(format!("{name}:\n  {}\n{shown}", problems.join("\n  ")));
        }
        insta::with_settings!({
            snapshot_path => folder,
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!("outcome", shown);
        });
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
