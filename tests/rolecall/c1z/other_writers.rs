//! Files as other programs, older and newer, leave them: put together by hand, with plain SQL.

use rolecall::c1z::{C1zError, EntitlementFilter, GrantFilter};
use rolecall::model::{EntitlementId, ResourceId, ResourceTrait, SyncId, SyncKind, UserStatus};
use tempfile::TempDir;

use super::files;

/// The least that counts as a sync file: the columns of the first writers, no index, no key.
const BARE: &str = "
create table v1_resource_types (external_id text, data blob, sync_id text, discovered_at datetime);
create table v1_resources (resource_type_id text, external_id text, parent_resource_type_id text,
    parent_resource_id text, data blob, sync_id text, discovered_at datetime);
create table v1_entitlements (resource_type_id text, resource_id text, external_id text, data blob,
    sync_id text, discovered_at datetime);
create table v1_grants (resource_type_id text, resource_id text, entitlement_id text,
    principal_resource_type_id text, principal_resource_id text, external_id text, data blob,
    sync_id text, discovered_at datetime);
create table v1_sync_runs (sync_id text, started_at datetime, ended_at datetime, sync_token text);
";

const RUN: &str = "insert into v1_sync_runs values
    ('run1', '2026-01-01 00:00:00', '2026-01-01 00:01:00', '');";

/// `Resource { id: { resource_type: \"user\", resource: \"1\" }, display_name: \"Ada\" }`
const ADA: &str = "x'0a090a04757365721201311a03416461'";

fn resources(sql: &str) -> Vec<rolecall::model::Resource> {
    let directory = TempDir::new().unwrap();
    let file = files::open(&files::file_of_sql(&directory, sql)).unwrap();
    file.sync(None)
        .unwrap()
        .resources(None)
        .map(Result::unwrap)
        .collect()
}

#[test]
fn bare_tables_without_keys_or_times_are_enough() {
    let directory = TempDir::new().unwrap();
    let sql = format!(
        "{BARE}{RUN}
         insert into v1_resource_types values ('user', x'0a0475736572', 'run1', null);
         insert into v1_resources values ('user', 'user:1', null, null, {ADA}, 'run1', null),
             ('user', 'user:1', null, null, {ADA}, 'other run', null);"
    );
    let file = files::open(&files::file_of_sql(&directory, &sql)).unwrap();
    let sync = file.sync(None).unwrap();
    assert_eq!(sync.run().kind, SyncKind::Full);
    assert_eq!(
        sync.resource_types()
            .map(|it| it.unwrap().id.0)
            .collect::<Vec<_>>(),
        ["user"]
    );
    let stats = sync.stats().unwrap();
    assert_eq!(
        (stats.resource_types, stats.resources, stats.grants),
        (1, 1, 0)
    );
    let ada = sync
        .resource(&ResourceId::new("user", "1"))
        .unwrap()
        .unwrap();
    assert_eq!(ada.display_name, "Ada");
}

#[test]
fn missing_tables_are_empty_and_missing_runs_an_error() {
    let directory = TempDir::new().unwrap();
    let only_runs = format!(
        "create table v1_sync_runs (sync_id text, started_at datetime,
        ended_at datetime, sync_token text);{RUN}"
    );
    let file = files::open(&files::file_of_sql(&directory, &only_runs)).unwrap();
    let sync = file.sync(None).unwrap();
    assert_eq!(sync.resources(None).count(), 0);
    assert_eq!(sync.grants(&GrantFilter::default()).count(), 0);
    assert_eq!(sync.stats().unwrap(), Default::default());

    for sql in ["create table other (x)", BARE] {
        let file = files::open(&files::file_of_sql(&directory, sql)).unwrap();
        assert!(
            matches!(file.sync(None).err(), Some(C1zError::NoRuns { .. })),
            "{sql}"
        );
    }
}

#[test]
fn a_grant_whose_facts_are_in_the_columns_is_put_together() {
    let directory = TempDir::new().unwrap();
    let sql = format!(
        "{BARE}{RUN}
         alter table v1_grants add column expansion blob;
         alter table v1_grants add column needs_expansion integer not null default 0;
         insert into v1_grants values ('group', 'eng', 'group:eng:member', 'user', '1', 'the grant',
             x'1a09746865206772616e74', 'run1', null, x'0a03783a791001', 1);"
    );
    let file = files::open(&files::file_of_sql(&directory, &sql)).unwrap();
    let sync = file.sync(None).unwrap();
    let grant = sync
        .grants(&GrantFilter::default())
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(grant.id.0, "the grant");
    assert_eq!(grant.resource.id, ResourceId::new("group", "eng"));
    assert_eq!(grant.entitlement.0, "group:eng:member");
    assert_eq!(grant.principal, ResourceId::new("user", "1"));
    let expansion = grant.expansion.unwrap();
    assert_eq!(
        (expansion.entitlement_ids, expansion.shallow),
        (vec!["x:y".to_owned()], true)
    );
}

