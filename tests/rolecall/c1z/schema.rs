//! The inside of a file we write: tables, indexes, header, rows, to the letter of the format.

use rolecall::c1z::{Compression, timestamp};
use rusqlite::Connection;
use tempfile::TempDir;

use super::files::{self, Unpacked};
use super::samples;

fn written() -> Unpacked {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("out.c1z");
    files::write(&output, &samples::pages(), Compression::Zstd);
    files::unpack(&output)
}

/// Table, then its columns as `name type [not null] [default …]`.
const TABLES: &[(&str, &[&str])] = &[
    (
        "v1_assets",
        &[
            "id integer",
            "external_id text not null",
            "content_type text not null",
            "data blob not null",
            "sync_id text not null",
            "discovered_at datetime not null",
        ],
    ),
    (
        "v1_connector_sessions",
        &[
            "id integer",
            "sync_id text not null",
            "key text not null",
            "value blob not null",
        ],
    ),
    (
        "v1_entitlements",
        &[
            "id integer",
            "resource_type_id text not null",
            "resource_id text not null",
            "external_id text not null",
            "data blob not null",
            "sync_id text not null",
            "discovered_at datetime not null",
        ],
    ),
    (
        "v1_grants",
        &[
            "id integer",
            "resource_type_id text not null",
            "resource_id text not null",
            "entitlement_id text not null",
            "principal_resource_type_id text not null",
            "principal_resource_id text not null",
            "external_id text not null",
            "expansion blob",
            "needs_expansion integer not null default 0",
            "data blob not null",
            "sync_id text not null",
            "discovered_at datetime not null",
        ],
    ),
    (
        "v1_resource_types",
        &[
            "id integer",
            "external_id text not null",
            "data blob not null",
            "sync_id text not null",
            "discovered_at datetime not null",
        ],
    ),
    (
        "v1_resources",
        &[
            "id integer",
            "resource_type_id text not null",
            "external_id text not null",
            "parent_resource_type_id text",
            "parent_resource_id text",
            "data blob not null",
            "sync_id text not null",
            "discovered_at datetime not null",
        ],
    ),
    (
        "v1_sync_runs",
        &[
            "id integer",
            "sync_id text not null",
            "started_at datetime not null",
            "ended_at datetime",
            "sync_token text not null",
            "sync_type text not null default 'full'",
            "parent_sync_id text not null default ''",
            "linked_sync_id text not null default ''",
            "supports_diff integer not null default 0",
            "grants_backfilled integer not null default 0",
            "stats text",
            "ingest_invariant_generation text not null default ''",
            "ingest_invariant_coverage text not null default ''",
            "ingest_invariant_mode text not null default ''",
        ],
    ),
];

/// Index, table, columns, and what else there is to it.
const INDEXES: &[&str] = &[
    "idx_assets_external_sync_v1: v1_assets(external_id,sync_id) unique",
    "idx_entitlements_external_sync_v1: v1_entitlements(external_id,sync_id) unique",
    "idx_entitlements_resource_id_v1: v1_entitlements(resource_type_id,resource_id)",
    "idx_grants_entitlement_id_principal_id_v1: \
     v1_grants(entitlement_id,principal_resource_type_id,principal_resource_id)",
    "idx_grants_entitlement_sync_grant_v1: v1_grants(entitlement_id,sync_id,id)",
    "idx_grants_external_sync_v1: v1_grants(external_id,sync_id) unique",
    "idx_grants_principal_id_v1: v1_grants(principal_resource_type_id,principal_resource_id)",
    "idx_grants_resource_type_id_resource_id_v1: v1_grants(resource_type_id,resource_id)",
    "idx_grants_sync_expansion_v1: v1_grants(sync_id) where expansion is not null",
    "idx_grants_sync_needs_expansion_v1: v1_grants(sync_id) where needs_expansion = 1",
    "idx_resource_types_external_sync_v1: v1_resource_types(external_id,sync_id) unique",
    "idx_resources_external_sync_v1: v1_resources(parent_resource_type_id,parent_resource_id)",
    "idx_resources_parent_resource_id_v1: v1_resources(external_id,sync_id) unique",
    "idx_resources_resource_type_id_v1: v1_resources(resource_type_id)",
    "idx_session_store_sync_key_v1: v1_connector_sessions(sync_id,key) unique",
    "idx_sync_runs_sync_id_v1: v1_sync_runs(sync_id) unique",
];

