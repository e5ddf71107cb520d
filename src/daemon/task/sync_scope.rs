//! What a task wants synced → the scope of the sync.

use tonic::Code;

use super::Connector;
use super::message::{filled, resource_id};
use crate::daemon::Failure;
use crate::model::ResourceTypeId;
use crate::proto::connectorapi::baton::v1::task::SyncFullTask;
use crate::sync::Scope;

/// The scope that a task asks for. Types that it names take the place of those that this connector
/// was started with; resources that it names, of any types.
pub(super) fn scope(connector: &Connector, task: &SyncFullTask) -> Result<Scope, Failure> {
    let named = task.targeted_sync_resources.iter();
    let resources = named.map(|it| resource_id("resource to sync", it.id.as_ref()));
    let resources: Vec<_> = resources.collect::<Result<_, _>>()?;
    for of in &task.sync_resource_type_ids {
        filled("a resource type to sync", of)?;
    }
    let types = match (task.sync_resource_type_ids.as_slice(), resources.is_empty()) {
        (_, false) => Vec::new(),
        ([], true) => connector.syncs.resource_types.clone(),
        (named, true) => named.iter().map(ResourceTypeId::new).collect(),
    };
    let scope = Scope {
        types,
        resources,
        skip_entitlements: task.skip_entitlements_and_grants,
        skip_grants: task.skip_entitlements_and_grants || task.skip_grants,
    };
    let known = scope.check(&connector.plan);
    known.map_err(|unknown| Failure::lasting(Code::NotFound, unknown.to_string()))?;
    if connector.syncs.skip_full && scope.resources.is_empty() {
        return Err(Failure::lasting(
            Code::FailedPrecondition,
            "this connector was started with `--skip-full-sync`: it syncs single resources only",
        ));
    }
    Ok(scope)
}

/// Says what of a task is not done as it asks.
pub(super) fn skips(task: &SyncFullTask) {
    if !["", "sqlite"].contains(&task.storage_engine.as_str()) {
        tracing::warn!(
            asked = %task.storage_engine,
            "the sync file is written in its SQLite form, which every platform reads"
        );
    }
}
