//! Many tasks of every kind while daemon, platform and network fail at random: every task ends once,
//! and nothing is done twice.
//!
//! A short one belongs to the tests; `scripts/chaos` runs long ones.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rolecall::platform::{Event, State};
use rolecall::proto::connectorapi::baton::v1::task::TaskType;

use super::site::Site;
use super::tasks;
use crate::chaos::random::Random;

/// The first seed, and how many tasks.
const SEED: &str = "ROLECALL_CHAOS_SEED";
const TASKS: &str = "ROLECALL_SOAK_TASKS";

const TEAMS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_few_tasks_through_every_fault_end_once() {
    soak(7, 120).await;
}

/// Not a test of its own: what `scripts/chaos` runs.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by scripts/chaos"]
async fn as_many_tasks_as_wanted() {
    let wanted = |name: &str| std::env::var(name).ok()?.parse::<usize>().ok();
    let Some((seed, tasks)) = wanted(SEED).zip(wanted(TASKS)) else {
        return;
    };
    soak(seed as u64, tasks).await;
}

/// What is wanted of the company.
#[derive(Default)]
struct Wanted {
    /// Lines of the company's log that must be there once.
    once: Vec<String>,
    /// Lines that may be there once, or not at all.
    at_most_once: Vec<String>,
    /// Tasks that must succeed, and those that may fail for good.
    sure: Vec<String>,
    other: Vec<String>,
}

async fn soak(seed: u64, tasks: usize) {
    let mut random = Random::of(seed);
    let mut site = Site::new(2 * tasks, TEAMS).await;
    site.start_platform();
    site.start_daemon();
    let wanted = ask(&site, &mut random, tasks);
    let faults = disturb(&mut site, &mut random, &wanted).await;
    check(&site, &wanted, seed);
    let flat = stays_flat(&site, tasks / 2, seed).await;
    println!("seed {seed}: {tasks} tasks, faults {faults:?}, {flat}");
}

/// Asks for tasks of every kind. Each grant is another one, so that each must leave one line.
fn ask(site: &Site, random: &mut Random, count: usize) -> Wanted {
    let mut wanted = Wanted::default();
    // Those that are to be revoked are held from the beginning.
    let company = site.company();
    let revokes = count / 5;
    for n in 0..revokes {
        let held = (format!("t{}", n % TEAMS), format!("p{n}"));
        let sql = "INSERT INTO members VALUES (?1, ?2)";
        company.execute(sql, (&held.0, &held.1)).expect("a row");
    }
    company.execute("DELETE FROM log", []).expect("a log");
    let mut revoked = 0;
    for n in 0..count {
        let sure = |wanted: &mut Wanted, task: TaskType| wanted.sure.push(site.ask(task));
        match random.below(20) {
            0 => sure(&mut wanted, tasks::sync()),
            1..=3 if revoked < revokes => {
                let (team, person) = (format!("t{}", revoked % TEAMS), format!("p{revoked}"));
                sure(&mut wanted, tasks::revoke(&team, &person));
                wanted.once.push(format!("revoke {team} {person}"));
                revoked += 1;
            }
            4..=6 => {
                let login = format!("new{n}");
                sure(&mut wanted, tasks::create_account(&login));
                wanted.once.push(format!("create {login}"));
            }
            7 => {
                // Nothing tells whether an action was done, so one that was cut off is not repeated.
                let word = format!("word{n}");
                wanted.other.push(site.ask(tasks::note(&word)));
                wanted.at_most_once.push(format!("note {word}"));
            }
            8 => wanted.other.push(site.ask(tasks::rotate(&format!("p{n}")))),
            9 => sure(&mut wanted, tasks::list_actions()),
            _ => {
                // Never one of those that are revoked.
                let (team, person) = (format!("t{}", n % TEAMS), format!("p{}", revokes + n));
                sure(&mut wanted, tasks::grant(&team, &person));
                wanted.once.push(format!("grant {team} {person}"));
            }
        }
    }
    wanted
}

