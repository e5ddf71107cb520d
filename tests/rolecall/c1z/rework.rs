//! Syncs made of syncs: what differs between two, and several put together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::Utc;
use proptest::prelude::*;
use rolecall::c1z::{self, C1zError, EntitlementFilter, GrantFilter, Sync, message};
use rolecall::model::{EntitlementId, Grant, GrantId, Resource, ResourceId, SyncId, SyncKind};
use rusqlite::Connection;
use tempfile::TempDir;

use super::files;
use crate::{run, said};

/// People, and groups that may be in groups.
const CONNECTOR: &str = r#"
app_name: Groups
connect: {dsn: "sqlite:groups.db"}
resource_types:
  user:
    list:
      query: SELECT id, name FROM users ORDER BY id
      map: {id: .id, display_name: .name, traits: {user: {login: .name}}}
  group:
    list:
      query: SELECT id FROM groups ORDER BY id
      map: {id: .id, display_name: "'Group ' + .id", traits: {group: {}}}
    static_entitlements:
      - {id: member, display_name: "'Member'", purpose: assignment, grantable_to: [user, group]}
    grants:
      - query: SELECT outer_id, inner_id, kind FROM members
        map:
          - {resource_id: .outer_id, skip_if: .kind != 'user', principal_id: .inner_id, principal_type: user, entitlement_id: member}
          - resource_id: .outer_id
            skip_if: .kind != 'group'
            principal_id: .inner_id
            principal_type: group
            entitlement_id: member
            expandable: {entitlement_ids: ["'group:' + .inner_id + ':member'"]}
"#;

struct System(TempDir);

impl System {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("groups.yaml"), CONNECTOR).expect("the folder is ours");
        let system = Self(folder);
        system.execute(
            "CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT);
             CREATE TABLE groups (id TEXT PRIMARY KEY);
             CREATE TABLE members (outer_id TEXT, inner_id TEXT, kind TEXT);
             INSERT INTO users VALUES ('1', 'ada'), ('2', 'bob'), ('3', 'eve');
             INSERT INTO groups VALUES ('all'), ('red'), ('blue');
             INSERT INTO members VALUES ('red', '1', 'user'), ('blue', '2', 'user'), ('all', 'red', 'group');",
        );
        system
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn execute(&self, sql: &str) {
        let db = Connection::open(self.path("groups.db")).expect("a database");
        db.execute_batch(sql).expect("the statement is valid");
    }

    /// Syncs, and returns the id of the sync.
    fn sync(&self, output: &str, more: &[&str]) -> SyncId {
        let line = [&["sync", "groups.yaml", "-f", output], more].concat();
        let ran = run(self.0.path(), &line, &[]);
        assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
        let file = files::open(&self.path(output)).expect("it was written");
        file.sync(None).expect("a finished run").run().id.clone()
    }
}

/// What a sync says of the system, without who found it and when.
fn facts(sync: &Sync) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for of in sync.resource_types() {
        facts.insert(format!("type {}", of.unwrap().id));
    }
    for resource in sync.resources(None) {
        let resource = resource.unwrap();
        facts.insert(format!(
            "resource {} {}",
            resource.id, resource.display_name
        ));
    }
    for entitlement in sync.entitlements(&EntitlementFilter::default()) {
        facts.insert(format!("entitlement {}", entitlement.unwrap().id));
    }
    for grant in sync.grants(&GrantFilter::default()) {
        let grant = grant.unwrap();
        let sources: Vec<_> = grant
            .sources
            .iter()
            .map(|(id, source)| format!("{id}:{}", source.is_direct))
            .collect();
        facts.insert(format!(
            "grant {} {} {sources:?} {}",
            grant.entitlement,
            grant.principal,
            grant.expansion.is_some()
        ));
    }
    facts
}

fn facts_of(path: &Path, id: Option<&SyncId>) -> BTreeSet<String> {
    let file = files::open(path).unwrap();
    facts(&file.sync(id).unwrap())
}