fn strings(db: &Connection, sql: &str) -> Vec<String> {
    db.prepare(sql)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn tables_and_indexes_are_those_of_the_format_and_no_others() {
    let file = written();
    let tables = strings(
        &file.db,
        "select name from sqlite_master where type = 'table' order by 1",
    );
    assert_eq!(
        tables,
        TABLES.iter().map(|(name, _)| *name).collect::<Vec<_>>()
    );
    for (table, columns) in TABLES {
        let found = strings(
            &file.db,
            &format!(
                "select name || ' ' || lower(type) || iif(\"notnull\", ' not null', '')
                     || coalesce(' default ' || dflt_value, '')
                 from pragma_table_info('{table}') order by cid"
            ),
        );
        assert_eq!(&found, columns, "{table}");
        let key = strings(
            &file.db,
            &format!("select name from pragma_table_info('{table}') where pk = 1"),
        );
        assert_eq!(key, ["id"], "{table}");
    }
    let indexes = strings(
        &file.db,
        "select i.name || ': ' || i.tbl_name || '('
             || (select group_concat(name) from pragma_index_info(i.name)) || ')'
             || (select iif(\"unique\", ' unique', '')
                 from pragma_index_list(i.tbl_name) where name = i.name)
             || iif(i.sql like '% where %', ' where ' || substr(i.sql, instr(i.sql, ' where ') + 7), '')
         from sqlite_master as i where i.type = 'index' order by i.name",
    );
    assert_eq!(indexes, INDEXES);
}

#[test]
fn the_database_is_sound_and_its_header_plain() {
    let file = written();
    assert_eq!(strings(&file.db, "pragma integrity_check"), ["ok"]);
    assert_eq!(strings(&file.db, "pragma encoding"), ["UTF-8"]);
    for (pragma, value) in [
        ("page_size", 4096),
        ("user_version", 0),
        ("application_id", 0),
        ("auto_vacuum", 0),
    ] {
        let found: i64 = file
            .db
            .query_row(&format!("pragma {pragma}"), [], |row| row.get(0))
            .unwrap();
        assert_eq!(found, value, "{pragma}");
    }
    assert_eq!(&file.bytes[..16], b"SQLite format 3\0");
    assert_eq!(&file.bytes[18..20], [1, 1], "rollback journal, not WAL");
}

#[test]
fn nothing_of_the_work_file_is_left_even_in_unused_bytes() {
    let file = written();
    for trace in ["checkpoint", "fingerprint", "config 1", "rolecall"] {
        let found = file
            .bytes
            .windows(trace.len())
            .any(|window| window == trace.as_bytes());
        assert!(!found, "{trace}");
    }
}

#[test]
fn the_run_is_sealed() {
    let file = written();
    let run: (String, String, String, String, String, i64, i64, String) = file
        .db
        .query_row(
            "select sync_id, started_at, ended_at, sync_token, sync_type, grants_backfilled,
                 supports_diff, stats from v1_sync_runs",
            [],
            |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get(5)?,
                    row.get(6)?,
                    row.get(7)?,
                ))
            },
        )
        .unwrap();
    assert_eq!(run.0.len(), 27);
    assert_eq!(run.1, "2026-03-04 05:06:07.089");
    assert_eq!(run.2, "2026-03-04 05:16:07");
    assert_eq!(
        (run.3.as_str(), run.4.as_str(), run.5, run.6),
        ("", "full", 1, 1)
    );
    assert_eq!(
        run.7,
        "{\"resource_types\":3,\"resources\":4,\"entitlements\":2,\"grants\":2,\
         \"resources_by_resource_type\":{\"group\":1,\"org\":1,\"user\":2},\
         \"grants_by_resource_type\":{\"group\":2},\
         \"entitlements_by_resource_type\":{\"group\":2}}"
    );
}

#[test]
fn columns_say_what_the_blobs_say() {
    let file = written();
    assert_eq!(
        strings(
            &file.db,
            "select resource_type_id || '|' || external_id || '|'
                 || coalesce(parent_resource_type_id, 'null') || '|'
                 || coalesce(parent_resource_id, 'null')
             from v1_resources order by id"
        ),
        [
            "org|org:acme|null|null",
            "user|user:ada|org|acme",
            "user|user:b:o/b|org|acme",
            "group|group:eng|org|acme"
        ]
    );
    assert_eq!(
        strings(
            &file.db,
            "select resource_type_id || '|' || resource_id || '|' || external_id
             from v1_entitlements order by id"
        ),
        ["group|eng|group:eng:member", "group|eng|group:eng:owner"]
    );
    assert_eq!(
        strings(
            &file.db,
            "select resource_type_id || '|' || resource_id || '|' || entitlement_id || '|'
                 || principal_resource_type_id || '|' || principal_resource_id || '|'
                 || external_id || '|' || needs_expansion || '|' || coalesce(nullif(hex(expansion), ''), '-')
             from v1_grants order by id"
        ),
        [
            "group|eng|group:eng:member|user|ada|group:eng:member:user:ada|0|-",
            // Field 1 = "x:y", field 2 = true, field 3 = "user": the bare message.
            "group|eng|group:eng:owner|group|ops|group:eng:owner:group:ops|1|\
             0A03783A7910011A0475736572",
        ]
    );
    let run = strings(&file.db, "select sync_id from v1_sync_runs");
    for (table, _) in TABLES {
        if *table == "v1_sync_runs" {
            continue;
        }
        let of = strings(&file.db, &format!("select distinct sync_id from {table}"));
        assert!(of.is_empty() || of == run, "{table}");
    }
    for text in strings(&file.db, "select discovered_at from v1_resources") {
        let instant = timestamp::parse(&text).unwrap();
        assert_eq!(timestamp::format(&instant), text);
    }
}