/// Lets everything fail until all tasks have ended; returns what was done how often.
async fn disturb(
    site: &mut Site,
    random: &mut Random,
    wanted: &Wanted,
) -> BTreeMap<&'static str, u32> {
    let mut faults = BTreeMap::new();
    let count = wanted.sure.len() + wanted.other.len();
    let limit = Duration::from_secs(420 + count as u64);
    let began = Instant::now();
    loop {
        let pause = 200 + random.below(1_500) as u64;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let all = site.queue.tasks(None, usize::MAX).expect("the queue");
        let open = all
            .iter()
            .filter(|task| matches!(task.state, State::Pending | State::Leased))
            .count();
        if open == 0 {
            break;
        }
        assert!(
            began.elapsed() < limit,
            "{open} of {count} tasks did not end, faults {faults:?}\n{}",
            site.logs()
        );
        if open * 20 < count {
            // What failed often waits long for its next attempt.
            continue;
        }
        let fault = match random.below(6) {
            0 => {
                site.kill_daemon();
                site.start_daemon();
                "the daemon is killed"
            }
            1 => {
                site.kill_platform();
                let away = random.below(800) as u64;
                tokio::time::sleep(Duration::from_millis(away)).await;
                site.start_platform();
                "the platform is killed"
            }
            2 => {
                let status = site.stop_daemon().await;
                assert!(status.success(), "{status}\n{}", site.logs());
                site.start_daemon();
                "the daemon is stopped"
            }
            3 => {
                site.proxy.cut();
                "connections are cut"
            }
            4 => {
                site.proxy.cut_one_in(20);
                tokio::time::sleep(Duration::from_millis(700)).await;
                site.proxy.cut_one_in(0);
                "connections are cut for a while"
            }
            _ => "nothing",
        };
        *faults.entry(fault).or_default() += 1;
    }
    faults
}

/// What must hold, whatever happened.
fn check(site: &Site, wanted: &Wanted, seed: u64) {
    let again = format!("again: seed {seed}\n{}", site.logs());
    for id in &wanted.sure {
        let task = site.queue.task(id).expect("it was asked for");
        assert_eq!(task.state, State::Done, "{task:#?}\n{again}");
    }
    let log = site.log();
    for line in &wanted.once {
        assert_eq!(log.get(line), Some(&1), "{line}\n{again}");
    }
    for line in &wanted.at_most_once {
        assert!(
            log.get(line).is_none_or(|times| *times == 1),
            "{line}\n{again}"
        );
    }
    let known = wanted.once.len() + wanted.at_most_once.len();
    assert!(log.len() <= known, "something else was done\n{again}");
    // Every task has one end, and nothing happens to it after that.
    let history = site.queue.history(None).expect("a history");
    let mut ends: BTreeMap<&str, u32> = BTreeMap::new();
    for entry in &history {
        let ended = ends.get(entry.task.as_str()).copied().unwrap_or(0);
        assert!(ended == 0, "after its end: {entry:?}\n{again}");
        if is_end(entry.event) {
            *ends.entry(&entry.task).or_default() += 1;
        }
    }
    for id in wanted.sure.iter().chain(&wanted.other) {
        assert_eq!(ends.get(id.as_str()), Some(&1), "{id}\n{again}");
    }
}

fn is_end(event: Event) -> bool {
    matches!(event, Event::Done | Event::Failed | Event::Cancelled)
}

/// Tasks without faults: neither memory nor open files of the daemon grow with their number.
async fn stays_flat(site: &Site, count: usize, seed: u64) -> String {
    let mut ids = Vec::new();
    let mut measured = Vec::new();
    for _ in 0..4 {
        for n in 0..count.div_ceil(4).max(10) {
            ids.push(site.ask(tasks::grant(&format!("t{}", n % TEAMS), &format!("p{n}"))));
            if n % 10 == 0 {
                ids.push(site.ask(tasks::sync()));
            }
        }
        for id in ids.drain(..) {
            site.end_of(&id).await;
        }
        measured.push(measure(site.daemon_pid()));
    }
    let [first, .., last] = measured.as_slice() else {
        unreachable!("four rounds")
    };
    assert!(
        last.files <= first.files + 8 && last.memory_kb <= first.memory_kb + 20_000,
        "seed {seed}: {measured:?}"
    );
    format!("{first:?} after the first quarter, {last:?} in the end")
}

#[derive(Debug)]
struct Measured {
    memory_kb: u64,
    files: usize,
}

fn measure(pid: u32) -> Measured {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let memory = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse().ok());
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs");
    Measured {
        memory_kb: memory.expect("a number"),
        files: files.count(),
    }
}
