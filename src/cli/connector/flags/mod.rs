//! The flags of the Go connectors, by what they are about: names, variables and defaults are theirs.
//!
//! A flag is declared once, here: its variable, its key in the file of settings, the help and what
//! is handed on to sub-commands follow from it.

mod account;
mod change;
mod event;
mod files;
mod logs;
mod resource_action;
mod service;
mod sync;
mod ticket;

pub(super) use account::{AccountFlags, RotationFlags};
pub(super) use change::{ActionFlags, DeletionFlags, HoldingFlags};
pub(super) use event::EventFlags;
pub(super) use files::{CompactFlags, DiffFlags};
pub(super) use logs::{LogFlags, LogFormat};
pub(super) use resource_action::ResourceActionFlags;
pub(super) use service::ServiceFlags;
pub(super) use sync::{Engine, SyncFlags};
pub(super) use ticket::TicketFlags;

use std::path::PathBuf;

use clap::Args;

/// What one invocation is told.
#[derive(Debug, Args)]
pub(super) struct Flags {
    /// The connector file
    #[arg(long, value_name = "FILE")]
    pub config_path: Option<PathBuf>,
    /// The sync file to write, or to look things up in
    #[arg(short, long, value_name = "FILE.c1z", default_value = "sync.c1z")]
    pub file: PathBuf,
    /// Say whether the connector file is right, and do nothing else
    #[arg(long)]
    pub validate_config_only: bool,
    /// Accepted for old command lines: a connector file is its own group of fields
    #[arg(long, value_name = "GROUP")]
    pub auth_method: Option<String>,
    /// Where large files may be unpacked while they are worked on; it must exist
    #[arg(long, value_name = "DIR", hide = true)]
    pub c1z_temp_dir: Option<PathBuf>,
    /// How many seconds an API may be silent, unless the connector file says it: 1 to 1800
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=1800))]
    pub http_timeout_seconds: u64,
    /// Accepted for old command lines: there is no cache of sessions
    #[arg(long, value_name = "BYTES", default_value_t = 15_728_640, hide = true)]
    pub session_store_maximum_size: i64,

    #[command(flatten)]
    pub sync: SyncFlags,
    #[command(flatten)]
    pub service: ServiceFlags,
    #[command(flatten)]
    pub holding: HoldingFlags,
    #[command(flatten)]
    pub account: AccountFlags,
    #[command(flatten)]
    pub rotation: RotationFlags,
    #[command(flatten)]
    pub deletion: DeletionFlags,
    #[command(flatten)]
    pub action: ActionFlags,
    #[command(flatten)]
    pub resource_action: ResourceActionFlags,
    #[command(flatten)]
    pub events: EventFlags,
    #[command(flatten)]
    pub tickets: TicketFlags,
    #[command(flatten)]
    pub diff: DiffFlags,
    #[command(flatten)]
    pub compact: CompactFlags,
    #[command(flatten)]
    pub logs: LogFlags,
}

impl Flags {
    /// The flags that take several values, by name.
    pub fn lists(&mut self) -> [(&'static str, &mut Vec<String>); 7] {
        [
            ("sync-resources", &mut self.sync.sync_resources),
            ("sync-resource-types", &mut self.sync.sync_resource_types),
            (
                "external-resource-traits",
                &mut self.sync.external_resource_traits,
            ),
            ("log-path", &mut self.logs.log_path),
            ("compact-sync-ids", &mut self.compact.compact_sync_ids),
            ("compact-file-paths", &mut self.compact.compact_file_paths),
            (
                "credential-recipient",
                &mut self.account.credential_recipient,
            ),
        ]
    }
}
