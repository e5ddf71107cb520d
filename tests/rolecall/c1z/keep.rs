//! Several runs in one file: which stay, that they stay as they were, and what readers show first.

use std::fs;
use std::path::Path;

use rolecall::c1z::{self, Begin, C1zError, Compression, GrantFilter, Opened, Sync, WorkFile};
use rolecall::model::{SyncId, SyncKind};
use rolecall::sync::{RunRecord, SyncSink};
use tempfile::TempDir;

use super::{files, samples};

const GOLDEN_RUN: &str = "3MOdYwn7tZllo1UpVp467wDPzNl";

fn sealed(output: &Path, kind: SyncKind, day: u32) -> WorkFile {
    let begin = Begin {
        kind,
        now: files::at(&format!("2027-01-{day:02}T00:00:00Z")),
        ..files::begin()
    };
    let (mut work, opened) = WorkFile::open(output, &begin).unwrap();
    assert_eq!(opened, Opened::New);
    for page in samples::pages() {
        work.commit(&page, "the end").unwrap();
    }
    let end = files::at(&format!("2027-01-{day:02}T01:00:00Z"));
    work.seal(end, &RunRecord::default()).unwrap();
    work
}

/// Runs a sync of a day and returns its id.
fn sync(output: &Path, kind: SyncKind, day: u32, keep: u32) -> SyncId {
    c1z::check_kept(output, &kind, keep).unwrap();
    let work = sealed(output, kind, day);
    let id = work.run().id.clone();
    c1z::pack_and_keep(work, output, Compression::Zstd, keep).unwrap();
    id
}

fn held(output: &Path) -> Vec<SyncId> {
    let runs = files::open(output).unwrap().runs().unwrap();
    runs.into_iter().map(|run| run.id).collect()
}

/// Everything a reader is told of a run.
fn facts(sync: &Sync) -> String {
    let mut told = vec![format!("{:?} {:?}", sync.run(), sync.stats().unwrap())];
    told.extend(sync.resource_types().map(|it| format!("{:?}", it.unwrap())));
    told.extend(sync.resources(None).map(|it| format!("{:?}", it.unwrap())));
    told.extend(
        sync.entitlements(&Default::default())
            .map(|it| format!("{:?}", it.unwrap())),
    );
    told.extend(
        sync.grants(&GrantFilter::default())
            .map(|it| format!("{:?}", it.unwrap())),
    );
    told.join("\n")
}

#[test]
fn a_run_of_another_program_stays_as_it_was() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    fs::copy(files::golden(), &output).unwrap();
    let id = sync(&output, SyncKind::Full, 1, 2);

    let golden_run = SyncId(GOLDEN_RUN.into());
    assert_eq!(held(&output), [id, golden_run.clone()]);
    let (before, after) = (
        files::open(&files::golden()).unwrap(),
        files::open(&output).unwrap(),
    );
    let before = facts(&before.sync(None).unwrap());
    assert_eq!(facts(&after.sync(Some(&golden_run)).unwrap()), before);

    // What the older writer did not know has its default: readers look for expansions themselves.
    let inside = files::unpack(&output);
    let flags: (i64, i64, String, String) = inside
        .db
        .query_row(
            "select grants_backfilled, supports_diff, sync_type, parent_sync_id
             from v1_sync_runs where sync_id = ?1",
            [GOLDEN_RUN],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .unwrap();
    assert_eq!(flags, (0, 0, "full".into(), String::new()));
    let sound: String = inside
        .db
        .query_row("pragma integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}

/// The tables, columns and indexes are those of a file with one run.
#[test]
fn the_schema_does_not_depend_on_how_many_runs_there_are() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let schema = |output: &Path| -> Vec<String> {
        let inside = files::unpack(output);
        let mut all = inside
            .db
            .prepare("select sql from sqlite_master where sql is not null order by name")
            .unwrap();
        let rows = all.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    sync(&output, SyncKind::Full, 1, 3);
    let one = schema(&output);
    sync(&output, SyncKind::Full, 2, 3);
    assert_eq!(schema(&output), one);
    assert_eq!(files::unpack(&output).bytes[18..20], [1, 1]);
}

#[test]
fn the_newest_full_runs_stay() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let ids: Vec<_> = (1..=4)
        .map(|day| sync(&output, SyncKind::Full, day, 3))
        .collect();
    assert_eq!(held(&output), [&ids[3], &ids[2], &ids[1]].map(Clone::clone));
    let last = sync(&output, SyncKind::Full, 5, 1);
    assert_eq!(held(&output), [last]);
    let inside = files::unpack(&output);
    for table in ["resource_types", "resources", "entitlements", "grants"] {
        let sql = format!("select count(distinct sync_id) from v1_{table}");
        let runs: i64 = inside.db.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(runs, 1, "{table}");
    }
}

#[test]
fn a_targeted_run_builds_on_the_newest_full_one() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let first = sync(&output, SyncKind::Full, 1, 2);
    let second = sync(&output, SyncKind::Full, 2, 2);
    let targeted = sync(&output, SyncKind::Partial, 3, 1);
    assert_eq!(held(&output), [targeted.clone(), second.clone()]);
    let file = files::open(&output).unwrap();
    assert_eq!(
        file.sync(Some(&targeted)).unwrap().run().parent,
        Some(second.clone())
    );
    assert_eq!(file.sync(Some(&second)).unwrap().run().parent, None);
    drop(file);

    let resources = sync(&output, SyncKind::ResourcesOnly, 4, 1);
    assert_eq!(
        held(&output),
        [resources.clone(), targeted.clone(), second.clone()]
    );
    let file = files::open(&output).unwrap();
    assert_eq!(file.sync(Some(&resources)).unwrap().run().parent, None);
    drop(file);

    let full = sync(&output, SyncKind::Full, 5, 2);
    assert_eq!(held(&output), [full, resources, targeted, second]);
    assert!(!held(&output).contains(&first));
}

