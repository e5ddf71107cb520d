//! `inspect … grants`.

use super::names::Names;
use super::render::{Row, Screen};
use super::select::{self, ResourceArgs};
use super::view::{GrantSourceView, GrantView};
use crate::c1z::{GrantFilter, Sync, message};
use crate::model::{EntitlementId, Grant};

/// Which grants to list. The type and the resource are those the entitlement is on, not the
/// principal's: for that, see `access`.
#[derive(Debug, clap::Args)]
pub(super) struct GrantsArgs {
    #[command(flatten)]
    on: ResourceArgs,
    /// The id of the entitlement.
    #[arg(short, long, value_name = "ID", conflicts_with = "resource")]
    entitlement: Option<String>,
}

pub(super) fn run(args: &GrantsArgs, sync: &Sync, screen: &mut Screen) -> anyhow::Result<()> {
    let resource = args.on.resource(sync)?;
    let resource_type = args.on.resource_type(sync)?;
    let entitlement = select::entitlement(sync, args.entitlement.as_deref())?;
    let filter = GrantFilter {
        resource_type: resource_type.as_ref(),
        resource: resource.as_ref(),
        entitlement: entitlement.as_ref(),
        principal: None,
    };
    let names = Names::of(sync);
    let views = sync.grants(&filter).map(|grant| view(&grant?, &names));
    screen.list(sync.run(), ("grant", "grants"), views)
}

/// A grant with the names of what it names.
pub(super) fn view(grant: &Grant, names: &Names) -> anyhow::Result<GrantView> {
    let mut entitlement = names.entitlement(&grant.entitlement)?;
    // An entitlement that was not listed is still on the resource that the grant names.
    if entitlement.resource.is_none() {
        entitlement.resource = Some(names.resource(&grant.resource.id)?);
    }
    let mut sources = Vec::new();
    for (id, source) in &grant.sources {
        sources.push(GrantSourceView {
            entitlement: names.entitlement(&EntitlementId(id.clone()))?,
            is_direct: source.is_direct,
        });
    }
    Ok(GrantView {
        id: grant.id.0.clone(),
        entitlement,
        principal: names.resource(&grant.principal)?,
        immutable: grant.immutable,
        expansion: grant.expansion.as_ref().map(Into::into),
        external_match: grant.external_match.as_ref().map(Into::into),
        sources,
        annotations: grant
            .annotations
            .iter()
            .filter(|annotation| message::is_annotation(annotation))
            .map(|annotation| message::annotation_name(annotation).to_owned())
            .collect(),
    })
}

impl Row for GrantView {
    const TITLES: &'static [&'static str] = &[
        "Principal",
        "Principal type",
        "Entitlement",
        "Resource",
        "Resource type",
    ];

    fn cells(&self) -> Vec<String> {
        let resource = self.entitlement.resource.as_ref();
        vec![
            self.principal.name(),
            self.principal.resource_type.clone(),
            self.entitlement.permission(),
            resource.map(|it| it.name()).unwrap_or_default(),
            resource
                .map(|it| it.resource_type.clone())
                .unwrap_or_default(),
        ]
    }

    const NAMES: &'static [&'static str] = &[
        "id",
        "principal_type",
        "principal_id",
        "principal_display_name",
        "entitlement_id",
        "entitlement_slug",
        "resource_type",
        "resource_id",
        "resource_display_name",
        "immutable",
        "sources",
    ];

    fn values(&self) -> Vec<String> {
        let resource = self.entitlement.resource.as_ref();
        let sources: Vec<_> = self
            .sources
            .iter()
            .map(|source| source.entitlement.id.as_str())
            .collect();
        vec![
            self.id.clone(),
            self.principal.resource_type.clone(),
            self.principal.id.clone(),
            self.principal.display_name.clone().unwrap_or_default(),
            self.entitlement.id.clone(),
            self.entitlement.slug.clone().unwrap_or_default(),
            resource
                .map(|it| it.resource_type.clone())
                .unwrap_or_default(),
            resource.map(|it| it.id.clone()).unwrap_or_default(),
            resource
                .and_then(|it| it.display_name.clone())
                .unwrap_or_default(),
            self.immutable.to_string(),
            sources.join(" "),
        ]
    }
}
