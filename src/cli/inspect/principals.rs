//! `inspect … principals`.

use indexmap::IndexSet;

use super::render::Screen;
use super::select::{self, ResourceArgs};
use super::view::ResourceView;
use crate::c1z::{GrantFilter, Sync};
use crate::model::Resource;

/// Whose holders to list: those of an entitlement, of a resource, or of anything.
#[derive(Debug, clap::Args)]
pub(super) struct PrincipalsArgs {
    #[command(flatten)]
    on: ResourceArgs,
    /// The id of the entitlement.
    #[arg(short, long, value_name = "ID", conflicts_with = "resource")]
    entitlement: Option<String>,
}

pub(super) fn run(args: &PrincipalsArgs, sync: &Sync, screen: &mut Screen) -> anyhow::Result<()> {
    let resource = args.on.resource(sync)?;
    let resource_type = args.on.resource_type(sync)?;
    let entitlement = select::entitlement(sync, args.entitlement.as_deref())?;
    let filter = GrantFilter {
        resource_type: resource_type.as_ref(),
        resource: resource.as_ref(),
        entitlement: entitlement.as_ref(),
        principal: None,
    };
    let mut holders = IndexSet::new();
    for grant in sync.grants(&filter) {
        holders.insert(grant?.principal);
    }
    let views = holders.into_iter().map(|id| {
        Ok(match sync.resource(&id)? {
            Some(resource) => ResourceView::from(&resource),
            None => ResourceView {
                is_unlisted: true,
                ..(&Resource::new(id, "")).into()
            },
        })
    });
    screen.list(sync.run(), ("principal", "principals"), views)
}
