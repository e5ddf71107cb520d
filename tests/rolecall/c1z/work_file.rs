//! The store of a run in progress: commits, look-ups, resuming, locking.

use std::fs;

use chrono::TimeDelta;
use rolecall::c1z::{Begin, C1zError, Opened, WorkFile};
use rolecall::model::{Resource, ResourceId, ResourceTypeId, SyncKind};
use rolecall::sync::{Committed, Counts, Finding, PageFacts, RowPosition, RunRecord, SyncSink};
use tempfile::TempDir;

use super::{files, samples};

fn user(id: &str, name: &str) -> Resource {
    Resource::new(ResourceId::new("user", id), name)
}

fn users(ids: &[&str]) -> PageFacts {
    let resources = ids
        .iter()
        .map(|id| user(id, &format!("user {id}")))
        .collect();
    PageFacts {
        resources,
        ..PageFacts::default()
    }
}

fn names(rows: &[(RowPosition, Resource)]) -> Vec<&str> {
    rows.iter()
        .map(|(_, resource)| resource.display_name.as_str())
        .collect()
}

#[test]
fn a_row_written_again_keeps_its_place_and_is_counted() {
    let directory = TempDir::new().unwrap();
    let (mut work, _) = WorkFile::open(&directory.path().join("o.c1z"), &files::begin()).unwrap();
    assert_eq!(work.checkpoint().unwrap(), None);
    assert_eq!(
        work.commit(&users(&["a", "b", "c"]), "1").unwrap(),
        Committed::default()
    );
    let page = PageFacts {
        resources: vec![user("b", "new b"), user("d", "d"), user("d", "new d")],
        ..PageFacts::default()
    };
    assert_eq!(work.commit(&page, "2").unwrap().replaced.count, 2);
    assert_eq!(work.checkpoint().unwrap().as_deref(), Some("2"));

    let of_type = ResourceTypeId::new("user");
    let first = work.resources_after(&of_type, None, 2).unwrap();
    assert_eq!(names(&first), ["user a", "new b"]);
    let rest = work
        .resources_after(&of_type, Some(first[1].0), 10)
        .unwrap();
    assert_eq!(names(&rest), ["user c", "new d"]);
    assert_eq!(
        work.resources_after(&of_type, Some(rest[1].0), 10).unwrap(),
        []
    );
    assert_eq!(work.count_resources(&of_type).unwrap(), 4);
    assert_eq!(
        work.count_resources(&ResourceTypeId::new("group")).unwrap(),
        0
    );
    let b = work
        .resource(&ResourceId::new("user", "b"))
        .unwrap()
        .unwrap();
    assert_eq!(b.display_name, "new b");
    assert_eq!(work.resource(&ResourceId::new("group", "b")).unwrap(), None);
}

#[test]
fn every_kind_of_row_is_replaced_by_the_last_one() {
    let directory = TempDir::new().unwrap();
    let (mut work, _) = WorkFile::open(&directory.path().join("o.c1z"), &files::begin()).unwrap();
    for page in samples::pages() {
        assert_eq!(work.commit(&page, "first").unwrap().replaced.count, 0);
    }
    let once = work.settle().unwrap().counts;
    assert_eq!(
        once,
        Counts {
            resource_types: 3,
            resources: 4,
            entitlements: 2,
            grants: 2
        }
    );
    let replaced: u64 = samples::pages()
        .iter()
        .map(|page| work.commit(page, "again").unwrap().replaced.count)
        .sum();
    assert_eq!(replaced, 9);
    let settled = work.settle().unwrap();
    assert_eq!(settled.counts, once);
    let twice = Finding {
        count: 2,
        examples: vec![
            "group:eng:member:user:ada".into(),
            "group:eng:owner:group:ops".into(),
        ],
    };
    assert_eq!(settled.duplicate_grants, twice);
}

#[test]
fn what_points_at_nothing_is_found() {
    let directory = TempDir::new().unwrap();
    let (mut work, _) = WorkFile::open(&directory.path().join("o.c1z"), &files::begin()).unwrap();
    let mut orphan = user("x", "x");
    orphan.parent = Some(ResourceId::new("org", "gone"));
    let page = PageFacts {
        resources: vec![orphan, samples::eng(), user("ada", "Ada")],
        entitlements: vec![samples::entitlement("member")],
        grants: (0..7)
            .map(|n| samples::grant("member", ResourceId::new("user", format!("ghost{n}"))))
            .chain([samples::grant("member", ResourceId::new("user", "ada"))])
            .chain([samples::grant("owner", ResourceId::new("user", "ada"))])
            .collect(),
        ..PageFacts::default()
    };
    work.commit(&page, "1").unwrap();
    let audit = work.settle().unwrap().audit;
    assert_eq!(audit.missing_principals.count, 7);
    let examples: Vec<_> = (0..5)
        .map(|n| format!("group:eng:member:user:ghost{n}"))
        .collect();
    assert_eq!(audit.missing_principals.examples, examples);
    let finding = |count, id: &str| Finding {
        count,
        examples: vec![id.into()],
    };
    assert_eq!(
        audit.missing_entitlements,
        finding(1, "group:eng:owner:user:ada")
    );
    // `eng` lives in an organisation that was not listed either.
    let parents = Finding {
        count: 2,
        examples: vec!["group:eng".into(), "user:x".into()],
    };
    assert_eq!(audit.missing_parents, parents);
}