#[test]
fn filters_select_by_every_column_they_name() {
    let grant = |resource: &str, entitlement: &str, principal: &str| {
        format!(
            "insert into v1_grants values ('group', '{resource}', '{entitlement}', 'user',
                 '{principal}', 'g', x'', 'run1', null);
             insert into v1_entitlements values ('group', '{resource}', '{entitlement}',
                 x'', 'run1', null);"
        )
    };
    let sql = [
        BARE.to_owned(),
        RUN.to_owned(),
        grant("a", "member", "1"),
        grant("a", "owner", "2"),
        grant("b", "member", "2"),
    ];
    let directory = TempDir::new().unwrap();
    let file = files::open(&files::file_of_sql(&directory, &sql.concat())).unwrap();
    let sync = file.sync(None).unwrap();
    let (a, two) = (ResourceId::new("group", "a"), ResourceId::new("user", "2"));
    let member = EntitlementId("member".into());
    let (group, user) = (&a.resource_type, &two.resource_type);
    let all = GrantFilter::default;
    let cases = [
        (all(), 3),
        (
            GrantFilter {
                resource_type: Some(group),
                ..all()
            },
            3,
        ),
        (
            GrantFilter {
                resource_type: Some(user),
                ..all()
            },
            0,
        ),
        (
            GrantFilter {
                resource: Some(&a),
                ..all()
            },
            2,
        ),
        (
            GrantFilter {
                entitlement: Some(&member),
                ..all()
            },
            2,
        ),
        (
            GrantFilter {
                principal: Some(&two),
                ..all()
            },
            2,
        ),
        (
            GrantFilter {
                principal: Some(&two),
                resource: Some(&a),
                ..all()
            },
            1,
        ),
    ];
    for (filter, count) in cases {
        assert_eq!(
            sync.grants(&filter).map(Result::unwrap).count(),
            count,
            "{filter:?}"
        );
    }
    let on_a = EntitlementFilter {
        resource: Some(&a),
        resource_type: None,
    };
    assert_eq!(sync.entitlements(&on_a).map(Result::unwrap).count(), 2);
}

#[test]
fn the_run_shown_is_the_latest_that_ended() {
    let current = "alter table v1_sync_runs add column sync_type text not null default 'full';
        alter table v1_sync_runs add column parent_sync_id text not null default '';";
    let cases: [(&str, &[&str], &str); 6] = [
        (
            "one",
            &["('a', '2026-01-01 00:00:00', '2026-01-01 00:01:00', '', 'full', '')"],
            "a",
        ),
        (
            "by end, not by start",
            &[
                "('a', '2026-01-02 00:00:00', '2026-01-02 00:01:00', '', 'full', '')",
                "('b', '2026-01-01 00:00:00', '2026-01-03 00:01:00', '', 'partial', 'a')",
            ],
            "b",
        ),
        (
            "ties go to the greater id",
            &[
                "('b', '2026-01-01 00:00:00', '2026-01-02 00:00:00', '', 'full', '')",
                "('a', '2026-01-01 00:00:00', '2026-01-02 00:00:00', '', 'full', '')",
            ],
            "b",
        ),
        (
            "fractions sort",
            &[
                "('a', '2026-01-01 00:00:00', '2026-01-02 00:00:00', '', 'full', '')",
                "('b', '2026-01-01 00:00:00', '2026-01-02 00:00:00.5', '', 'strange', '')",
            ],
            "b",
        ),
        (
            "finished before unfinished",
            &[
                "('a', '2026-01-01 00:00:00', '2026-01-01 00:01:00', '', 'full', '')",
                "('b', '2026-01-02 00:00:00', null, '{}', 'full', '')",
            ],
            "a",
        ),
        (
            "unfinished when there is nothing else",
            &[
                "('a', '2026-01-01 00:00:00', null, '', 'full', '')",
                "('b', '2026-01-02 00:00:00', null, '', 'full', '')",
            ],
            "b",
        ),
    ];
    for (name, rows, latest) in cases {
        let directory = TempDir::new().unwrap();
        let sql = format!(
            "{BARE}{current} insert into v1_sync_runs values {};",
            rows.join(",")
        );
        let file = files::open(&files::file_of_sql(&directory, &sql)).unwrap();
        assert_eq!(file.sync(None).unwrap().run().id.0, latest, "{name}");
        assert_eq!(file.runs().unwrap().len(), rows.len(), "{name}");
        let a = file.sync(Some(&SyncId("a".into()))).unwrap();
        assert_eq!(a.run().id.0, "a", "{name}");
        let unknown = file.sync(Some(&SyncId("c".into()))).err().unwrap();
        assert!(matches!(unknown, C1zError::UnknownSync { .. }), "{name}");
    }
}

#[test]
fn runs_say_what_other_writers_wrote() {
    let directory = TempDir::new().unwrap();
    let sql = format!(
        "{BARE}
         alter table v1_sync_runs add column sync_type text not null default 'full';
         alter table v1_sync_runs add column parent_sync_id text not null default '';
         insert into v1_sync_runs values
             ('b', '2026-01-02T00:00:00Z', '2026-01-02T00:01:00Z', 'token', 'sideways', 'a');"
    );
    let file = files::open(&files::file_of_sql(&directory, &sql)).unwrap();
    let run = file.runs().unwrap().remove(0);
    assert_eq!(run.kind, SyncKind::Other("sideways".into()));
    assert_eq!(run.parent, Some(SyncId("a".into())));
    assert_eq!(run.token, "token");
    assert_eq!(run.started_at, files::at("2026-01-02T00:00:00Z"));
    assert_eq!(run.ended_at, Some(files::at("2026-01-02T00:01:00Z")));
}

