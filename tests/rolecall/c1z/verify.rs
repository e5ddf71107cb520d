//! What `rolecall inspect FILE verify` finds: a case for every code, made from a file that is sound.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{TimeDelta, Utc};
use rolecall::c1z::audit::CHECKS;
use rolecall::c1z::{self, Begin, Compression, WorkFile};
use rolecall::model::*;
use rolecall::sync::{PageFacts, RunRecord, SyncSink};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{files, samples};

/// A file in which everything that is named is there.
fn sound() -> PageFacts {
    let group = |id: &str| Resource {
        parent: Some(ResourceId::new("org", "acme")),
        traits: vec![ResourceTrait::Group(GroupTrait::default())],
        ..Resource::new(ResourceId::new("group", id), id)
    };
    PageFacts {
        resource_types: vec![
            samples::resource_type("org", &[]),
            samples::resource_type("user", &[TraitKind::User]),
            samples::resource_type("group", &[TraitKind::Group]),
        ],
        resources: vec![
            Resource::new(ResourceId::new("org", "acme"), "Acme"),
            samples::ada(),
            group("eng"),
            group("ops"),
        ],
        entitlements: vec![entitlement("eng", "member"), entitlement("ops", "member")],
        grants: vec![
            grant("eng", samples::ada().id),
            grant("ops", samples::ada().id),
            nested("ops", "eng"),
        ],
    }
}

fn entitlement(group: &str, slug: &str) -> Entitlement {
    let resource = Resource::new(ResourceId::new("group", group), group);
    Entitlement {
        id: EntitlementId::on(&resource.id, slug),
        slug: slug.to_owned(),
        exclusion_group: None,
        immutable: false,
        resource,
        ..samples::entitlement(slug)
    }
}

fn grant(group: &str, principal: ResourceId) -> Grant {
    let held = entitlement(group, "member");
    Grant {
        id: GrantId::of(&held.id, &principal),
        entitlement: held.id,
        resource: held.resource.into(),
        ..samples::grant("member", principal)
    }
}

/// The members of `inner` are members of `outer`.
fn nested(inner: &str, outer: &str) -> Grant {
    let principal = ResourceId::new("group", inner);
    Grant {
        expansion: Some(GrantExpansion {
            entitlement_ids: vec![format!("group:{inner}:member")],
            shallow: false,
            resource_type_ids: Vec::new(),
        }),
        ..grant(outer, principal)
    }
}

fn in_group(resource: &str, slug: &str, is_default: bool) -> Entitlement {
    Entitlement {
        exclusion_group: Some(ExclusionGroup {
            id: "rank".into(),
            order: 1,
            is_default,
            scope_to_resource: false,
        }),
        ..entitlement(resource, slug)
    }
}

/// Writes a page as a run of this hour, changes the database by `sql`, and packs it again.
fn file(directory: &TempDir, page: PageFacts, sql: &str) -> PathBuf {
    let output = directory.path().join("o.c1z");
    let now = Utc::now() - TimeDelta::hours(1);
    let begin = Begin {
        now,
        ..files::begin()
    };
    let (mut work, _) = WorkFile::open(&output, &begin).unwrap();
    work.commit(&page, "the end").unwrap();
    work.settle().unwrap();
    work.seal(now + TimeDelta::seconds(1), &RunRecord::default())
        .unwrap();
    c1z::pack(work, &output, Compression::Zstd).unwrap();
    change(directory, &output, sql)
}

