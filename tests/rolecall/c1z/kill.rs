//! A run that is killed at any moment: its page and its checkpoint tell the same story.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rolecall::c1z::{C1zError, Opened, WorkFile};
use rolecall::model::{Resource, ResourceId, ResourceTypeId};
use rolecall::sync::{PageFacts, SyncSink};
use tempfile::TempDir;

use super::{files, samples};

/// Names the output for the child process.
const OUTPUT: &str = "ROLECALL_TEST_KILLED_OUTPUT";
/// What it says when it has the file.
const LOCKED: &str = "the work file is locked";
const PER_PAGE: u64 = 40;

fn page(number: u64) -> PageFacts {
    let ids = number * PER_PAGE..(number + 1) * PER_PAGE;
    let user = |n: u64| Resource::new(ResourceId::new("user", n.to_string()), format!("user {n}"));
    PageFacts {
        resources: ids.clone().map(user).collect(),
        grants: ids.map(|n| samples::grant("member", user(n).id)).collect(),
        ..PageFacts::default()
    }
}

/// How many pages the checkpoint says there are.
fn pages_done(work: &WorkFile) -> u64 {
    work.checkpoint()
        .unwrap()
        .map_or(0, |checkpoint| checkpoint.parse().unwrap())
}

/// Not a test of its own: what the test below runs in another process, until it is killed.
#[test]
#[ignore = "run by page_and_checkpoint_agree_after_every_kill"]
fn commit_until_killed() {
    let Some(output) = std::env::var_os(OUTPUT) else {
        return;
    };
    let (mut work, _) = WorkFile::open(&PathBuf::from(output), &files::begin()).unwrap();
    println!("{LOCKED}");
    loop {
        let number = pages_done(&work);
        let committed = work
            .commit(&page(number), &(number + 1).to_string())
            .unwrap();
        assert_eq!(
            committed.replaced.count, 0,
            "page {number} was there without its checkpoint"
        );
    }
}

/// Starts the process above and returns once it holds the work file.
fn start(output: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "c1z::kill::commit_until_killed",
            "--nocapture",
        ])
        .env(OUTPUT, output)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let locked = lines.map(Result::unwrap).any(|line| line.contains(LOCKED));
    assert!(locked, "the child ended before it held the work file");
    child
}

#[test]
fn page_and_checkpoint_agree_after_every_kill() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let mut seen = Vec::new();
    for round in 0..12 {
        let mut child = start(&output);
        let second = WorkFile::open(&output, &files::begin()).err();
        assert!(matches!(second, Some(C1zError::InUse { .. })), "{second:?}");
        sleep(Duration::from_millis(13 * round));
        assert_eq!(
            child.try_wait().unwrap(),
            None,
            "the child failed in round {round}"
        );
        child.kill().unwrap();
        child.wait().unwrap();

        let (mut work, opened) = WorkFile::open(&output, &files::begin()).unwrap();
        assert_eq!(opened, Opened::Resumed, "round {round}");
        let pages = pages_done(&work);
        let counts = work.settle().unwrap().counts;
        assert_eq!(counts.resources, pages * PER_PAGE, "round {round}");
        assert_eq!(counts.grants, pages * PER_PAGE, "round {round}");
        let last = work
            .resource(&ResourceId::new("user", (pages * PER_PAGE).to_string()))
            .unwrap();
        assert_eq!(last, None, "round {round}");
        seen.push(pages);
    }
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(seen[0] < seen[11], "no round got anything done: {seen:?}");

    let (work, _) = WorkFile::open(&output, &files::begin()).unwrap();
    let all = work
        .resources_after(&ResourceTypeId::new("user"), None, usize::MAX)
        .unwrap();
    assert!(all.is_sorted_by_key(|(position, _)| *position));
    for (n, (_, resource)) in all.iter().enumerate() {
        assert_eq!(resource.id.id, n.to_string());
    }
}
