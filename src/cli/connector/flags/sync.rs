//! What is synced, and how.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What is synced, and how.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct SyncFlags {
    /// Sync only these resources, written as `bid:r:type/id`
    #[arg(long, value_name = "BID,…")]
    pub sync_resources: Vec<String>,
    /// Sync only these resource types
    #[arg(long, value_name = "TYPE,…")]
    pub sync_resource_types: Vec<String>,
    /// Sync resources only
    #[arg(long)]
    pub skip_entitlements_and_grants: bool,
    /// With `--sync-resources`: leave grants out
    #[arg(long, hide = true)]
    pub skip_grants: bool,
    /// A sync file with principals of another system
    #[arg(long, value_name = "FILE.c1z")]
    pub external_resource_c1z: Option<PathBuf>,
    /// Only principals that hold this entitlement there
    #[arg(long, value_name = "ID")]
    pub external_resource_entitlement_id_filter: Option<String>,
    /// What counts as a principal there; not written: users and groups
    #[arg(long, value_name = "TRAIT,…")]
    pub external_resource_traits: Vec<String>,
    /// Listings side by side; 0 and -1: as many as is usual
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(-1..=65535))]
    pub workers: i64,
    /// The same as `--workers -1`
    #[arg(long)]
    pub parallel_sync: bool,
    /// The form of the sync file; it is always that of SQLite, which keeps two syncs where it is
    /// asked for
    #[arg(long, value_name = "ENGINE", value_enum)]
    pub storage_engine: Option<Engine>,
    /// Accepted for old command lines: nothing of the sync before is reused
    #[arg(long)]
    pub keep_previous_sync_c1z: bool,
}

/// A form of sync files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli::connector) enum Engine {
    /// A SQLite database.
    Sqlite,
    /// A Pebble store.
    Pebble,
}
