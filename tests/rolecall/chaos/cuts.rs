//! Syncs that end too soon, wherever that is, and go on in another process with other numbers.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};

use super::oracle::{Again, Expected, interrupted, violations};
use super::scenario::Scenario;
use super::system::Strike;
use super::world::{Ended, World};
use crate::company::{Company, GRANTS_IN_BULK, facts};

/// What a sync comes to that was interrupted while it had so many listings side by side.
fn expected(scenario: &Scenario, interrupted: &[usize]) -> Expected {
    Expected {
        facts: scenario.manifest(),
        code: 0,
        findings: BTreeMap::new(),
        pages: scenario.targets().into_iter().collect(),
        again: Again::after(interrupted),
    }
}

fn assert_as(ended: &Ended, expected: &Expected, what: &str) {
    let found = violations(ended, expected);
    assert_eq!(found, Vec::<String>::new(), "{what}\n{}", ended.said);
}

#[test]
fn a_clean_sync_is_the_same_however_many_listings_run() {
    for seed in 0..3 {
        let mut random = super::random::Random::of(seed);
        let scenario = Scenario::of(&mut random, 17, 4, 6, 3);
        for concurrency in [1, 2, 9] {
            let ended = World::new(&scenario).sync(concurrency);
            let what = format!("seed {seed}, {concurrency} side by side");
            assert_as(&ended, &expected(&scenario, &[]), &what);
        }
    }
}

/// After every commit, and in the middle of every one; every third time once more.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_cut_at_any_checkpoint_comes_to_the_same() {
    let scenario = Scenario::standard();
    for dies_at in 1.. {
        let durable = dies_at % 2 == 0;
        let what = format!("cut at commit {dies_at}, durable: {durable}");
        let world = World::new(&scenario);
        let first = 1 + dies_at % 4;
        let mut cut = vec![first];
        if world.sync_to_commit(first, dies_at, durable).await {
            assert!(dies_at > 15, "only {dies_at} commits");
            break;
        }
        let left = world.ended(None, String::new());
        assert_eq!(interrupted(&left), Vec::<String>::new(), "{what}");
        let mut calls = left.calls;
        if dies_at % 3 == 0 {
            let died = !world.sync_to_commit(2, 1 + dies_at % 5, durable).await;
            calls.extend(world.system.take_calls());
            match died {
                true => cut.push(2),
                // It was nearly done.
                false => continue,
            }
        }
        let mut ended = tokio::task::block_in_place(|| world.sync(5 - first));
        ended.calls.splice(..0, calls);
        assert_as(&ended, &expected(&scenario, &cut), &what);
    }
}

/// The program itself, killed by the system before or behind each of its answers; every third time once
/// more.
#[test]
fn a_process_that_is_killed_at_any_answer_comes_to_the_same() {
    let scenario = Scenario::small();
    let pages = scenario.targets().len();
    for call in 1..=pages {
        let answered = call % 2 == 0;
        let concurrency = 1 + call % 4;
        let what = format!("killed at call {call}, answered: {answered}");
        let world = World::new(&scenario);
        let killed = world.sync_until(concurrency, Some(Strike { call, answered }));
        // Whoever got the last answer may be through before it is struck.
        if killed.code.is_some() {
            assert!(
                call + 2 > pages && answered,
                "{what}: it was not killed\n{}",
                killed.said
            );
            continue;
        }
        assert_eq!(interrupted(&killed), Vec::<String>::new(), "{what}");
        let mut calls = killed.calls;
        let mut cut = vec![concurrency];
        if call % 3 == 0 {
            let strike = Strike {
                call: 1 + call % 5,
                answered: !answered,
            };
            let again = world.sync_until(2, Some(strike));
            if again.code.is_none() {
                cut.push(2);
                calls.extend(again.calls);
            } else {
                calls.extend(again.calls.clone());
                let ended = Ended { calls, ..again };
                assert_as(&ended, &expected(&scenario, &cut), &what);
                continue;
            }
        }
        let mut ended = world.sync(6 - concurrency);
        assert!(
            ended.said.contains("going on with the run") || call == 1,
            "{what}: it began anew\n{}",
            ended.said
        );
        ended.calls.splice(..0, calls);
        assert_as(&ended, &expected(&scenario, &cut), &what);
    }
}

/// Killed while the tables are copied and indexed, and while they are compressed: nothing is asked again, and
/// what was half made is made anew.
#[test]
fn a_process_that_is_killed_while_it_packs_has_only_that_left_to_do() {
    let company = Company::new(6_000, 40).listing_grants(GRANTS_IN_BULK);
    let start = |output: &str| {
        Command::new(env!("CARGO_BIN_EXE_rolecall"))
            .args(["sync", "company.yaml", "-f", output])
            .current_dir(company.path(""))
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    };
    let end = |child: Child| {
        let ended = child.wait_with_output().expect("it ends");
        (ended.status.code(), crate::said(&ended))
    };
    let (code, said) = end(start("whole.c1z"));
    assert_eq!(code, Some(0), "{said}");
    let expected = facts(&company.path("whole.c1z"));
    for half_made in ["out.c1z.work-packing", "out.c1z.tmp"] {
        let half_made = company.path(half_made);
        // It may be through before it is struck, and then it is done once more.
        let killed = (0..20).any(|_| {
            let mut child = start("out.c1z");
            while !half_made.exists() && child.try_wait().expect("it can be asked").is_none() {
                std::thread::yield_now();
            }
            child.kill().expect("it can be killed");
            child.wait().expect("it ends").code().is_none()
        });
        assert!(killed, "{half_made:?} was never there");
        company.execute("ALTER TABLE members RENAME TO hidden");
        let (code, said) = end(start("out.c1z"));
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("going on with the run"), "{said}");
        company.execute("ALTER TABLE hidden RENAME TO members");
        assert!(facts(&company.path("out.c1z")) == expected);
        for left in ["work", "work-wal", "work-packing", "work-holder", "tmp"] {
            let left = company.path(&format!("out.c1z.{left}"));
            assert!(!left.exists(), "{left:?}");
        }
    }
}
