//! The tables of a sync file, in the current form of their first version.

/// The tables of a sync file.
pub(super) const TABLES: [&str; 7] = [
    "v1_resource_types",
    "v1_resources",
    "v1_entitlements",
    "v1_grants",
    "v1_sync_runs",
    "v1_assets",
    "v1_connector_sessions",
];

/// Creates every table of a sync file, empty and without an index.
pub(super) const CREATE_TABLES: &str = "
create table v1_resource_types (
    id integer primary key,
    external_id text not null,
    data blob not null,
    sync_id text not null,
    discovered_at datetime not null
);

create table v1_resources (
    id integer primary key,
    resource_type_id text not null,
    external_id text not null,
    parent_resource_type_id text,
    parent_resource_id text,
    data blob not null,
    sync_id text not null,
    discovered_at datetime not null
);

create table v1_entitlements (
    id integer primary key,
    resource_type_id text not null,
    resource_id text not null,
    external_id text not null,
    data blob not null,
    sync_id text not null,
    discovered_at datetime not null
);

create table v1_grants (
    id integer primary key,
    resource_type_id text not null,
    resource_id text not null,
    entitlement_id text not null,
    principal_resource_type_id text not null,
    principal_resource_id text not null,
    external_id text not null,
    expansion blob,
    needs_expansion integer not null default 0,
    data blob not null,
    sync_id text not null,
    discovered_at datetime not null
);

create table v1_sync_runs (
    id integer primary key,
    sync_id text not null,
    started_at datetime not null,
    ended_at datetime,
    sync_token text not null,
    sync_type text not null default 'full',
    parent_sync_id text not null default '',
    linked_sync_id text not null default '',
    supports_diff integer not null default 0,
    grants_backfilled integer not null default 0,
    stats text,
    ingest_invariant_generation text not null default '',
    ingest_invariant_coverage text not null default '',
    ingest_invariant_mode text not null default ''
);

create table v1_assets (
    id integer primary key,
    external_id text not null,
    content_type text not null,
    data blob not null,
    sync_id text not null,
    discovered_at datetime not null
);

create table v1_connector_sessions (
    id integer primary key,
    sync_id text not null,
    key text not null,
    value blob not null
);
";

/// The indexes that a run needs while it goes on: by identity, and resources by type.
///
/// Two index names on `v1_resources` say something else than the index does. That is how all
/// sync files have it: under other names, programs that open the file would build a second copy.
pub(super) const CREATE_RUN_INDEXES: &str = "
create unique index idx_resource_types_external_sync_v1
    on v1_resource_types (external_id, sync_id);
create index idx_resources_resource_type_id_v1 on v1_resources (resource_type_id);
create unique index idx_resources_parent_resource_id_v1 on v1_resources (external_id, sync_id);
create unique index idx_entitlements_external_sync_v1 on v1_entitlements (external_id, sync_id);
create unique index idx_sync_runs_sync_id_v1 on v1_sync_runs (sync_id);
";

/// Grants by identity: the one index of a sync file that grants listed twice would violate.
pub(super) const CREATE_GRANT_IDENTITY: &str =
    "create unique index idx_grants_external_sync_v1 on v1_grants (external_id, sync_id)";

/// The other indexes of a sync file. They are made when all rows are there: sorting once is much
/// faster than finding the place of each row as it comes, the more so as listings come in any order.
pub(super) const CREATE_OTHER_INDEXES: &str = "
create index idx_resources_external_sync_v1
    on v1_resources (parent_resource_type_id, parent_resource_id);
create index idx_entitlements_resource_id_v1 on v1_entitlements (resource_type_id, resource_id);
create index idx_grants_principal_id_v1
    on v1_grants (principal_resource_type_id, principal_resource_id);
create index idx_grants_entitlement_id_principal_id_v1
    on v1_grants (entitlement_id, principal_resource_type_id, principal_resource_id);
create index idx_grants_resource_type_id_resource_id_v1
    on v1_grants (resource_type_id, resource_id);
create index idx_grants_entitlement_sync_grant_v1 on v1_grants (entitlement_id, sync_id, id);
create index idx_grants_sync_expansion_v1 on v1_grants (sync_id) where expansion is not null;
create index idx_grants_sync_needs_expansion_v1
    on v1_grants (sync_id) where needs_expansion = 1;
create unique index idx_assets_external_sync_v1 on v1_assets (external_id, sync_id);
create unique index idx_session_store_sync_key_v1 on v1_connector_sessions (sync_id, key);
";

/// What only a work file has: where the run stands, and for whom. Never part of a sync file.
///
/// `sync_token` would be the place for the checkpoint, but a connector of another make that found
/// the file would try to go on from it. The sums tell whether all is there as it was written. Each time a listing begins anew, the grants that it may bring
/// again are noted.
pub(super) const CREATE_PROGRESS: &str = "
create table rolecall_progress (
    one integer primary key check (one = 1),
    fingerprint text not null,
    run_sum integer not null,
    checkpoint text,
    checkpoint_sum integer,
    rows_sum integer not null default 0,
    sealed integer not null default 0
);
create table rolecall_again (after_grant integer not null, to_grant integer not null);
";
