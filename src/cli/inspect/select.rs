//! What the command line names → ids that are in the run, or an error that says what is.

use anyhow::bail;

use crate::c1z::{GrantFilter, Sync};
use crate::model::{EntitlementId, ResourceId, ResourceTypeId};

/// `--resource-type`.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct TypeArgs {
    /// The type, for example `user`.
    #[arg(short = 't', long, value_name = "TYPE")]
    pub resource_type: Option<String>,
}

/// `--resource-type` and `--resource`.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ResourceArgs {
    #[command(flatten)]
    of: TypeArgs,
    /// The id within the type.
    #[arg(short, long, value_name = "ID", requires = "resource_type")]
    resource: Option<String>,
}

impl TypeArgs {
    /// The type asked for. One that the run does not know is an error.
    pub fn resource_type(&self, sync: &Sync) -> anyhow::Result<Option<ResourceTypeId>> {
        let Some(wanted) = self.resource_type.as_deref().map(ResourceTypeId::new) else {
            return Ok(None);
        };
        let mut known = Vec::new();
        for resource_type in sync.resource_types() {
            known.push(resource_type?.id);
        }
        // Resources of a type the run forgot to list are there all the same.
        if !known.contains(&wanted) && sync.resources(Some(&wanted)).next().is_none() {
            let known: Vec<_> = known.iter().map(|id| format!("`{id}`")).collect();
            let known = if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            };
            bail!(
                "no resource type `{wanted}` in sync {}; it has {known}",
                sync.run().id
            );
        }
        Ok(Some(wanted))
    }
}

impl ResourceArgs {
    /// The type asked for.
    pub fn resource_type(&self, sync: &Sync) -> anyhow::Result<Option<ResourceTypeId>> {
        self.of.resource_type(sync)
    }

    /// The resource asked for. One that the run neither listed nor granted anything is an error.
    pub fn resource(&self, sync: &Sync) -> anyhow::Result<Option<ResourceId>> {
        let Some(id) = &self.resource else {
            return Ok(None);
        };
        let Some(resource_type) = &self.of.resource_type else {
            return Ok(None);
        };
        let wanted = ResourceId::new(resource_type, id);
        if sync.resource(&wanted)?.is_some() {
            return Ok(Some(wanted));
        }
        let held = GrantFilter {
            principal: Some(&wanted),
            ..GrantFilter::default()
        };
        if sync.grants(&held).next().transpose()?.is_none() {
            self.resource_type(sync)?;
            bail!("no resource `{wanted}` in sync {}", sync.run().id);
        }
        Ok(Some(wanted))
    }
}

/// The entitlement asked for. One that the run neither listed nor granted is an error.
pub(super) fn entitlement(
    sync: &Sync,
    wanted: Option<&str>,
) -> anyhow::Result<Option<EntitlementId>> {
    let Some(wanted) = wanted.map(|id| EntitlementId(id.to_owned())) else {
        return Ok(None);
    };
    if sync.entitlement(&wanted)?.is_none() {
        let granted = GrantFilter {
            entitlement: Some(&wanted),
            ..GrantFilter::default()
        };
        if sync.grants(&granted).next().transpose()?.is_none() {
            bail!("no entitlement `{wanted}` in sync {}", sync.run().id);
        }
    }
    Ok(Some(wanted))
}
