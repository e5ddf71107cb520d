//! Systems, faults and interruptions by chance, from a seed that is told: whatever comes, the output is
//! what follows from the system.
//!
//! A few runs belong to the tests; `scripts/chaos` makes thousands.

use std::collections::BTreeMap;

use super::oracle::{Again, Expected, interrupted, violations};
use super::random::Random;
use super::scenario::Scenario;
use super::system::{Rule, Strike};
use super::world::World;

/// The first seed, and how many follow it.
const SEED: &str = "ROLECALL_CHAOS_SEED";
const RUNS: &str = "ROLECALL_CHAOS_RUNS";

/// What runs came to, to be told in the end.
#[derive(Debug, Default)]
struct Tally {
    runs: usize,
    faults: usize,
    cuts: usize,
    kills: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_runs_by_chance_come_to_what_they_must() {
    let tally = play_all(2_801, 12).await;
    assert!(
        tally.faults > 5 && tally.cuts > 5 && tally.kills > 1,
        "{tally:?}"
    );
}

/// Not a test of its own: what `scripts/chaos` runs.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by scripts/chaos"]
async fn as_many_runs_as_wanted() {
    let wanted = |name: &str| std::env::var(name).ok()?.parse().ok();
    let Some((seed, runs)) = wanted(SEED).zip(wanted(RUNS)) else {
        return;
    };
    let tally = play_all(seed, runs).await;
    println!("seed {seed}: {tally:?}");
}

async fn play_all(first: u64, runs: u64) -> Tally {
    let mut tally = Tally::default();
    for seed in first..first + runs {
        let found = play(seed, &mut tally).await;
        assert_eq!(
            found,
            Vec::<String>::new(),
            "again: scripts/chaos --seed {seed} --runs 1"
        );
    }
    tally
}

/// One system, synced through whatever happens; returns what is wrong with the outcome.
async fn play(seed: u64, tally: &mut Tally) -> Vec<String> {
    let mut random = Random::of(seed);
    let (users, orgs, groups) = (random.below(30), 1 + random.below(5), random.below(7));
    let per_page = 1 + random.below(6);
    let scenario = Scenario::of(&mut random, users + 1, orgs, groups + 1, per_page);
    let rules = rules(&mut random, &scenario);
    let faults = rules.iter().map(|rule| rule.times).sum::<usize>();
    tally.runs += 1;
    tally.faults += faults;

    let world = World::new(&scenario).ruled(rules);
    let mut calls = Vec::new();
    let mut cut = Vec::new();
    let mut found = Vec::new();
    let mut done = false;
    for _ in 0..random.below(5) {
        let concurrency = 1 + random.below(6);
        let at = 1 + random.below(scenario.targets().len() + faults);
        let yes = random.below(2) == 0;
        if random.below(8) == 0 {
            let strike = Strike {
                call: at,
                answered: yes,
            };
            let killed =
                tokio::task::block_in_place(|| world.sync_until(concurrency, Some(strike)));
            calls.extend(killed.calls);
            done = killed.code.is_some();
            tally.kills += usize::from(!done);
        } else {
            done = world.sync_to_commit(concurrency, at, yes).await;
            calls.extend(world.system.take_calls());
            tally.cuts += usize::from(!done);
        }
        if done {
            break;
        }
        cut.push(concurrency);
        found.extend(interrupted(&world.ended(None, String::new())));
    }
    let expected = Expected {
        facts: scenario.manifest(),
        code: 0,
        findings: BTreeMap::new(),
        pages: scenario.targets().into_iter().collect(),
        again: Again {
            each: cut.len() + faults,
            all: Again::after(&cut).all + faults,
        },
    };
    if done {
        // It was through before it was interrupted: the last word was said where nobody listens.
        let facts = world
            .ended(Some(0), String::new())
            .facts
            .unwrap_or_default();
        let differing = facts.symmetric_difference(&expected.facts);
        found.extend(differing.cloned());
    } else {
        let concurrency = 1 + random.below(6);
        let mut ended = tokio::task::block_in_place(|| world.sync(concurrency));
        ended.calls.splice(..0, calls);
        let wrong = violations(&ended, &expected);
        if !wrong.is_empty() {
            found.extend(wrong);
            found.push(ended.said);
        }
    }
    found
}

/// Faults that pass: nothing may be missing because of them.
fn rules(random: &mut Random, scenario: &Scenario) -> Vec<Rule> {
    let targets = scenario.targets();
    let count = random.below(5);
    let rules = (0..count).map(|_| {
        let mut rule = Rule::at(&targets[random.below(targets.len())]);
        match random.below(6) {
            0 => rule.lose = true,
            1 => rule.cut = Some(random.below(40)),
            2 => rule.status = Some([429, 500, 502, 503, 504][random.below(5)]),
            3 => {
                rule.status = Some(429);
                rule.headers = BTreeMap::from([("retry-after".into(), "0".into())]);
            }
            4 => rule.delay_ms = 1 + random.next() % 15,
            _ => {
                rule.delay_ms = random.next() % 5;
                rule.lose = true;
            }
        }
        rule
    });
    let mut rules: Vec<Rule> = rules.collect();
    // A page that fails more often than it is tried again would be a failure to report.
    let mut seen = BTreeMap::new();
    rules.retain(|rule| {
        let times: &mut usize = seen.entry(rule.at.clone()).or_default();
        *times += 1;
        *times <= 2
    });
    rules
}