fn change(directory: &TempDir, file: &Path, sql: &str) -> PathBuf {
    let database = directory.path().join("changed.db");
    fs::write(&database, files::unpack(file).bytes).unwrap();
    let db = Connection::open(&database).unwrap();
    db.execute_batch(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    db.close().unwrap();
    let bytes = fs::read(&database).unwrap();
    pack(directory, &bytes)
}

/// With a checksum, as every writer does it.
fn pack(directory: &TempDir, database: &[u8]) -> PathBuf {
    use std::io::Write;
    let path = directory.path().join("case.c1z");
    let mut encoder = zstd::Encoder::new(b"C1ZF\0".to_vec(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(database).unwrap();
    fs::write(&path, encoder.finish().unwrap()).unwrap();
    path
}

/// What the program says, and how it ends.
fn verify(file: &Path, words: &[&str]) -> (Option<i32>, String) {
    let name = file.file_name().unwrap().to_str().unwrap();
    let words = [&["inspect", name, "verify"], words].concat();
    let ran = crate::run(file.parent().unwrap(), &words, &[]);
    (ran.status.code(), crate::said(&ran))
}

/// Snapshots what is said, without what differs from run to run.
fn assert_told(name: &str, file: &Path, code: i32) {
    let (ended, told) = verify(file, &["--all-syncs"]);
    assert_eq!(ended, Some(code), "{name}: {told}");
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("[0-9A-Za-z]{27}", "[sync id]");
    settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", "[time]");
    settings.bind(|| insta::assert_snapshot!(format!("verify {name}").replace(' ', "-"), told));
}

/// A change to the sound file, and how `verify` ends then.
struct Case {
    name: &'static str,
    ends: i32,
    page: fn(&mut PageFacts),
    sql: &'static str,
}

const fn by_sql(name: &'static str, ends: i32, sql: &'static str) -> Case {
    Case {
        name,
        ends,
        page: |_| {},
        sql,
    }
}

const fn by_facts(name: &'static str, ends: i32, page: fn(&mut PageFacts)) -> Case {
    Case {
        name,
        ends,
        page,
        sql: "",
    }
}

/// Each is named for the code that it shows.
static CASES: &[Case] = &[
    by_sql(
        "blob-differs",
        1,
        "update v1_resources set external_id = 'user:eve', parent_resource_id = null where external_id = 'user:ada'; update v1_grants set principal_resource_id = 'eve' where principal_resource_id = 'ada'",
    ),
    by_facts("duplicate-entitlement", 3, |page| {
        page.entitlements.push(Entitlement {
            id: EntitlementId("another".into()),
            ..entitlement("eng", "member")
        });
    }),
    by_facts("duplicate-grant", 3, |page| {
        page.grants.push(Grant {
            id: GrantId("another".into()),
            ..grant("eng", samples::ada().id)
        });
    }),
    by_sql(
        "duplicate-id",
        1,
        "drop index idx_resources_parent_resource_id_v1; insert into v1_resources select null, resource_type_id, external_id, parent_resource_type_id, parent_resource_id, data, sync_id, discovered_at from v1_resources where external_id = 'user:ada'; update v1_sync_runs set stats = null",
    ),
    by_sql(
        "duplicate-run",
        1,
        "drop index idx_sync_runs_sync_id_v1; insert into v1_sync_runs (sync_id, started_at, ended_at, sync_token) select sync_id, started_at, ended_at, sync_token from v1_sync_runs",
    ),
    by_facts("exclusion-group-defaults", 1, |page| {
        page.entitlements.extend([
            in_group("eng", "owner", true),
            in_group("eng", "boss", true),
            in_group("ops", "owner", false),
        ]);
    }),
    by_facts("exclusion-group-size", 1, |page| {
        page.entitlements
            .extend((0..51).map(|number| in_group("eng", &format!("rank {number}"), number == 0)));
    }),
    by_facts("exclusion-group-types", 1, |page| {
        let mut on_org = in_group("eng", "admin", true);
        on_org.resource.id = ResourceId::new("org", "acme");
        page.entitlements
            .extend([in_group("eng", "owner", false), on_org]);
    }),
    by_facts("expansion-cycle", 3, |page| {
        page.grants.push(nested("eng", "ops"))
    }),
    by_facts("expansion-foreign-source", 3, |page| {
        let expansion = nested("ops", "eng").expansion;
        page.grants[0].expansion = expansion;
    }),
    by_sql(
        "expansion-hidden",
        0,
        "update v1_grants set data = cast(x'1a1a' || cast(external_id as blob) as blob) where expansion is not null",
    ),
    by_sql(
        "expansion-lost",
        1,
        "update v1_grants set expansion = null, needs_expansion = 0",
    ),
    by_sql(
        "expansion-not-due",
        3,
        "update v1_grants set needs_expansion = 0; update v1_sync_runs set supports_diff = 0",
    ),
    by_facts("expansion-unknown-source", 3, |page| {
        page.grants[2]
            .expansion
            .as_mut()
            .unwrap()
            .entitlement_ids
            .push("group:gone:member".into());
    }),
    by_sql(
        "missing-column",
        1,
        "drop index idx_resources_external_sync_v1; alter table v1_resources drop column parent_resource_id",
    ),
    by_facts("missing-entitlement", 3, |page| {
        page.grants.push(Grant {
            entitlement: EntitlementId("group:eng:boss".into()),
            id: GrantId("boss".into()),
            ..grant("eng", samples::ada().id)
        });
    }),
    by_facts("missing-entitlement-resource", 3, |page| {
        page.entitlements.push(entitlement("gone", "member"))
    }),
    by_facts("missing-grant-resource", 3, |page| {
        page.entitlements.push(entitlement("gone", "member"));
        page.grants.push(grant("gone", samples::ada().id));
    }),
    by_facts("missing-parent", 3, |page| {
        page.resources[1].parent = Some(ResourceId::new("org", "gone"))
    }),
    by_sql(
        "missing-parent-run",
        0,
        "update v1_sync_runs set sync_type = 'partial', parent_sync_id = 'gone'",
    ),
    by_facts("missing-principal", 3, |page| {
        let stranger = ResourceId::new("user", "stranger");
        page.grants
            .extend((0..7).map(|n| grant("eng", ResourceId::new("user", format!("stranger {n}")))));
        page.grants.push(Grant {
            external_match: Some(ExternalMatch::Id("x".into())),
            ..grant("eng", stranger)
        });
    }),
    by_sql("missing-table", 3, "drop table v1_entitlements"),
    by_sql("no-run", 1, "delete from v1_sync_runs"),
    by_facts("parent-cycle", 3, |page| {
        let acme = ResourceId::new("org", "acme");
        page.resources[0].parent = Some(ResourceId::new("org", "holding"));
        page.resources.push(Resource {
            parent: Some(acme),
            ..Resource::new(ResourceId::new("org", "holding"), "Holding")
        });
    }),
    by_sql(
        "run-abandoned",
        3,
        "update v1_sync_runs set ended_at = null, started_at = '2026-01-01 00:00:00'",
    ),
    by_sql(
        "run-old",
        0,
        "update v1_sync_runs set ended_at = '2026-01-01 01:00:00', started_at = '2026-01-01 00:00:00'",
    ),
    by_sql(
        "run-partial",
        3,
        r#"update v1_sync_runs set sync_token = '{"rolecall":{"verdict":"partial","findings":{"paging-loop":{"count":2,"partial":true,"examples":[]},"bad-date":{"count":1,"partial":false,"examples":[]}}}}'"#,
    ),
    by_sql(
        "run-times",
        3,
        "update v1_sync_runs set started_at = '2100-01-01 00:00:00', ended_at = 'yesterday'",
    ),
    by_sql(
        "run-unfinished",
        3,
        "insert into v1_sync_runs (sync_id, started_at, sync_token) select 'another', started_at, '' from v1_sync_runs",
    ),
    by_sql(
        "slim-grants",
        0,
        "update v1_grants set data = cast(x'1a19' || cast(external_id as blob) as blob) where external_id = 'group:ops:member:user:ada'",
    ),
    by_sql(
        "stats-differ",
        3,
        r#"update v1_sync_runs set stats = '{"resource_types":3,"resources":9,"entitlements":2,"grants":3,"grants_by_resource_type":{"group":2}}'"#,
    ),
    by_sql(
        "stray-rows",
        3,
        "update v1_entitlements set sync_id = 'another' where external_id = 'group:eng:member'; update v1_sync_runs set stats = null, sync_type = 'partial'",
    ),
    by_sql(
        "unlisted-type",
        3,
        "delete from v1_resource_types where external_id = 'user'; update v1_sync_runs set stats = null",
    ),
    by_sql(
        "unreadable-blob",
        1,
        "update v1_resources set data = x'0aff' where external_id = 'user:ada'; update v1_grants set data = 'text' where entitlement_id = 'group:ops:member'",
    ),
    by_sql(
        "wrong-column-type",
        1,
        "update v1_grants set principal_resource_id = x'ff00' where entitlement_id = 'group:ops:member'",
    ),
];

#[test]
fn every_problem_is_found_and_nothing_else() {
    let directory = TempDir::new().unwrap();
    assert_told("sound", &file(&directory, sound(), ""), 0);
    for case in CASES {
        let mut page = sound();
        (case.page)(&mut page);
        let file = file(&directory, page, case.sql);
        assert_told(case.name, &file, case.ends);
        let (_, told) = verify(&file, &["--format", "csv", "--all-syncs"]);
        let found = told
            .lines()
            .any(|line| line.split(',').nth(2) == Some(case.name));
        assert!(found, "{}: {told}", case.name);
    }
}

#[test]
fn what_stands_around_the_database_is_looked_at() {
    let directory = TempDir::new().unwrap();
    let good = files::unpack(&file(&directory, sound(), "")).bytes;
    let path = directory.path().join("case.c1z");
    let zstd = |checksum, window| {
        use std::io::Write;
        let mut encoder = zstd::Encoder::new(b"C1ZF\0".to_vec(), 3).unwrap();
        encoder.include_checksum(checksum).unwrap();
        encoder.window_log(window).unwrap();
        encoder.write_all(&good).unwrap();
        encoder.finish().unwrap()
    };
    let gzip = || {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&good).unwrap();
        encoder.finish().unwrap()
    };
    let cut = zstd(true, 20)[..500].to_vec();
    for (name, bytes, ends) in [
        ("gzip-container", gzip(), 3),
        ("no-checksum", zstd(false, 20), 0),
        ("wide-window", zstd(true, 24), 3),
        ("unreadable-file", cut, 1),
    ] {
        fs::write(&path, bytes).unwrap();
        assert_told(name, &path, ends);
    }

    // A page of grants that says nothing: what the rest has is still checked.
    let inside = files::unpacked(good.clone());
    let root = "select rootpage from sqlite_master where name = 'v1_grants'";
    let root: u32 = inside.db.query_row(root, [], |row| row.get(0)).unwrap();
    let mut damaged = good.clone();
    let page = (root as usize - 1) * 4096;
    damaged[page..page + 4096].fill(0x77);
    assert_told("damaged-database", &pack(&directory, &damaged), 1);
}

/// Every code has a case, and no case has a code of its own.
#[test]
fn every_code_is_shown_by_a_case() {
    let elsewhere = [
        "damaged-database",
        "gzip-container",
        "no-checksum",
        "unreadable-file",
        "wide-window",
    ];
    let shown: BTreeSet<_> = CASES
        .iter()
        .map(|case| case.name)
        .chain(elsewhere)
        .collect();
    let codes: BTreeSet<_> = CHECKS.iter().map(|check| check.code).collect();
    assert_eq!(shown, codes);
}

#[test]
fn programs_read_it_too() {
    let directory = TempDir::new().unwrap();
    let mut page = sound();
    page.grants
        .push(grant("eng", ResourceId::new("user", "=stranger")));
    page.grants
        .push(grant("eng", ResourceId::new("user", "other")));
    let file = file(
        &directory,
        page,
        "update v1_resources set data = x'' where external_id = 'group:ops'",
    );
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("[0-9A-Za-z]{27}", "[sync id]");
    settings.add_filter(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "[time]");
    settings.bind(|| {
        for format in ["json", "csv"] {
            let (ended, told) = verify(&file, &["--format", format, "--examples", "1"]);
            assert_eq!(ended, Some(1));
            insta::assert_snapshot!(format!("verify.{format}"), told);
        }
    });
    let (_, none) = verify(&file, &["--examples", "0"]);
    assert!(!none.contains("user:other"), "{none}");
}

/// Files of the other implementation, as it left them and with a run of ours beside its own.
#[test]
fn files_of_the_other_implementation_are_sound() {
    let directory = TempDir::new().unwrap();
    let golden = directory.path().join("golden.c1z");
    fs::copy(files::golden(), &golden).unwrap();
    let (_, told) = verify(&golden, &["--format", "csv"]);
    let problems = told.lines().filter(|line| !line.contains(",note,"));
    assert_eq!(
        problems.collect::<Vec<_>>(),
        ["sync_id,severity,code,count,example"]
    );

    let (mut work, _) = WorkFile::open(&golden, &files::begin()).unwrap();
    work.commit(&sound(), "the end").unwrap();
    work.seal(files::at("2026-03-04T06:00:00Z"), &RunRecord::default())
        .unwrap();
    c1z::pack_and_keep(work, &golden, Compression::Zstd, 2).unwrap();
    let (ended, told) = verify(&golden, &["--all-syncs"]);
    assert_eq!(ended, Some(0), "{told}");
    assert_eq!(told.matches("sync ").count(), 2, "{told}");
}

/// Nothing is held in memory that grows with the rows, and nothing is looked for row by row.
#[test]
fn many_rows_are_checked_in_little_time() {
    let directory = TempDir::new().unwrap();
    let file = file(
        &directory,
        sound(),
        "with recursive n(n) as (select 1 union all select n + 1 from n where n < 20000)
         insert into v1_grants (resource_type_id, resource_id, entitlement_id,
             principal_resource_type_id, principal_resource_id, external_id, data, sync_id,
             discovered_at)
         select resource_type_id, resource_id, entitlement_id, 'user', n, 'grant ' || n,
             cast(x'1a' || char(6 + length(n)) || 'grant ' || n as blob), sync_id, discovered_at
         from v1_grants, n where external_id = 'group:eng:member:user:ada';
         update v1_sync_runs set stats = null;
         drop index idx_grants_principal_id_v1; drop index idx_resources_parent_resource_id_v1;",
    );
    let began = std::time::Instant::now();
    let (ended, told) = verify(&file, &[]);
    assert_eq!(ended, Some(3), "{told}");
    assert!(
        told.contains("warning[missing-principal]: 20000 ×"),
        "{told}"
    );
    assert!(told.contains("note[slim-grants]: 20000 ×"), "{told}");
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}
