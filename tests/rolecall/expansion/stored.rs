//! The same cases in a sync file: what was collected goes on as it was, what is derived is shipped.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use proptest::prelude::*;
use rolecall::c1z::{self, Begin, C1z, Compression, Derive, GrantFilter, ReadLimits, WorkFile};
use rolecall::model::{
    Annotation, Entitlement, EntitlementId, Grant, GrantId, GrantSource, Purpose, Resource,
    SyncKind,
};
use rolecall::sync::{PageFacts, RunRecord, Settled, SyncSink};
use tempfile::TempDir;

use super::cases::{Case, resource};
use super::memory::{Memory, Row};
use super::naive;
use super::properties::any_graph;

/// What a system says that has these grants.
fn facts(memory: &Memory) -> PageFacts {
    let entitlements = memory.entitlements.iter().map(|(id, on)| Entitlement {
        id: EntitlementId(id.clone()),
        resource: Resource::new(on.clone(), format!("The {on}")),
        display_name: String::new(),
        description: String::new(),
        purpose: Purpose::Assignment,
        slug: String::new(),
        grantable_to: Vec::new(),
        immutable: false,
        exclusion_group: None,
        annotations: Vec::new(),
    });
    let grants = memory.rows.iter().enumerate().map(|(at, row)| {
        let (on, _) = row
            .entitlement
            .rsplit_once(':')
            .expect("it is on a resource");
        let expansion = memory.expansions.iter().find(|(of, _)| *of == at);
        let sources = row.sources.iter();
        Grant {
            id: GrantId(row.id.clone()),
            entitlement: EntitlementId(row.entitlement.clone()),
            resource: Arc::new(Resource::new(resource(on), format!("The {on}"))),
            principal: row.principal.clone(),
            expansion: expansion.map(|(_, expansion)| expansion.clone()),
            external_match: None,
            immutable: false,
            sources: sources
                .map(|(id, is_direct)| {
                    (
                        id.clone(),
                        GrantSource {
                            is_direct: *is_direct,
                        },
                    )
                })
                .collect(),
            annotations: vec![Annotation {
                type_url: "type.googleapis.com/acme.Note".into(),
                value: vec![8, 1],
            }],
        }
    });
    PageFacts {
        entitlements: entitlements.collect(),
        grants: grants.collect(),
        ..PageFacts::default()
    }
}

fn begin(output: &Path, kind: SyncKind, derive: Derive) -> WorkFile {
    let begin = Begin {
        kind,
        fingerprint: "",
        now: chrono::Utc::now(),
        fresh: false,
    };
    let (work, _) = WorkFile::open(output, &begin).expect("the work file opens");
    work.deriving(derive)
}

fn seal(mut work: WorkFile, output: &Path) -> Settled {
    let settled = work.settle().expect("the run is settled");
    work.seal(chrono::Utc::now(), &RunRecord::default())
        .expect("the run is sealed");
    c1z::pack(work, output, Compression::Zstd).expect("the run is packed");
    settled
}

fn grants(file: &Path) -> Vec<Grant> {
    let file = C1z::open(file, ReadLimits::default()).expect("the sync file opens");
    let sync = file.sync(None).expect("it holds a run");
    let grants = sync.grants(&GrantFilter::default());
    grants.collect::<Result<_, _>>().expect("readable")
}

fn row(grant: &Grant) -> Row {
    let sources = grant.sources.iter();
    Row {
        id: grant.id.0.clone(),
        entitlement: grant.entitlement.0.clone(),
        principal: grant.principal.clone(),
        sources: sources
            .map(|(id, source)| (id.clone(), source.is_direct))
            .collect(),
        is_new: grant.immutable,
    }
}

fn case(name: &str) -> Case {
    let area = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/expansion");
    Case::load(&area.join(name))
}