#[test]
fn an_interrupted_run_goes_on_only_as_what_it_was() {
    let day = TimeDelta::days(1);
    let now = files::begin().now;
    let cases = [
        ("same", files::begin(), Opened::Resumed),
        (
            "a week later",
            Begin {
                now: now + day * 7,
                ..files::begin()
            },
            Opened::Resumed,
        ),
        (
            "later still",
            Begin {
                now: now + day * 8,
                ..files::begin()
            },
            Opened::TooOld,
        ),
        (
            "config",
            Begin {
                fingerprint: "config 2",
                ..files::begin()
            },
            Opened::ConfigChanged,
        ),
        (
            "kind",
            Begin {
                kind: SyncKind::ResourcesOnly,
                ..files::begin()
            },
            Opened::ConfigChanged,
        ),
        (
            "fresh",
            Begin {
                fresh: true,
                ..files::begin()
            },
            Opened::Discarded,
        ),
    ];
    for (name, again, expected) in cases {
        let directory = TempDir::new().unwrap();
        let output = directory.path().join("o.c1z");
        let (mut work, opened) = WorkFile::open(&output, &files::begin()).unwrap();
        assert_eq!(opened, Opened::New, "{name}");
        work.commit(&users(&["a", "b"]), "half way").unwrap();
        let run = work.run().clone();
        drop(work);

        let (mut work, opened) = WorkFile::open(&output, &again).unwrap();
        assert_eq!(opened, expected, "{name}");
        let resumed = expected == Opened::Resumed;
        assert_eq!(work.checkpoint().unwrap().is_some(), resumed, "{name}");
        assert_eq!(
            work.settle().unwrap().counts.resources,
            if resumed { 2 } else { 0 },
            "{name}"
        );
        assert_eq!(work.run().id == run.id, resumed, "{name}");
        let started_at = if resumed { run.started_at } else { again.now };
        assert_eq!(work.run().started_at, started_at, "{name}");
        assert_eq!(work.run().kind, again.kind, "{name}");
    }
}

#[test]
fn a_sealed_run_takes_nothing_more_and_goes_on_from_its_end_when_it_was_not_packed() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let (mut work, _) = WorkFile::open(&output, &files::begin()).unwrap();
    work.commit(&users(&["a"]), "the end").unwrap();
    let ended_at = files::at("2026-03-04T06:00:00Z");
    work.seal(ended_at, &RunRecord::default()).unwrap();
    assert_eq!(work.run().ended_at, Some(ended_at));
    assert_eq!(work.checkpoint().unwrap(), None);
    let error = work.commit(&users(&["b"]), "more").unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("is sealed: nothing can be added to it"),
        "{error}"
    );
    drop(work);

    let (mut work, opened) = WorkFile::open(&output, &files::begin()).unwrap();
    assert_eq!(opened, Opened::Resumed);
    assert_eq!(work.run().ended_at, None);
    assert_eq!(work.checkpoint().unwrap().as_deref(), Some("the end"));
    assert_eq!(work.settle().unwrap().counts.resources, 1);
    work.commit(&users(&["b"]), "the end").unwrap();
}

#[test]
fn a_work_file_is_used_by_one_run_at_a_time() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let (mut first, _) = WorkFile::open(&output, &files::begin()).unwrap();
    first.commit(&users(&["a"]), "1").unwrap();
    for begin in [
        files::begin(),
        Begin {
            fresh: true,
            ..files::begin()
        },
    ] {
        let error = WorkFile::open(&output, &begin).err().unwrap();
        assert!(matches!(error, C1zError::InUse { .. }), "{error}");
        let work = output.with_file_name("o.c1z.work");
        let told = error.to_string();
        assert!(told.contains(&format!("`{}`", work.display())), "{error}");
        let process = format!("in use by process {}", std::process::id());
        assert!(told.contains(&process), "{error}");
        assert!(told.contains(" UTC: it is writing the same"), "{error}");
    }
    assert_eq!(first.settle().unwrap().counts.resources, 1);
    drop(first);
    let holder = output.with_file_name("o.c1z.work-holder");
    assert!(!holder.exists(), "nobody holds it any more");
    assert!(WorkFile::open(&output, &files::begin()).is_ok());
}

