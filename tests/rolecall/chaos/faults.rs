//! `tests/fixtures/chaos/*.yaml`: what the system does to a sync, and what must come of it. What is missing
//! or made up is written out; everything else is the manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use super::oracle::{Again, Expected, interrupted, violations};
use super::scenario::Scenario;
use super::system::Rule;
use super::world::{Ended, World};

/// A case.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What happens.
    what: String,
    #[serde(default)]
    rules: Vec<Rule>,
    /// Listings side by side.
    #[serde(default = "three")]
    concurrency: usize,
    /// The longest it may take.
    within_s: Option<u64>,
    /// What comes of it.
    #[serde(flatten)]
    comes: Comes,
    /// And what comes of the same command afterwards; rules go on where they are.
    then: Option<Comes>,
}

#[derive(Debug, serde::Deserialize)]
struct Comes {
    /// The exit code. 1: there is no output, and the run can be gone on with.
    #[serde(default)]
    exit: i32,
    /// Facts that are missing; `*` at the end stands for anything.
    #[serde(default)]
    without: Vec<String>,
    /// Facts that the scenario does not have.
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    findings: BTreeMap<String, u64>,
    /// Pages that are asked for more than once, and how often more.
    #[serde(default)]
    again: BTreeMap<String, usize>,
    /// Pages that are not asked for.
    #[serde(default)]
    unasked: Vec<String>,
    /// Pages that the scenario does not have.
    #[serde(default)]
    asked: Vec<String>,
    /// What the program says.
    #[serde(default)]
    says: Vec<String>,
}

fn three() -> usize {
    3
}

fn play_all(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/chaos")
        .join(file);
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    let cases: Vec<Case> = serde_yaml::from_str(&text).unwrap_or_else(|it| panic!("{it}"));
    let mut failures = Vec::new();
    let only = std::env::var("ROLECALL_CHAOS_CASE").ok();
    for case in cases {
        if only.as_ref().is_some_and(|only| !case.what.contains(only)) {
            continue;
        }
        let found = play(&case);
        if !found.is_empty() {
            failures.push(format!("{}:\n  {}", case.what, found.join("\n  ")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Runs a case; returns what is wrong.
fn play(case: &Case) -> Vec<String> {
    let scenario = Scenario::small();
    let world = World::new(&scenario).ruled(case.rules.clone());
    let began = Instant::now();
    let mut ended = world.sync(case.concurrency);
    let took = began.elapsed();
    let mut found = judge(&scenario, &ended, &case.comes);
    if case
        .within_s
        .is_some_and(|most| took > Duration::from_secs(most))
    {
        found.push(format!("it took {took:?}"));
    }
    if let Some(then) = &case.then {
        let calls = ended.calls;
        // Whatever was found is gone on with, by another number of listings.
        ended = world.sync(case.concurrency % 3 + 1);
        ended.calls.splice(..0, calls);
        let later = judge(&scenario, &ended, then);
        found.extend(later.into_iter().map(|it| format!("then: {it}")));
    }
    found.extend(world.system.problems());
    found
}

fn judge(scenario: &Scenario, ended: &Ended, comes: &Comes) -> Vec<String> {
    let mut found: Vec<String> = comes
        .says
        .iter()
        .filter(|text| !ended.said.contains(*text))
        .map(|text| format!("it does not say {text:?}: {}", ended.said))
        .collect();
    if comes.exit == 1 {
        if ended.code != Some(1) {
            found.push(format!("exit code {:?}: {}", ended.code, ended.said));
        }
        found.extend(interrupted(ended));
        return found;
    }
    let mut facts = scenario.manifest();
    for pattern in &comes.without {
        let fits = |fact: &String| match pattern.strip_suffix('*') {
            Some(start) => fact.starts_with(start),
            None => fact == pattern,
        };
        let before = facts.len();
        facts.retain(|fact| !fits(fact));
        if facts.len() == before {
            found.push(format!("no fact is {pattern}"));
        }
    }
    facts.extend(comes.with.iter().cloned());
    let mut pages: BTreeSet<String> = scenario.targets().into_iter().collect();
    pages.retain(|page| !comes.unasked.contains(page));
    pages.extend(comes.asked.iter().cloned());
    let again = comes.again.values();
    let expected = Expected {
        facts,
        code: comes.exit,
        findings: comes.findings.clone(),
        pages,
        again: Again {
            each: again.clone().max().copied().unwrap_or_default(),
            all: again.sum(),
        },
    };
    found.extend(violations(ended, &expected));
    for (page, times) in &comes.again {
        let asked = ended.calls.iter().filter(|it| *it == page).count();
        if asked != 1 + times {
            found.push(format!("{page} was asked for {asked} times"));
        }
    }
    if !found.is_empty() {
        found.push(ended.said.clone());
    }
    found
}

#[test]
fn calls_that_fail_come_to_what_they_must() {
    play_all("calls.yaml");
}

#[test]
fn answers_that_contradict_each_other_come_to_what_they_must() {
    play_all("answers.yaml");
}

/// Two syncs into one output: the second one is told who holds it, and changes nothing.
#[test]
fn the_second_sync_is_told_who_is_at_it() {
    let scenario = Scenario::small();
    let mut slow = Rule::at("/users?cursor=4");
    slow.delay_ms = 1_500;
    let world = World::new(&scenario).ruled(vec![slow]);
    let second = std::thread::scope(|scope| {
        let first = scope.spawn(|| world.sync(3));
        while !world.path("out.c1z.work-holder").exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let folder = world.path("");
        let base = [("BASE", world.system.base())];
        let base = base.each_ref().map(|(name, value)| (*name, value.as_str()));
        let second = crate::run(&folder, &["sync", "acme.yaml", "-f", "out.c1z"], &base);
        let first = first.join().expect("no panic");
        assert_eq!(first.facts, Some(scenario.manifest()), "{}", first.said);
        assert_eq!(first.code, Some(0), "{}", first.said);
        second
    });
    let said = crate::said(&second);
    assert_eq!(second.status.code(), Some(1), "{said}");
    let told = regex::Regex::new(
        r"out\.c1z\.work` is in use by process \d+ on `[^`]+` since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
    );
    assert!(told.expect("a pattern").is_match(&said), "{said}");
}
