//! What `rolecall inspect A diff B` and `syncs` tell.

use std::fs;
use std::path::{Path, PathBuf};

use rolecall::c1z::{self, Begin, Compression, WorkFile};
use rolecall::model::*;
use rolecall::sync::{PageFacts, RunRecord, SyncSink};
use tempfile::TempDir;

use super::{files, samples};

struct Run {
    kind: SyncKind,
    day: u32,
    doubts: &'static str,
}

const FULL: Run = Run {
    kind: SyncKind::Full,
    day: 1,
    doubts: "",
};

fn write(output: &Path, run: Run, page: PageFacts) {
    let begin = Begin {
        kind: run.kind,
        now: files::at(&format!("2027-01-{:02}T00:00:00Z", run.day)),
        ..files::begin()
    };
    let (mut work, _) = WorkFile::open(output, &begin).unwrap();
    work.commit(&page, "the end").unwrap();
    let end = files::at(&format!("2027-01-{:02}T00:01:00Z", run.day));
    let record = RunRecord {
        verdict: run.doubts.to_owned(),
        ..RunRecord::default()
    };
    work.seal(end, &record).unwrap();
    c1z::pack_and_keep(work, output, Compression::Zstd, 9).unwrap();
}

fn first() -> PageFacts {
    let mut all = PageFacts::default();
    for page in samples::pages() {
        all.append(page);
    }
    all
}

/// The same system a day later: one of everything was added, removed and changed.
fn second() -> PageFacts {
    let mut page = first();
    page.resource_types[0].display_name = "Organisation".into();
    page.resource_types
        .push(samples::resource_type("app", &[TraitKind::App]));
    page.resources.remove(2);
    let ResourceTrait::User(ada) = &mut page.resources[1].traits[0] else {
        panic!("Ada is a user")
    };
    ada.status = UserStatus::Enabled;
    ada.profile.shift_remove("level");
    ada.profile
        .insert("team".into(), ProfileValue::Text("=engines".into()));
    page.resources[1].annotations.push(Annotation {
        type_url: "type.googleapis.com/acme.Badge".into(),
        value: vec![1, 2],
    });
    page.resources.push(Resource::new(
        ResourceId::new("app", "wiki"),
        "Wiki\u{1b}[31m",
    ));
    // That the group has another name is a change of the group, and of nothing that embeds it.
    page.resources[2].display_name = "Engines".into();
    for entitlement in &mut page.entitlements {
        entitlement.resource.display_name = "Engines".into();
    }
    page.entitlements[1].grantable_to.pop();
    page.entitlements.push(samples::entitlement("viewer"));
    page.grants.remove(0);
    page.grants[0].immutable = true;
    page.grants[0].resource = std::sync::Arc::new(page.resources[2].clone());
    page.grants
        .push(samples::grant("viewer", samples::ada().id));
    page.grants.push(Grant {
        sources: [(
            "group:ops:member".to_owned(),
            GrantSource { is_direct: true },
        )]
        .into(),
        ..samples::grant("owner", ResourceId::new("user", "stranger"))
    });
    page
}

fn inspect(directory: &Path, words: &str) -> (Option<i32>, String) {
    let words: Vec<_> = ["inspect"]
        .into_iter()
        .chain(words.split_whitespace())
        .collect();
    let ran = crate::run(directory, &words, &[]);
    (ran.status.code(), crate::said(&ran))
}

fn snapshot(name: &str, told: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("[0-9A-Za-z]{27}", "[sync id]");
    settings.bind(|| insta::assert_snapshot!(name, told));
}

fn two_files(run: Run) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    write(&directory.path().join("a.c1z"), FULL, first());
    let second_run = Run { day: 2, ..run };
    write(&directory.path().join("b.c1z"), second_run, second());
    let path = directory.path().to_owned();
    (directory, path)
}

#[test]
fn who_gained_and_lost_what() {
    let (_directory, path) = two_files(FULL);
    for format in ["table", "json", "csv"] {
        let (ended, told) = inspect(&path, &format!("a.c1z diff b.c1z --format {format}"));
        assert_eq!(ended, Some(0), "{told}");
        snapshot(&format!("diff.{format}"), &told);
    }
    let (_, grants) = inspect(&path, "a.c1z diff b.c1z --only grants,types --format csv");
    let kinds: Vec<_> = grants
        .lines()
        .filter_map(|line| line.split(',').nth(1))
        .collect();
    assert_eq!(
        kinds,
        [
            "what",
            "resource_type",
            "resource_type",
            "grant",
            "grant",
            "grant",
            "grant"
        ]
    );
}

#[test]
fn the_exit_code_says_whether_anything_differs_when_asked() {
    let (_directory, path) = two_files(FULL);
    assert_eq!(inspect(&path, "a.c1z diff b.c1z --exit-code").0, Some(3));
    assert_eq!(inspect(&path, "a.c1z diff a.c1z --exit-code").0, Some(0));
    assert!(
        inspect(&path, "a.c1z diff a.c1z")
            .1
            .ends_with("\n\nno differences\n")
    );
}