/// What says who holds the file may be of a process that was killed, or somebody else's own file: then it
/// is not believed, and the second is not touched either.
#[test]
fn who_holds_a_work_file_is_only_said_by_whoever_holds_it() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let holder = output.with_file_name("o.c1z.work-holder");
    let killed = r#"{"process":4711,"host":"elsewhere","since":"2026-01-02T03:04:05Z"}"#;
    fs::write(&holder, killed).unwrap();
    let first = WorkFile::open(&output, &files::begin()).unwrap();
    let error = WorkFile::open(&output, &files::begin()).err().unwrap();
    assert!(!error.to_string().contains("4711"), "{error}");
    drop(first);
    assert!(!holder.exists());

    for other in ["my notes", killed] {
        fs::write(&holder, "my notes").unwrap();
        let first = WorkFile::open(&output, &files::begin()).unwrap();
        fs::write(&holder, other).unwrap();
        let error = WorkFile::open(&output, &files::begin()).err().unwrap();
        assert!(
            error.to_string().contains("in use by another sync"),
            "{error}"
        );
        drop(first);
        assert_eq!(fs::read_to_string(&holder).unwrap(), other);
    }
}

/// A clock that was ahead when a run began, or that is set back while it goes on: no run begins after it
/// ended, and none is the latest for as long as the clock was ahead.
#[test]
fn a_clock_that_goes_backwards_does_not_turn_time_around() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let ahead = Begin {
        now: files::begin().now + TimeDelta::days(365),
        ..files::begin()
    };
    let (mut work, _) = WorkFile::open(&output, &ahead).unwrap();
    work.commit(&users(&["a"]), "1").unwrap();
    let id = work.run().id.clone();
    drop(work);
    for _ in 0..2 {
        let (work, opened) = WorkFile::open(&output, &files::begin()).unwrap();
        assert_eq!((opened, &work.run().id), (Opened::Resumed, &id));
        assert_eq!(work.run().started_at, files::begin().now);
    }
    let (mut work, _) = WorkFile::open(&output, &files::begin()).unwrap();
    let record = RunRecord::default();
    work.seal(files::at("2026-03-01T00:00:00Z"), &record)
        .unwrap();
    assert_eq!(work.run().ended_at, Some(files::begin().now));
    rolecall::c1z::pack(work, &output, Default::default()).unwrap();
    let packed = files::open(&output).unwrap();
    let run = packed.sync(None).unwrap().run().clone();
    assert_eq!(run.started_at, files::begin().now);
    assert_eq!(run.ended_at, Some(files::begin().now));
}

#[test]
fn a_file_that_is_not_ours_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let path = WorkFile::path_for(&output);
    let database = directory.path().join("other.db");
    let db = rusqlite::Connection::open(&database).unwrap();
    db.execute_batch("create table precious (x); insert into precious values (1)")
        .unwrap();
    db.close().unwrap();
    let cases = [
        (
            "text",
            b"my notes, longer than a header would be".repeat(20),
        ),
        ("another database", fs::read(database).unwrap()),
    ];
    for (name, content) in cases {
        fs::write(&path, &content).unwrap();
        let begin = Begin {
            fresh: true,
            ..files::begin()
        };
        let error = WorkFile::open(&output, &begin).err().unwrap();
        assert!(
            matches!(error, C1zError::ForeignWorkFile { .. }),
            "{name}: {error}"
        );
        assert!(fs::read(&path).unwrap() == content, "{name} was changed");
    }
}

#[test]
fn a_damaged_work_file_is_named_and_an_empty_one_is_a_new_one() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let path = WorkFile::path_for(&output);
    let (mut work, _) = WorkFile::open(&output, &files::begin()).unwrap();
    work.commit(&users(&["a"]), "1").unwrap();
    drop(work);
    let mut content = fs::read(&path).unwrap();
    content[100..4096].fill(0x5a);
    fs::write(&path, &content).unwrap();
    let error = WorkFile::open(&output, &files::begin()).err().unwrap();
    assert!(matches!(error, C1zError::DamagedWorkFile { .. }), "{error}");

    fs::write(&path, b"").unwrap();
    assert_eq!(
        WorkFile::open(&output, &files::begin()).unwrap().1,
        Opened::New
    );
}

#[test]
fn a_work_file_that_cannot_be_made_is_an_error() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("missing/o.c1z");
    let error = WorkFile::open(&output, &files::begin()).err().unwrap();
    assert!(matches!(error, C1zError::Sqlite { .. }), "{error}");
}