#[test]
fn a_difference_is_a_sync_of_its_own_beside_the_two() {
    let system = System::new();
    let output = system.path("out.c1z");
    let before = system.sync("out.c1z", &["--keep", "2"]);
    let facts_before = facts_of(&output, Some(&before));
    system.execute(
        "INSERT INTO users VALUES ('4', 'ida');
         UPDATE users SET name = 'robert' WHERE id = '2';
         DELETE FROM users WHERE id = '3';
         INSERT INTO members VALUES ('blue', '4', 'user');",
    );
    let after = system.sync("out.c1z", &["--keep", "2"]);
    let facts_after = facts_of(&output, Some(&after));

    let made = c1z::add_diff(&output, &before, &after, Utc::now()).expect("they differ");

    let file = files::open(&output).unwrap();
    let runs: Vec<_> = file.runs().unwrap().into_iter().collect();
    let ids: Vec<_> = runs.iter().map(|run| run.id.clone()).collect();
    assert_eq!(ids, [made.sync_id.clone(), after.clone(), before.clone()]);
    assert_eq!(runs[0].kind, SyncKind::Partial);
    assert_eq!(runs[0].parent.as_ref(), Some(&before));
    let difference = facts_of(&output, Some(&made.sync_id));
    let expected: BTreeSet<String> = facts_after.difference(&facts_before).cloned().collect();
    // What differs in a row that facts do not show is a difference, too: none is here but the names.
    assert_eq!(difference, expected);
    assert_eq!((made.stats.resources, made.stats.grants), (2, 1));
    // The two stay as they were.
    assert_eq!(facts_of(&output, Some(&before)), facts_before);
    assert_eq!(facts_of(&output, Some(&after)), facts_after);
    // Nothing is left beside the file.
    let left = fs::read_dir(system.0.path()).unwrap();
    let names: BTreeSet<_> = left.map(|it| it.unwrap().file_name()).collect();
    let expected = ["groups.db", "groups.yaml", "out.c1z"].map(Into::into);
    assert_eq!(names, BTreeSet::from(expected));
}

#[test]
fn a_difference_with_what_is_not_there_leaves_the_file_as_it_was() {
    let system = System::new();
    let output = system.path("out.c1z");
    let id = system.sync("out.c1z", &[]);
    let bytes = fs::read(&output).unwrap();
    let unknown = SyncId("2Z8n4EDQ5nZKCcJxFKVqSPbGtgC".to_owned());
    let error = c1z::add_diff(&output, &id, &unknown, Utc::now()).unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(fs::read(&output).unwrap(), bytes);
    let error = c1z::add_diff(&system.path("none.c1z"), &id, &id, Utc::now()).unwrap_err();
    assert!(matches!(error, C1zError::Io { .. }), "{error}");
    assert!(!system.path("none.c1z").exists());
    // Of one sync and itself nothing differs.
    let made = c1z::add_diff(&output, &id, &id, Utc::now()).expect("an empty difference");
    assert!(facts_of(&output, Some(&made.sync_id)).is_empty());
}

