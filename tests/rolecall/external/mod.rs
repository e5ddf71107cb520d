//! Principals of another system, copied beside a run and granted what stand-ins hold for them.

mod case;
mod command;

use std::path::Path;

use rolecall::c1z::{C1zError, Derive, External, ReadLimits};
use rolecall::model::{SyncKind, TraitKind};
use rolecall::sync::{PageFacts, SyncSink};
use tempfile::TempDir;

use case::{Case, begin, outcome, seal, shown};

#[test]
fn every_case_comes_to_what_is_written() {
    for folder in crate::fixtures("external") {
        let name = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let case = Case::load(&name);
        let temporary = TempDir::new().unwrap();
        let (derived, output) = case.sync(temporary.path());
        let matched = derived.external.expect("it was asked for");
        let shown = format!(
            "{}\n{}\n{}",
            case.about.trim(),
            outcome(&matched),
            shown(&output)
        );
        insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => &folder}, {
            insta::assert_snapshot!("expected", shown);
        });
    }
}

/// Whatever order pages come in, the same is matched and told.
#[test]
fn the_order_of_rows_does_not_matter() {
    for folder in crate::fixtures("external") {
        let name = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let case = Case::load(&name);
        let temporary = TempDir::new().unwrap();
        let (expected, output) = case.sync(temporary.path());
        let expected_shown = shown(&output);
        let derive = Derive {
            external: Some(case.external(temporary.path()).unwrap()),
            ..Derive::default()
        };
        let mut facts = case.here.facts();
        facts.resources.reverse();
        facts.entitlements.reverse();
        facts.grants.reverse();
        let mut work = begin(&output, SyncKind::Full, derive);
        work.commit(&facts, "the end").unwrap();
        assert_eq!(seal(work, &output), expected, "{name}");
        assert_eq!(shown(&output), expected_shown, "{name}");
    }
}

/// What is matched is not kept in the work file: the other file may change while a run is
/// interrupted, and the run goes on with what it says then.
#[test]
fn another_file_after_an_interruption_is_used_as_it_is_then() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("here.c1z");
    let case = Case::load("by-email");
    let external = |case: &Case| Derive {
        external: Some(case.external(folder.path()).unwrap()),
        ..Derive::default()
    };
    let mut work = begin(&output, SyncKind::Full, external(&case));
    work.commit(&case.here.facts(), "the end").unwrap();
    let first = work.settle().unwrap().derived;
    work.seal(chrono::Utc::now(), &rolecall::sync::RunRecord::default())
        .unwrap();
    drop(work);

    let mut changed = Case::load("by-email");
    changed.there = Case::load("by-id").there;
    let work = begin(&output, SyncKind::Full, external(&changed));
    assert_eq!(work.checkpoint().unwrap().as_deref(), Some("the end"));
    let second = seal(work, &output);
    assert_ne!(second, first);
    let other = TempDir::new().unwrap();
    let (expected, undisturbed) = changed.sync(other.path());
    assert_eq!(second, expected);
    assert_eq!(shown(&output), shown(&undisturbed));
}

#[test]
fn without_another_system_stand_ins_stay_as_they_are() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("here.c1z");
    let case = Case::load("members");
    let mut work = begin(&output, SyncKind::Full, Derive::default());
    work.commit(&case.here.facts(), "the end").unwrap();
    let derived = seal(work, &output);
    assert_eq!(derived.external, None);
    // They bring nobody, and are no slip of the connector either.
    let expanded = derived.expansion.unwrap();
    assert_eq!(expanded, Default::default());
    insta::assert_snapshot!(shown(&output));
}

#[test]
fn a_run_over_a_part_matches_nobody() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("here.c1z");
    let case = Case::load("by-email");
    let derive = Derive {
        external: Some(case.external(folder.path()).unwrap()),
        ..Derive::default()
    };
    let mut work = begin(&output, SyncKind::Partial, derive);
    work.commit(&case.here.facts(), "the end").unwrap();
    assert_eq!(seal(work, &output).external, None);
}

/// The mark of a copied principal is reserved, on whatever a page brings.
#[test]
fn a_connector_cannot_bring_a_marked_resource() {
    let marked = "{id: \"user:7\", says: [BatonID]}";
    let facts = |system: &str| {
        serde_yaml::from_str::<case::System>(system)
            .unwrap()
            .facts()
    };
    let with_resource = facts(&format!("resources: [{marked}]"));
    let on_it = format!(
        "{{resources: [{marked}], entitlements: [\"user:7:own\"], grants: [{{who: \"user:1\", holds: \"user:7:own\"}}]}}"
    );
    let mut with_entitlement = facts(&on_it);
    with_entitlement.resources.clear();
    let mut with_grant = facts(&on_it);
    with_grant.resources.clear();
    with_grant.entitlements.clear();
    with_entitlement.grants.clear();
    for page in [with_resource, with_entitlement, with_grant] {
        assert_eq!(page.len() - page.resource_types.len(), 1);
        let folder = TempDir::new().unwrap();
        let mut work = begin(
            &folder.path().join("o.c1z"),
            SyncKind::Full,
            Derive::default(),
        );
        let error = work.commit(&page, "1").unwrap_err().to_string();
        assert_eq!(
            error,
            "the resource `user:7` carries the annotation `BatonID`, which is reserved for principals \
             that are copied from another system"
        );
        assert_eq!(work.checkpoint().unwrap(), None);
        assert_eq!(work.settle().unwrap().counts, Default::default());
    }
}

#[test]
fn a_file_that_cannot_serve_is_refused() {
    let folder = TempDir::new().unwrap();
    let open = |path: &Path, holders_of: Option<&str>, kind| {
        let holders_of = holders_of.map(|id| rolecall::model::EntitlementId(id.into()));
        let opened = External::open(path, ReadLimits::default(), holders_of, &[kind]);
        opened.err().map(|error| {
            let shown = error
                .to_string()
                .replace(&folder.path().display().to_string(), "");
            (error, shown)
        })
    };
    let there = Case::load("members").write_there(folder.path());
    assert!(open(&there, None, TraitKind::User).is_none());
    assert!(open(&there, Some("group:eng:member"), TraitKind::User).is_none());
    let (_, said) = open(&there, Some("group:eng:boss"), TraitKind::User).unwrap();
    assert_eq!(
        said,
        "the latest full sync in `/there.c1z` has no entitlement `group:eng:boss`"
    );
    let (_, said) = open(&there, None, TraitKind::App).unwrap();
    assert_eq!(
        said,
        "the latest full sync in `/there.c1z` has no principals: none of its resource types has one \
         of the traits `app`"
    );

    for kind in [SyncKind::Partial, SyncKind::ResourcesOnly] {
        let part = folder.path().join("part.c1z");
        let mut work = begin(&part, kind, Derive::default());
        work.commit(&PageFacts::default(), "the end").unwrap();
        seal(work, &part);
        let (error, said) = open(&part, None, TraitKind::User).unwrap();
        assert!(matches!(error, C1zError::NoFullSync { .. }), "{error}");
        assert_eq!(
            said,
            "`/part.c1z` holds no finished full sync: principals of another system are taken from a \
             whole one"
        );
    }
    let (error, _) = open(&folder.path().join("none.c1z"), None, TraitKind::User).unwrap();
    assert!(matches!(error, C1zError::Io { .. }), "{error}");
    let text = folder.path().join("text.c1z");
    std::fs::write(&text, "C1ZF no").unwrap();
    let (error, _) = open(&text, None, TraitKind::User).unwrap();
    assert!(matches!(error, C1zError::NotC1z { .. }), "{error}");
}