#[test]
fn when_the_clock_goes_backwards_the_new_run_is_still_the_latest() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let tomorrow = sync(&output, SyncKind::Full, 9, 2);
    let today = sync(&output, SyncKind::Full, 8, 2);
    assert_eq!(held(&output), [today.clone(), tomorrow]);
    let file = files::open(&output).unwrap();
    let run = file.sync(None).unwrap().run().clone();
    assert_eq!(run.id, today);
    assert_eq!(run.started_at, files::at("2027-01-08T00:00:00Z"));
    assert_eq!(run.ended_at, Some(files::at("2027-01-09T01:00:00.001Z")));
}

/// No index, no `not null`, two rows of one id: what the least of writers leave behind.
#[test]
fn bare_tables_are_taken_over_once_each() {
    let directory = TempDir::new().unwrap();
    let bare = files::file_of_sql(
        &directory,
        "create table v1_resources (resource_type_id text, external_id text,
             parent_resource_type_id text, parent_resource_id text, data blob, sync_id text,
             discovered_at datetime);
         create table v1_sync_runs (sync_id text, started_at datetime, ended_at datetime,
             sync_token text);
         insert into v1_sync_runs values ('run1', '2026-01-01 00:00:00', '2026-01-01 00:01:00', '');
         insert into v1_resources values
             ('user', 'user:1', null, null, x'0a090a04757365721201311a03416461', 'run1', null),
             ('user', 'user:1', null, null, x'0a090a04757365721201311a03457661', 'run1', null),
             ('user', 'user:2', null, null, null, 'run1', null),
             ('user', 'user:3', null, null, x'', 'another run', null);",
    );
    sync(&bare, SyncKind::Full, 1, 2);
    let inside = files::unpack(&bare);
    let rows: Vec<(String, Vec<u8>, String)> = inside
        .db
        .prepare(
            "select external_id, data, discovered_at from v1_resources
             where sync_id not in (select max(sync_id) from v1_resources where sync_id <> 'run1')",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let eva = vec![
        10, 9, 10, 4, b'u', b's', b'e', b'r', 18, 1, b'1', 26, 3, b'E', b'v', b'a',
    ];
    let began = "2026-01-01 00:00:00".to_owned();
    assert_eq!(
        rows,
        [
            ("user:1".to_owned(), eva, began.clone()),
            ("user:2".to_owned(), vec![], began)
        ]
    );
}