#[test]
fn cached_numbers_are_believed_only_when_somebody_counted() {
    for (cached, resources) in [
        ("null", 1),
        ("''", 1),
        ("'no json'", 1),
        ("'{\"resources\":7}'", 1),
        (
            "'{\"resource_types\":1,\"resources\":7,\"step_durations_ms\":{\"x\":1}}'",
            7,
        ),
    ] {
        let directory = TempDir::new().unwrap();
        let sql = format!(
            "{BARE}{RUN}
             alter table v1_sync_runs add column stats text;
             update v1_sync_runs set stats = {cached};
             insert into v1_resources values ('user', 'user:1', null, null, {ADA}, 'run1', null);"
        );
        let file = files::open(&files::file_of_sql(&directory, &sql)).unwrap();
        assert_eq!(
            file.sync(None).unwrap().stats().unwrap().resources,
            resources,
            "{cached}"
        );
    }
}

#[test]
fn a_database_left_in_wal_mode_is_read() {
    let directory = TempDir::new().unwrap();
    let sql = format!(
        "pragma journal_mode = wal;{BARE}{RUN}
         insert into v1_resources values ('user', 'user:1', null, null, {ADA}, 'run1', null);"
    );
    let path = files::file_of_sql(&directory, &sql);
    assert_eq!(files::unpack(&path).bytes[18..20], [2, 2]);
    let file = files::open(&path).unwrap();
    assert_eq!(file.sync(None).unwrap().resources(None).count(), 1);
}

#[test]
fn status_and_date_are_found_in_their_newer_place() {
    // A user trait with a login only; the resource has status 1 and a creation date.
    let blob = "x'0a090a0475736572120131\
        2236\
        0a2d747970652e676f6f676c65617069732e636f6d2f63312e636f6e6e6563746f722e76322e5573657254726169741205\
        3203616461\
        4a0e0a0c0a047465616d12041a026575\
        5a020801\
        62020801'"
        .replace(char::is_whitespace, "");
    let sql = format!(
        "{BARE}{RUN}
         insert into v1_resources values ('user', 'user:1', null, null, {blob}, 'run1', null);"
    );
    let ada = resources(&sql).remove(0);
    let [ResourceTrait::User(user)] = ada.traits.as_slice() else {
        panic!("{:?}", ada.traits)
    };
    assert_eq!(user.login, "ada");
    assert_eq!(user.status, UserStatus::Enabled);
    assert_eq!(user.created_at, Some(files::at("1970-01-01T00:00:01Z")));
    assert_eq!(
        ada.profile["team"],
        rolecall::model::ProfileValue::Text("eu".into())
    );
}

#[test]
fn a_blob_that_is_no_message_is_named_by_its_row() {
    let directory = TempDir::new().unwrap();
    let sql = format!(
        "{BARE}{RUN}
         insert into v1_resources values
             ('user', 'user:1', null, null, {ADA}, 'run1', null),
             ('user', 'user:2', null, null, x'0aff', 'run1', null);"
    );
    let path = files::file_of_sql(&directory, &sql);
    let file = files::open(&path).unwrap();
    let mut listing = file.sync(None).unwrap().resources(None);
    let error = listing.find_map(Result::err).unwrap();
    assert!(
        matches!(
            error,
            C1zError::Blob {
                row: 2,
                table: "v1_resources",
                ..
            }
        ),
        "{error}"
    );
    assert!(listing.next().is_none());
}

#[test]
fn a_damaged_database_is_an_error() {
    let directory = TempDir::new().unwrap();
    let mut bytes = b"SQLite format 3\0".to_vec();
    bytes.resize(4096, 0x77);
    let error = files::open(&files::file_around(&directory, &bytes))
        .err()
        .unwrap();
    assert!(matches!(error, C1zError::NotSqlite { .. }), "{error}");
}

#[test]
fn more_rows_than_a_page_are_all_listed_in_order() {
    let directory = TempDir::new().unwrap();
    let sql = format!(
        "{BARE}{RUN}
         with recursive n(n) as (select 1 union all select n + 1 from n where n < 2500)
         insert into v1_grants select 'group', 'a', 'e', 'user', n, 'grant ' || n, x'', 'run1', null
         from n;"
    );
    let file = files::open(&files::file_of_sql(&directory, &sql)).unwrap();
    let grants = file.sync(None).unwrap().grants(&GrantFilter::default());
    let ids: Vec<_> = grants.map(|grant| grant.unwrap().id.0).collect();
    assert_eq!(
        ids,
        (1..=2500).map(|n| format!("grant {n}")).collect::<Vec<_>>()
    );
}
