//! `enqueue sync`.

use clap::Args;

use super::known::Known;
use crate::cli::change::Stop;
use crate::cli::scope;
use crate::model::ResourceId;
use crate::proto::connectorapi::baton::v1::task::{SyncFullTask, TaskType};

/// What of the system is synced.
#[derive(Debug, Args)]
#[command(next_help_heading = "What to sync")]
pub(super) struct SyncArgs {
    /// These resource types only.
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    resource_types: Vec<String>,
    /// This resource only; may be given several times.
    #[arg(long = "resource", value_name = "TYPE/ID", value_parser = scope::resource)]
    resources: Vec<ResourceId>,
    /// Leave entitlements and grants out.
    #[arg(long)]
    skip_entitlements: bool,
    /// Leave grants out.
    #[arg(long)]
    skip_grants: bool,
    /// Leave out what follows from other grants.
    #[arg(long)]
    skip_expansion: bool,
}

/// The form of sync file that this program reads. Connectors of others would choose theirs.
const STORAGE_ENGINE: &str = "sqlite";

impl SyncArgs {
    pub fn task(&self, known: &Known<'_>) -> Result<TaskType, Stop> {
        let resources = self.resources.iter().map(|id| known.resource(id));
        Ok(TaskType::SyncFull(SyncFullTask {
            annotations: Vec::new(),
            skip_expand_grants: self.skip_expansion,
            skip_entitlements_and_grants: self.skip_entitlements,
            targeted_sync_resources: resources.collect::<Result<_, _>>()?,
            sync_resource_type_ids: self.resource_types.clone(),
            skip_grants: self.skip_grants,
            storage_engine: STORAGE_ENGINE.to_owned(),
        }))
    }
}