/// A clear answer before the sync, and none at all when nothing of the old file is wanted.
#[test]
fn an_output_whose_runs_cannot_be_kept_is_known_beforehand() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let told = |content: &[u8], kind: SyncKind, keep| {
        fs::write(&output, content).unwrap();
        match c1z::check_kept(&output, &kind, keep) {
            Ok(()) => String::new(),
            Err(error) => std::error::Error::source(&error).unwrap().to_string(),
        }
    };
    let name = output.display();
    assert_eq!(told(b"", SyncKind::Full, 2), "");
    assert_eq!(told(b"C1ZF\0older", SyncKind::Full, 1), "");
    let cut = told(
        &fs::read(files::golden()).unwrap()[..900],
        SyncKind::Full,
        2,
    );
    assert_eq!(
        cut,
        format!("`{name}` is cut short: 900 bytes are there, but the compressed data goes on")
    );
    assert_eq!(
        told(b"C1ZF\0older", SyncKind::Partial, 1),
        format!("`{name}` is not a c1z: no zstd data follows its first five bytes")
    );
    assert!(told(b"C1Z3\0\0\0\0\0", SyncKind::Full, 2).contains("newer Pebble form"));
    let error = c1z::check_kept(&output, &SyncKind::Full, 2).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the runs to keep in `{name}` cannot be read; move it away, or write to another output"
        )
    );
    fs::remove_file(&output).unwrap();
    c1z::check_kept(&output, &SyncKind::Full, 2).unwrap();

    // A page of the database that says nothing is found before it is needed.
    let inside = files::unpack(&files::golden());
    let root = "select rootpage from sqlite_master where name = 'v1_grants'";
    let root: u32 = inside.db.query_row(root, [], |row| row.get(0)).unwrap();
    let root = root as usize;
    let mut database = inside.bytes;
    database[(root - 1) * 4096..root * 4096].fill(0x77);
    let damaged = files::file_around(&directory, &database);
    let error = c1z::check_kept(&damaged, &SyncKind::Full, 2).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("holds a damaged SQLite database"), "{cause}");
}

#[test]
fn a_file_that_is_damaged_meanwhile_costs_no_sync() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let first = sync(&output, SyncKind::Full, 1, 2);
    let good = fs::read(&output).unwrap();
    let work = sealed(&output, SyncKind::Full, 2);
    let second = work.run().id.clone();
    fs::write(&output, &good[..good.len() / 2]).unwrap();
    let error = c1z::pack_and_keep(work, &output, Compression::Zstd, 2).unwrap_err();
    assert!(matches!(error, C1zError::KeptLost { .. }), "{error}");
    let mut left: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["o.c1z", "o.c1z.work"]);

    fs::write(&output, &good).unwrap();
    let begin = Begin {
        now: files::at("2027-01-03T00:00:00Z"),
        ..files::begin()
    };
    let (mut work, opened) = WorkFile::open(&output, &begin).unwrap();
    assert_eq!(opened, Opened::Resumed);
    work.seal(files::at("2027-01-03T00:00:00Z"), &RunRecord::default())
        .unwrap();
    c1z::pack_and_keep(work, &output, Compression::Zstd, 2).unwrap();
    assert_eq!(held(&output), [second, first]);
}

/// From the command line: the file grows with each sync up to the number, and a damaged one is told
/// of before anything is asked.
#[test]
fn the_program_keeps_as_many_syncs_as_it_is_told() {
    let company = crate::company::Company::new(5, 2);
    let folder = company.path("");
    let sync = |words: &[&str]| {
        let words = [&["sync", "company.yaml", "-f", "out.c1z"], words].concat();
        crate::run(&folder, &words, &[])
    };
    let syncs = || {
        let ran = crate::run(
            &folder,
            &["inspect", "out.c1z", "syncs", "--format", "csv"],
            &[],
        );
        crate::said(&ran).lines().count() - 1
    };
    for (words, expected) in [
        (&[][..], 1),
        (&["--keep", "3"], 2),
        (&["--keep", "3", "--compression", "gzip"], 3),
        (&["--keep", "3"], 3),
        (&["--keep", "2"], 2),
    ] {
        let ran = sync(words);
        assert_eq!(ran.status.code(), Some(0), "{}", crate::said(&ran));
        assert_eq!(syncs(), expected, "{words:?}");
    }
    let ran = crate::run(&folder, &["inspect", "out.c1z", "diff", "--exit-code"], &[]);
    assert_eq!(ran.status.code(), Some(0), "{}", crate::said(&ran));
    let ran = crate::run(
        &folder,
        &["inspect", "out.c1z", "verify", "--all-syncs"],
        &[],
    );
    assert_eq!(ran.status.code(), Some(0), "{}", crate::said(&ran));

    let output = folder.join("out.c1z");
    let good = fs::read(&output).unwrap();
    fs::write(&output, &good[..good.len() / 2]).unwrap();
    let ran = sync(&["--keep", "2"]);
    assert_eq!(ran.status.code(), Some(1));
    let told = crate::said(&ran);
    let expected = "error: the runs to keep in `out.c1z` cannot be read; move it away, or write to another output\n  \
         caused by: `out.c1z` is cut short: ";
    assert!(
        told.replace(&*folder.to_string_lossy(), "")
            .replace("`/", "`")
            .contains(expected),
        "{told}"
    );
    assert!(!folder.join("out.c1z.work").exists());
    assert_eq!(sync(&["--keep", "0"]).status.code(), Some(2));
    assert_eq!(sync(&[]).status.code(), Some(0));
    assert_eq!(syncs(), 1);
}