/// What is not in a run that may lack something was not lost: every form says so.
#[test]
fn a_side_in_doubt_is_told_of_in_every_form() {
    let doubts = r#"{"rolecall":{"verdict":"partial","findings":{"paging-loop":{"count":1,"partial":true,"examples":["users"]}}}}"#;
    let (_directory, path) = two_files(Run { doubts, ..FULL });
    let warning = "is PARTIAL: what is told as removed may still be there";
    for format in ["table", "json", "csv"] {
        let (_, told) = inspect(
            &path,
            &format!("a.c1z diff b.c1z --only types --format {format}"),
        );
        assert!(told.contains(warning), "{told}");
        let (_, told) = inspect(
            &path,
            &format!("b.c1z diff a.c1z --only types --format {format}"),
        );
        let warning = "is PARTIAL: what is told as added may have been there";
        assert!(told.contains(warning), "{told}");
    }
    let (_directory, path) = two_files(Run {
        kind: SyncKind::ResourcesOnly,
        ..FULL
    });
    let (_, told) = inspect(&path, "a.c1z diff b.c1z --only types");
    let warning = "is of kind `resources_only`: what is told as removed may still be there";
    assert!(told.contains(warning), "{told}");
}

#[test]
fn two_syncs_of_one_file_are_compared() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    write(&output, FULL, first());
    let (ended, told) = inspect(directory.path(), "o.c1z diff");
    assert_eq!(ended, Some(1));
    assert!(
        told.starts_with("error: `o.c1z` holds no other full sync that ended before "),
        "{told}"
    );

    write(&output, Run { day: 2, ..FULL }, second());
    let doubts = r#"{"rolecall":{"verdict":"partial","findings":{}}}"#;
    write(
        &output,
        Run {
            day: 3,
            kind: SyncKind::Partial,
            doubts,
        },
        first(),
    );
    let runs = files::open(&output).unwrap().runs().unwrap();
    let [three, two, one] = runs.as_slice() else {
        panic!("{runs:?}")
    };
    let between = |words: &str| {
        let (_, told) = inspect(
            directory.path(),
            &format!("o.c1z diff {words} --format csv"),
        );
        told.lines().count()
    };
    assert_eq!(
        between(&format!("--sync-id {} --other-sync-id {}", one.id, two.id)),
        16
    );
    assert_eq!(between(&format!("--other-sync-id {}", two.id)), 16);
    // The sync that is partial and targeted, with a warning.
    assert_eq!(between(&format!("--sync-id {}", one.id)), 2);
    assert_eq!(three.kind, SyncKind::Partial);

    for format in ["table", "json", "csv"] {
        let (_, told) = inspect(directory.path(), &format!("o.c1z syncs --format {format}"));
        snapshot(&format!("syncs.{format}"), &told);
    }
}

/// The older schema has no column for expansions; what they say is compared all the same.
#[test]
fn a_file_written_again_does_not_differ_from_the_one_of_the_other_implementation() {
    let directory = TempDir::new().unwrap();
    fs::copy(files::golden(), directory.path().join("a.c1z")).unwrap();
    let golden = files::open(&files::golden()).unwrap();
    let sync = golden.sync(None).unwrap();
    let page = PageFacts {
        resource_types: sync.resource_types().map(Result::unwrap).collect(),
        resources: sync.resources(None).map(Result::unwrap).collect(),
        entitlements: sync
            .entitlements(&Default::default())
            .map(Result::unwrap)
            .collect(),
        grants: sync
            .grants(&Default::default())
            .map(Result::unwrap)
            .collect(),
    };
    write(&directory.path().join("b.c1z"), FULL, page);
    let (ended, told) = inspect(directory.path(), "a.c1z diff b.c1z --exit-code");
    assert_eq!(ended, Some(0), "{told}");
}

/// Rows in any order, several of one identity, and ids that sort by bytes: one walk finds it all.
#[test]
fn both_sides_are_walked_in_one_order() {
    let directory = TempDir::new().unwrap();
    let ids = |range: std::ops::Range<u32>| -> Vec<String> {
        let ids = range.map(|n| match n % 3 {
            0 => format!("Z{n}"),
            1 => format!("é{n}"),
            _ => format!("a{n}"),
        });
        ids.collect()
    };
    let page = |ids: Vec<String>| PageFacts {
        resources: ids
            .iter()
            .map(|id| Resource::new(ResourceId::new("user", id), id))
            .collect(),
        grants: ids
            .iter()
            .map(|id| samples::grant("member", ResourceId::new("user", id)))
            .chain(ids.iter().map(|id| Grant {
                id: GrantId(format!("again {id}")),
                ..samples::grant("member", ResourceId::new("user", id))
            }))
            .collect(),
        ..PageFacts::default()
    };
    let mut reversed = ids(100..3000);
    reversed.reverse();
    write(&directory.path().join("a.c1z"), FULL, page(ids(0..2900)));
    write(&directory.path().join("b.c1z"), FULL, page(reversed));
    let (_, told) = inspect(directory.path(), "a.c1z diff b.c1z");
    let end =
        "resources: 100 added, 100 removed, 0 changed\ngrants: 100 gained, 100 lost, 0 changed\n";
    assert!(told.ends_with(end), "{}", &told[told.len() - 300..]);
}