#[test]
fn a_sync_file_holds_what_every_case_comes_to() {
    let folder = TempDir::new().unwrap();
    for case_folder in crate::fixtures("expansion") {
        let name = case_folder.display();
        let case = Case::load(&case_folder);
        let output = folder.path().join("out.c1z");
        let collected = facts(&case.memory());
        let mut work = begin(&output, SyncKind::Full, Derive::default());
        work.commit(&collected, "the end").unwrap();
        let settled = seal(work, &output);

        let mut memory = case.memory();
        let expanded = memory.expand();
        assert_eq!(
            settled.derived.expansion.as_ref(),
            Some(&expanded),
            "{name}"
        );
        let shipped = grants(&output);
        assert_eq!(settled.counts.grants, shipped.len() as u64, "{name}");
        let mut rows: Vec<_> = shipped.iter().map(row).collect();
        rows.sort();
        assert_eq!(rows, memory.sorted(), "{name}");
        everything_else_is_as_it_was(&collected, &shipped);

        let noted: (i64, i64) = crate::c1z::files::unpack(&output)
            .db
            .query_row(
                "select supports_diff, (select count(*) from v1_grants where expansion is not null)
                 from v1_sync_runs",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        let expandable = expanded.expandable as i64;
        assert_eq!(noted, (i64::from(expandable > 0), expandable), "{name}");
    }
}

/// All that a grant says besides its sources stays, and a new grant says no more than it must.
fn everything_else_is_as_it_was(collected: &PageFacts, shipped: &[Grant]) {
    let collected: BTreeMap<_, _> = collected.grants.iter().map(|it| (&it.id, it)).collect();
    for grant in shipped {
        let without = |grant: &Grant| Grant {
            sources: IndexMap::new(),
            ..grant.clone()
        };
        match collected.get(&grant.id) {
            Some(before) => assert_eq!(without(grant), without(before)),
            None => {
                let (on, _) = grant.entitlement.0.rsplit_once(':').unwrap();
                assert_eq!(grant.id, GrantId::of(&grant.entitlement, &grant.principal));
                assert_eq!(grant.resource.display_name, format!("The {on}"));
                assert!(grant.immutable && grant.annotations.is_empty());
                assert_eq!(grant.expansion, None);
                assert!(!grant.sources.is_empty());
            }
        }
    }
}

#[test]
fn grants_that_nothing_is_added_to_are_not_written_again() {
    let folder = TempDir::new().unwrap();
    let blobs = |derive| {
        let output = folder.path().join("out.c1z");
        let mut work = begin(&output, SyncKind::Full, derive);
        work.commit(&facts(&case("direct-and-derived").memory()), "the end")
            .unwrap();
        seal(work, &output);
        let db = crate::c1z::files::unpack(&output).db;
        let mut rows = db
            .prepare("select external_id, id, data, discovered_at from v1_grants")
            .unwrap();
        let rows = rows.query_map([], |row| {
            let rest: (i64, Vec<u8>, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok((row.get::<_, String>(0)?, (rest.0, rest.1)))
        });
        rows.unwrap()
            .map(Result::unwrap)
            .collect::<BTreeMap<_, _>>()
    };
    let (plain, expanded) = (
        blobs(Derive {
            expand: false,
            ..Derive::default()
        }),
        blobs(Derive::default()),
    );
    assert_eq!((plain.len(), expanded.len()), (4, 5));
    let changed: Vec<_> = plain
        .iter()
        .filter(|(id, row)| expanded[*id] != **row)
        .collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].0, "group:outer:member:user:ada");
    assert_eq!(expanded[changed[0].0].0, changed[0].1.0, "it has moved");
}

#[test]
fn an_expansion_that_is_left_out_leaves_the_file_to_whoever_expands_it() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("out.c1z");
    let mut work = begin(
        &output,
        SyncKind::Full,
        Derive {
            expand: false,
            ..Derive::default()
        },
    );
    work.commit(&facts(&case("nested").memory()), "the end")
        .unwrap();
    let settled = seal(work, &output);
    assert_eq!(settled.derived.expansion, None);
    assert_eq!(grants(&output).len(), 5);
    let noted: (i64, i64) = crate::c1z::files::unpack(&output)
        .db
        .query_row(
            "select supports_diff, (select count(*) from v1_grants where needs_expansion = 1)
             from v1_sync_runs",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(noted, (0, 3));
}

/// A part of a system says nothing about the rest: the sources may simply not have been asked for.
#[test]
fn a_run_over_a_part_derives_nothing() {
    for kind in [SyncKind::Partial, SyncKind::ResourcesOnly] {
        let folder = TempDir::new().unwrap();
        let output = folder.path().join("out.c1z");
        let mut work = begin(&output, kind, Derive::default());
        work.commit(&facts(&case("nested").memory()), "the end")
            .unwrap();
        let settled = seal(work, &output);
        assert_eq!(
            (settled.counts.grants, settled.derived.expansion),
            (5, None)
        );
    }
}

/// The work file keeps what the system said: a run that was settled, and died before its file was
/// in place, takes more pages and derives all of it again.
#[test]
fn the_work_file_stays_good_to_go_on_from() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("out.c1z");
    let case = case("nested");
    let mut all = facts(&case.memory());
    let late = all.grants.split_off(2);
    let mut work = begin(&output, SyncKind::Full, Derive::default());
    work.commit(&all, "half").unwrap();
    assert_eq!(work.settle().unwrap().counts.grants, 2);
    let more = PageFacts {
        grants: late,
        ..PageFacts::default()
    };
    work.commit(&more, "the end").unwrap();
    let first = work.settle().unwrap();
    work.seal(chrono::Utc::now(), &RunRecord::default())
        .unwrap();
    drop(work);

    let work = begin(&output, SyncKind::Full, Derive::default());
    assert_eq!(work.checkpoint().unwrap().as_deref(), Some("the end"));
    let second = seal(work, &output);
    assert_eq!(second, first);
    let mut memory = case.memory();
    memory.expand();
    let mut rows: Vec<_> = grants(&output).iter().map(row).collect();
    rows.sort();
    assert_eq!(rows, memory.sorted());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_sync_file_holds_what_any_graph_comes_to(memory in any_graph(true)) {
        let folder = TempDir::new().unwrap();
        let output = folder.path().join("out.c1z");
        let mut work = begin(&output, SyncKind::Full, Derive::default());
        work.commit(&facts(&memory), "the end").unwrap();
        seal(work, &output);
        let mut rows: Vec<_> = grants(&output).iter().map(row).collect();
        rows.sort();
        prop_assert_eq!(rows, naive::expanded(&memory));
    }
}