/// What came in a part, put together with the whole before, is the whole as it is now: also grants
/// that others bring, which a part does not have.
#[test]
fn syncs_put_together_are_a_sync_of_what_is_there_now() {
    let system = System::new();
    system.sync("base.c1z", &[]);
    system.execute(
        "INSERT INTO users VALUES ('4', 'ida');
         UPDATE users SET name = 'ada l.' WHERE id = '1';
         INSERT INTO members VALUES ('red', '4', 'user'), ('all', 'blue', 'group');",
    );
    let users = system.sync("users.c1z", &["--resource-types", "user"]);
    let groups = system.sync("groups.c1z", &["--resource-types", "group"]);
    system.sync("now.c1z", &[]);

    let inputs = ["base.c1z", "users.c1z", "groups.c1z"].map(|name| (system.path(name), None));
    let folder = TempDir::new().unwrap();
    let made = c1z::compact(&inputs, folder.path(), Utc::now()).expect("they fit");

    let name = format!("compacted-{}.c1z", made.sync_id);
    assert_eq!(made.path, folder.path().join(name));
    assert_eq!(made.kind, SyncKind::Full);
    assert_eq!(
        facts_of(&made.path, None),
        facts_of(&system.path("now.c1z"), None)
    );
    let inside = files::unpack(&made.path);
    let (token, expanded): (String, bool) = inside
        .db
        .query_row(
            "select sync_token, supports_diff from v1_sync_runs",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert!(expanded);
    let token: serde_json::Value = serde_json::from_str(&token).unwrap();
    assert_eq!(token["rolecall"]["verdict"], "complete");
    let ids = [&users, &groups].map(|id| id.0.as_str());
    assert_eq!(
        token["compaction"]["partial_sync_ids"],
        serde_json::json!(ids)
    );
    // It is a sync file like any other.
    let verified = run(
        folder.path(),
        &["inspect", &made.path.to_string_lossy(), "verify"],
        &[],
    );
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// What was discovered last counts, in whatever order the files are named; of what is gone in a later
/// sync nobody knows whether that one looked.
#[test]
fn the_latest_discovery_counts_and_absence_does_not() {
    let system = System::new();
    system.sync("old.c1z", &["--resource-types", "user"]);
    system.execute(
        "UPDATE users SET name = 'robert' WHERE id = '2'; DELETE FROM users WHERE id = '3';",
    );
    system.sync("new.c1z", &["--resource-types", "user"]);
    let folder = TempDir::new().unwrap();
    for order in [["old.c1z", "new.c1z"], ["new.c1z", "old.c1z"]] {
        let inputs = order.map(|name| (system.path(name), None));
        let made = c1z::compact(&inputs, folder.path(), Utc::now()).unwrap();
        assert_eq!(made.kind, SyncKind::Partial);
        let file = files::open(&made.path).unwrap();
        let sync = file.sync(None).unwrap();
        let name = |id: &str| {
            let found = sync.resource(&ResourceId::new("user", id)).unwrap();
            found.map(|resource| resource.display_name)
        };
        assert_eq!(name("2").as_deref(), Some("robert"), "{order:?}");
        assert_eq!(name("3").as_deref(), Some("eve"), "{order:?}");
        assert_eq!(made.stats.resources, 3);
    }
}

/// Of rows that were discovered at once the later file has the last word, and a file of another
/// program, with what its writer did not know, is put together as well.
#[test]
fn a_file_of_another_program_is_put_together_with_itself() {
    let folder = TempDir::new().unwrap();
    let inputs = [(files::golden(), None), (files::golden(), None)];
    let made = c1z::compact(&inputs, folder.path(), Utc::now()).expect("it fits");
    let (before, after) = (facts_of(&files::golden(), None), facts_of(&made.path, None));
    let names = |facts: &BTreeSet<String>| -> BTreeSet<String> {
        let grants = facts.iter().filter(|fact| !fact.starts_with("grant"));
        grants.cloned().collect()
    };
    assert_eq!(names(&before), names(&after));
    // How far a sync of another program can be trusted, nobody knows.
    let file = files::open(&made.path).unwrap();
    let token = file.sync(None).unwrap().run().token.clone();
    assert!(!token.contains("verdict"), "{token}");
}

#[test]
fn what_cannot_be_put_together_is_refused() {
    let system = System::new();
    system.sync("base.c1z", &[]);
    let folder = TempDir::new().unwrap();
    let base = || (system.path("base.c1z"), None);
    let refused = |inputs: &[(PathBuf, Option<SyncId>)], to: &Path| {
        let error = c1z::compact(inputs, to, Utc::now()).unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{error}");
        (error.is_wrong(), error.is_not_found(), error.to_string())
    };
    let (wrong, _, told) = refused(&[base()], folder.path());
    assert!(wrong && told.contains("1 was given"), "{told}");
    let (wrong, _, told) = refused(&[base(), base()], &system.path("nowhere"));
    assert!(wrong && told.contains("is no directory"), "{told}");
    let unknown = (system.path("base.c1z"), Some(SyncId("x".to_owned())));
    let (_, not_found, told) = refused(&[base(), unknown], folder.path());
    assert!(not_found && told.contains("`x`"), "{told}");
    // A difference of another program has rows that are gone.
    let inside = files::unpack(&system.path("base.c1z"));
    inside
        .db
        .execute(
            "update v1_sync_runs set sync_type = 'partial_deletions'",
            [],
        )
        .unwrap();
    let odd = TempDir::new().unwrap();
    let plain = system.path("odd.db");
    inside
        .db
        .execute("vacuum into ?1", [plain.to_string_lossy()])
        .unwrap();
    let bytes = fs::read(&plain).unwrap();
    let odd = files::file_around(&odd, &bytes);
    let (wrong, _, told) = refused(&[base(), (odd, None)], folder.path());
    assert!(wrong && told.contains("partial_deletions"), "{told}");
}

/// A thing that a sync found: which one, what it was like then, and when that was.
type Found = (u8, u8, u8);

/// A sync file as an older writer made it, with people and what they hold.
fn older_file(folder: &TempDir, number: usize, people: &[Found], grants: &[Found]) -> PathBuf {
    let sync = format!("{number:027}");
    let hex = |bytes: Vec<u8>| -> String { bytes.iter().map(|it| format!("{it:02x}")).collect() };
    let mut sql = format!(
        "create table v1_sync_runs (id integer primary key, sync_id text, started_at datetime,
             ended_at datetime, sync_token text);
         insert into v1_sync_runs values (1, '{sync}', '2026-01-01 00:00:00', '2026-01-02 00:00:00', '');
         create table v1_resources (id integer primary key, resource_type_id text, external_id text,
             parent_resource_type_id text, parent_resource_id text, data blob, sync_id text,
             discovered_at datetime);
         create table v1_grants (id integer primary key, resource_type_id text, resource_id text,
             entitlement_id text, principal_resource_type_id text, principal_resource_id text,
             external_id text, data blob, sync_id text, discovered_at datetime);"
    );
    for (id, name, at) in people {
        let id = ResourceId::new("user", id.to_string());
        let data = hex(message::resource::encode(&Resource::new(
            id.clone(),
            name.to_string(),
        )));
        sql.push_str(&format!(
            "insert into v1_resources values (null, 'user', '{id}', null, null, x'{data}', '{sync}',
                 '2026-01-01 00:00:0{at}');"
        ));
    }
    let on = std::sync::Arc::new(Resource::new(ResourceId::new("team", "1"), "Team"));
    for (id, name, at) in grants {
        // Grants of one person under several names.
        let grant = Grant {
            id: GrantId(format!("{id} as {name}")),
            entitlement: EntitlementId("team:1:member".to_owned()),
            resource: on.clone(),
            principal: ResourceId::new("user", id.to_string()),
            expansion: None,
            external_match: None,
            immutable: false,
            sources: Default::default(),
            annotations: Vec::new(),
        };
        let (data, name) = (hex(message::grant::encode(&grant)), grant.id.0);
        sql.push_str(&format!(
            "insert into v1_grants values (null, 'team', '1', 'team:1:member', 'user', '{id}',
                 '{name}', x'{data}', '{sync}', '2026-01-01 00:00:0{at}');"
        ));
    }
    files::file_of_sql(folder, &sql)
}

