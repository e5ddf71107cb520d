//! Work files that a power cut, a disk or somebody else has changed: whatever is opened is what was
//! committed, or the file is refused by name.

use std::fs;
use std::path::{Path, PathBuf};

use rolecall::c1z::{C1zError, Opened, WorkFile};
use rolecall::model::{Resource, ResourceId};
use rolecall::sync::{PageFacts, RunRecord, SyncSink};
use tempfile::TempDir;

use super::{files, samples};
use crate::chaos::random::Random;

const PER_PAGE: u64 = 12;
const PAGES: u64 = 3;

fn user(n: u64) -> Resource {
    Resource::new(ResourceId::new("user", n.to_string()), format!("user {n}"))
}

fn page(number: u64) -> PageFacts {
    let ids = number * PER_PAGE..(number + 1) * PER_PAGE;
    PageFacts {
        resource_types: vec![samples::resource_type("user", &[])],
        resources: ids.clone().map(user).collect(),
        entitlements: vec![samples::entitlement(&format!("member{number}"))],
        grants: ids.map(|n| samples::grant("member0", user(n).id)).collect(),
    }
}

/// A work file of some pages whose process died: its database and its log.
struct Left {
    database: Vec<u8>,
    log: Vec<u8>,
}

impl Left {
    /// With the pages in the log, as they are when a process dies.
    fn in_the_log() -> Self {
        let directory = TempDir::new().unwrap();
        let output = directory.path().join("o.c1z");
        let (mut work, _) = WorkFile::open(&output, &files::begin()).unwrap();
        for number in 0..PAGES {
            work.commit(&page(number), &(number + 1).to_string())
                .unwrap();
        }
        let path = WorkFile::path_for(&output);
        Self {
            database: fs::read(&path).unwrap(),
            log: fs::read(log_of(&path)).unwrap(),
        }
    }

    /// With the pages in the database, as they are when a process ends.
    fn in_the_database() -> Self {
        let left = Self::in_the_log();
        let directory = TempDir::new().unwrap();
        let output = directory.path().join("o.c1z");
        left.put(&output);
        drop(WorkFile::open(&output, &files::begin()).unwrap());
        let path = WorkFile::path_for(&output);
        assert!(!log_of(&path).exists());
        Self {
            database: fs::read(&path).unwrap(),
            log: Vec::new(),
        }
    }

    fn put(&self, output: &Path) {
        let path = WorkFile::path_for(output);
        fs::write(&path, &self.database).unwrap();
        match self.log.is_empty() {
            true => drop(fs::remove_file(log_of(&path))),
            false => fs::write(log_of(&path), &self.log).unwrap(),
        }
    }
}

fn log_of(work: &Path) -> PathBuf {
    work.with_file_name("o.c1z.work-wal")
}

/// What became of a work file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    /// It is refused, and the message names it.
    Refused,
    /// A run begins.
    Nothing,
    /// The first so many pages, and nothing else.
    Pages(u64),
}

/// Opens what was left, and compares it with what was committed, to the last byte of the rows.
fn open(left: &Left, what: &str) -> Found {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    left.put(&output);
    let (mut work, opened) = match WorkFile::open(&output, &files::begin()) {
        Ok(opened) => opened,
        Err(error) => {
            let by_name = matches!(
                error,
                C1zError::DamagedWorkFile { .. } | C1zError::ForeignWorkFile { .. }
            );
            assert!(by_name, "{what}: {error:?}");
            assert!(error.to_string().contains("o.c1z.work`"), "{what}: {error}");
            return Found::Refused;
        }
    };
    let checkpoint = work.checkpoint().unwrap();
    if opened != Opened::Resumed {
        assert_eq!((opened, checkpoint), (Opened::New, None), "{what}");
        return Found::Nothing;
    }
    let pages = checkpoint.map_or(0, |text| text.parse().expect("a number"));
    let found = work.settle().unwrap().counts;
    assert_eq!(found.resources, pages * PER_PAGE, "{what}");
    work.seal(files::at("2026-03-04T06:00:00Z"), &RunRecord::default())
        .unwrap();
    rolecall::c1z::pack(work, &output, Default::default()).unwrap();
    assert_eq!(facts(&output), expected(pages), "{what}");
    Found::Pages(pages)
}

fn facts(file: &Path) -> Vec<String> {
    crate::company::facts(file)
}

