//! A system, a folder, and syncs of the one into the other: by the program, or in this process up to a
//! commit at which it dies.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use chrono::Utc;
use rolecall::c1z::{self, Begin, C1z, EntitlementFilter, GrantFilter, ReadLimits, WorkFile};
use rolecall::config;
use rolecall::diagnostic::Severity;
use rolecall::model::SyncKind;
use rolecall::plan::{self, Check, Plan, Purpose};
use rolecall::sync::{self, Scope, SyncError};
use serde_json::Value as Json;

use super::scenario::{CONNECTOR, Scenario};
use super::system::{Rule, Strike, System};
use crate::sync::{Dying, options};

/// A system and a folder.
pub struct World {
    pub system: System,
    folder: tempfile::TempDir,
}

/// What can be seen of a sync from outside once it has ended.
#[derive(Debug, Clone, Default)]
pub struct Ended {
    /// The exit code; `None` when it was killed.
    pub code: Option<i32>,
    /// What it said.
    pub said: String,
    /// What `--report` wrote.
    pub report: Option<Json>,
    /// What the output says, a line per fact; `None` when there is none.
    pub facts: Option<BTreeSet<String>>,
    /// The runs in the output: id, whether it was sealed.
    pub runs: Vec<(String, bool)>,
    /// The pages that were asked for.
    pub calls: Vec<String>,
    /// What is left in the folder.
    pub files: BTreeSet<String>,
}

impl World {
    pub fn new(scenario: &Scenario) -> Self {
        Self::with(scenario, CONNECTOR)
    }

    pub fn with(scenario: &Scenario, connector: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("acme.yaml"), connector).expect("the folder is ours");
        Self {
            system: System::start(scenario.clone()),
            folder,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program to its end, whatever that is.
    pub fn sync(&self, concurrency: usize) -> Ended {
        self.sync_until(concurrency, None)
    }

    /// Runs the program until it is struck down.
    pub fn sync_until(&self, concurrency: usize, strike: Option<Strike>) -> Ended {
        let _ = std::fs::remove_file(self.path("report.json"));
        self.system.begin(strike);
        let child = Command::new(env!("CARGO_BIN_EXE_rolecall"))
            .args([
                "sync",
                "acme.yaml",
                "-f",
                "out.c1z",
                "--report",
                "report.json",
            ])
            .args(["--concurrency", &concurrency.to_string()])
            .current_dir(self.folder.path())
            .env_remove("RUST_LOG")
            .env("BASE", self.system.base())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        self.system.victim(child);
        let output = self.system.wait();
        self.ended(output.status.code(), crate::said(&output))
    }

    /// Runs in this process until it dies at a commit; true when it came to its end before.
    pub async fn sync_to_commit(&self, concurrency: usize, dies_at: usize, durable: bool) -> bool {
        self.system.begin(None);
        let (plan, output) = (self.plan(), self.path("out.c1z"));
        let begin = Begin {
            kind: SyncKind::Full,
            fingerprint: &sync::fingerprint(&plan, &Scope::default()),
            now: Utc::now(),
            fresh: false,
        };
        let (work, _) = WorkFile::open(&output, &begin).expect("the work file opens");
        let sink = Dying {
            work,
            commits: 0,
            dies_at,
            durable,
        };
        match sync::run(Arc::new(plan), sink, options(concurrency), &|_| {}).await {
            Ok((_, sink)) => {
                c1z::pack(sink.work, &output, Default::default()).expect("the run is packed");
                true
            }
            Err(SyncError::Sink(_)) => false,
            Err(error) => panic!("{error:?}"),
        }
    }

    /// What can be seen now.
    pub fn ended(&self, code: Option<i32>, said: String) -> Ended {
        let output = self.path("out.c1z");
        let opened = output.exists().then(|| {
            C1z::open(&output, ReadLimits::default()).expect("an output is always a sync file")
        });
        let runs = opened.as_ref().map(|file| file.runs().expect("readable"));
        let runs = runs.unwrap_or_default().into_iter();
        let report = std::fs::read_to_string(self.path("report.json")).ok();
        Ended {
            code,
            said,
            report: report.map(|text| serde_json::from_str(&text).expect("JSON")),
            facts: opened.as_ref().map(facts),
            runs: runs.map(|run| (run.id.0, run.ended_at.is_some())).collect(),
            calls: self.system.take_calls(),
            files: files(self.folder.path()),
        }
    }

    fn plan(&self) -> Plan {
        let environment = HashMap::from([("BASE".to_owned(), self.system.base())]);
        let how = Check {
            environment: &environment,
            unset_variable: Severity::Error,
            strict: true,
            purpose: Purpose::Sync,
        };
        let (plan, found) = plan::check(config::load(&self.path("acme.yaml")), how);
        plan.unwrap_or_else(|| panic!("the connector has mistakes: {found:?}"))
    }

    /// The same with rules.
    pub fn ruled(self, rules: Vec<Rule>) -> Self {
        self.system.rules(rules);
        self
    }
}

impl Ended {
    /// The codes of what the report says was odd, and how often.
    pub fn findings(&self) -> BTreeMap<String, u64> {
        let findings = self.report.as_ref().map(|report| &report["findings"]);
        let findings = findings.and_then(Json::as_object).into_iter().flatten();
        findings
            .map(|(code, found)| (code.clone(), found["count"].as_u64().unwrap_or_default()))
            .collect()
    }
}

fn files(folder: &Path) -> BTreeSet<String> {
    let names = std::fs::read_dir(folder).expect("a folder").map(|entry| {
        let name = entry.expect("readable").file_name();
        name.into_string().expect("our names")
    });
    names
        .filter(|name| name != "acme.yaml" && name != "report.json")
        .collect()
}

fn facts(file: &C1z) -> BTreeSet<String> {
    let sync = file.sync(None).expect("it holds a finished run");
    let mut facts = Vec::new();
    for it in sync.resource_types() {
        facts.push(format!("type {}", it.expect("readable").id.0));
    }
    for it in sync.resources(None) {
        let it = it.expect("readable");
        let parent = it.parent.map(|parent| format!(" in {parent}"));
        facts.push(format!(
            "resource {} `{}`{}",
            it.id,
            it.display_name,
            parent.unwrap_or_default()
        ));
    }
    for it in sync.entitlements(&EntitlementFilter::default()) {
        let it = it.expect("readable");
        facts.push(format!(
            "entitlement {} `{}` on {}",
            it.id, it.display_name, it.resource.id
        ));
    }
    for it in sync.grants(&GrantFilter::default()) {
        let it = it.expect("readable");
        facts.push(format!("grant {} to {}", it.entitlement, it.principal));
    }
    let count = facts.len();
    let facts: BTreeSet<_> = facts.into_iter().collect();
    assert_eq!(facts.len(), count, "something is there twice");
    facts
}