/// What stays of each thing: as it was when it was discovered last, and of discoveries at once the
/// last one.
fn expected(files: &[Vec<Found>]) -> BTreeMap<u8, u8> {
    let mut latest: BTreeMap<u8, (u8, u8)> = BTreeMap::new();
    for (id, name, at) in files.iter().flatten() {
        let known = latest.entry(*id).or_insert((*at, *name));
        if *at >= known.0 {
            *known = (*at, *name);
        }
    }
    latest
        .into_iter()
        .map(|(id, (_, name))| (id, name))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_syncs_are_put_together_by_when_things_were_discovered(
        found in prop::collection::vec(
            (
                prop::collection::vec((0u8..5, 0u8..9, 0u8..4), 0..6),
                prop::collection::vec((0u8..5, 0u8..9, 0u8..4), 0..6),
            ),
            2..5,
        )
    ) {
        let folder = TempDir::new().unwrap();
        let folders: Vec<TempDir> = found.iter().map(|_| TempDir::new().unwrap()).collect();
        let inputs: Vec<_> = found
            .iter()
            .enumerate()
            .map(|(at, (people, grants))| {
                (older_file(&folders[at], at + 1, people, grants), None)
            })
            .collect();
        let made = c1z::compact(&inputs, folder.path(), Utc::now()).unwrap();
        let file = files::open(&made.path).unwrap();
        let sync = file.sync(None).unwrap();
        let people: BTreeMap<u8, u8> = sync
            .resources(None)
            .map(|it| it.unwrap())
            .map(|it| (it.id.id.parse().unwrap(), it.display_name.parse().unwrap()))
            .collect();
        let grants: Vec<(u8, u8)> = sync
            .grants(&GrantFilter::default())
            .map(|it| it.unwrap())
            .map(|it| {
                let (id, name) = it.id.0.split_once(" as ").unwrap();
                (id.parse().unwrap(), name.parse().unwrap())
            })
            .collect();
        let (found_people, found_grants): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        prop_assert_eq!(people, expected(&found_people));
        prop_assert_eq!(grants.len(), expected(&found_grants).len());
        let grants: BTreeMap<u8, u8> = grants.into_iter().collect();
        prop_assert_eq!(grants, expected(&found_grants));
    }
}