/// What a file of so many pages says, written without having been left behind.
fn expected(pages: u64) -> Vec<String> {
    thread_local! {
        static WRITTEN: std::cell::RefCell<Vec<Option<Vec<String>>>> =
            const { std::cell::RefCell::new(Vec::new()) };
    }
    WRITTEN.with_borrow_mut(|written| {
        let index = usize::try_from(pages).expect("few");
        written.resize(written.len().max(index + 1), None);
        let write = || {
            let directory = TempDir::new().unwrap();
            let output = directory.path().join("o.c1z");
            let pages: Vec<_> = (0..pages).map(page).collect();
            files::write(&output, &pages, Default::default());
            facts(&output)
        };
        written[index].get_or_insert_with(write).clone()
    })
}

/// A power cut may leave any part of the log, from its beginning on.
#[test]
fn a_log_that_was_cut_anywhere_ends_with_a_whole_commit() {
    const FRAME: usize = 24 + 4096;
    let left = Left::in_the_log();
    let frames = (left.log.len() - 32) / FRAME;
    assert!(frames > 20, "{frames}");
    let mut lengths = vec![0, 1, 31, 32, 33];
    for frame in 0..=frames {
        let end = 32 + frame * FRAME;
        lengths.extend([end - 1, end, end + 24 + frame]);
    }
    lengths.sort_unstable();
    lengths.retain(|length| *length <= left.log.len());
    let found: Vec<_> = lengths
        .iter()
        .map(|length| {
            let cut = Left {
                database: left.database.clone(),
                log: left.log[..*length].to_vec(),
            };
            open(&cut, &format!("cut at {length}"))
        })
        .collect();
    assert!(found.is_sorted(), "a longer log has less: {found:?}");
    assert_eq!(found[0], Found::Nothing, "the run itself was in the log");
    assert_eq!(found.last(), Some(&Found::Pages(PAGES)));
    for pages in 0..PAGES {
        assert!(found.contains(&Found::Pages(pages)), "{pages}: {found:?}");
    }
}

#[test]
fn bytes_that_a_disk_changed_never_become_facts() {
    let mut random = Random::of(28);
    for (left, rounds, refused_at_least) in [
        (Left::in_the_database(), 60, 20),
        (Left::in_the_log(), 30, 0),
    ] {
        let mut refused = 0;
        for round in 0..rounds {
            let mut bytes = [left.database.clone(), left.log.clone()];
            let file = usize::from(!left.log.is_empty());
            let at = random.below(bytes[file].len());
            let count = 1 + random.below(8);
            for byte in bytes[file].iter_mut().skip(at).take(count) {
                *byte ^= 1 << random.below(8);
            }
            let [database, log] = bytes;
            let changed = Left { database, log };
            let found = open(&changed, &format!("round {round}: {count} bytes at {at}"));
            refused += usize::from(found == Found::Refused);
        }
        assert!(refused >= refused_at_least, "{refused} were noticed");
    }
}

#[test]
fn a_database_that_was_cut_is_refused() {
    let left = Left::in_the_database();
    for page in 0..left.database.len() / 4096 {
        for length in [page * 4096, page * 4096 + 700] {
            let cut = Left {
                database: left.database[..length].to_vec(),
                log: Vec::new(),
            };
            let found = open(&cut, &format!("cut at {length}"));
            let expected = match length {
                0 => Found::Nothing,
                _ => Found::Refused,
            };
            assert_eq!(found, expected, "cut at {length}");
        }
    }
}

/// Every value that the file keeps of the run, changed alone.
#[test]
fn a_value_that_was_changed_is_noticed() {
    let left = Left::in_the_database();
    for change in [
        "update v1_sync_runs set sync_id = 'another'",
        "update v1_sync_runs set started_at = '2026-03-04 05:06:08'",
        "update rolecall_progress set fingerprint = 'another'",
        "update rolecall_progress set checkpoint = '2'",
        "update rolecall_progress set checkpoint = null",
        "update v1_grants set principal_resource_id = '70' where id = 8",
        "update v1_resources set data = x'00' where id = 3",
        "update v1_entitlements set id = 99 where id = 2",
        "delete from v1_grants where id = 5",
        "insert into v1_resource_types select null, 'more', data, sync_id, discovered_at
             from v1_resource_types",
        "drop table v1_entitlements",
        "drop table rolecall_again; alter table rolecall_progress drop column rows_sum",
    ] {
        let directory = TempDir::new().unwrap();
        let output = directory.path().join("o.c1z");
        left.put(&output);
        let path = WorkFile::path_for(&output);
        let db = rusqlite::Connection::open(&path).unwrap();
        db.execute_batch(change).unwrap();
        db.close().unwrap();
        let error = WorkFile::open(&output, &files::begin()).err();
        let damaged = matches!(error, Some(C1zError::DamagedWorkFile { .. }));
        assert!(damaged, "{change}: {error:?}");
    }
}
