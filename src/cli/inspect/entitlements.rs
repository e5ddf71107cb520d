//! `inspect … entitlements`.

use super::render::{Row, Screen};
use super::select::ResourceArgs;
use super::view::EntitlementView;
use crate::c1z::{EntitlementFilter, Sync};

/// Which entitlements to list: those on resources of a type, or on one of them.
#[derive(Debug, clap::Args)]
pub(super) struct EntitlementsArgs {
    #[command(flatten)]
    on: ResourceArgs,
}

pub(super) fn run(args: &EntitlementsArgs, sync: &Sync, screen: &mut Screen) -> anyhow::Result<()> {
    let resource = args.on.resource(sync)?;
    let resource_type = args.on.resource_type(sync)?;
    let filter = EntitlementFilter {
        resource_type: resource_type.as_ref(),
        resource: resource.as_ref(),
    };
    let views = sync
        .entitlements(&filter)
        .map(|entitlement| Ok(EntitlementView::from(&entitlement?)));
    screen.list(sync.run(), ("entitlement", "entitlements"), views)
}

impl Row for EntitlementView {
    const TITLES: &'static [&'static str] = &["Type", "Resource", "Permission", "Name", "ID"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.resource.resource_type.clone(),
            self.resource.name(),
            self.slug.clone(),
            self.display_name.clone(),
            self.id.clone(),
        ]
    }

    const NAMES: &'static [&'static str] = &[
        "id",
        "display_name",
        "description",
        "slug",
        "purpose",
        "resource_type",
        "resource_id",
        "resource_display_name",
        "grantable_to",
        "immutable",
    ];

    fn values(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.display_name.clone(),
            self.description.clone(),
            self.slug.clone(),
            self.purpose.unwrap_or_default().to_owned(),
            self.resource.resource_type.clone(),
            self.resource.id.clone(),
            self.resource.display_name.clone().unwrap_or_default(),
            self.grantable_to.join(" "),
            self.immutable.to_string(),
        ]
    }
}
