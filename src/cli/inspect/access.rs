//! `inspect … access`: what one principal can reach, or who has access to what.

use indexmap::IndexMap;
use serde_json::json;

use super::names::Names;
use super::render::{Format, Row, Screen, name};
use super::select::ResourceArgs;
use super::view::{AccessView, HeldEntitlementView, HeldView, ResourceAccessView, ResourceRefView};
use crate::c1z::{C1zError, GrantFilter, Sync};
use crate::model::{EntitlementId, Grant, ResourceId, ResourceTypeId};

/// Whose access to show: that of one principal, of those of a type, or everybody's.
#[derive(Debug, clap::Args)]
pub(super) struct AccessArgs {
    #[command(flatten)]
    principal: ResourceArgs,
}

pub(super) fn run(args: &AccessArgs, sync: &Sync, screen: &mut Screen) -> anyhow::Result<()> {
    let names = Names::of(sync);
    match args.principal.resource(sync)? {
        Some(principal) => {
            let mut views = collect(sync, &names, Some(&principal), None)?;
            let view = match views.pop() {
                Some(view) => view,
                None => AccessView {
                    principal: names.resource(&principal)?,
                    access: vec![],
                },
            };
            one(&view, sync, screen)
        }
        None => {
            let of_type = args.principal.resource_type(sync)?;
            everybody(
                &collect(sync, &names, None, of_type.as_ref())?,
                sync,
                screen,
            )
        }
    }
}

/// Grants by principal, then by resource; both in the order of their types and names.
fn collect(
    sync: &Sync,
    names: &Names,
    principal: Option<&ResourceId>,
    of_type: Option<&ResourceTypeId>,
) -> Result<Vec<AccessView>, C1zError> {
    let mut held: IndexMap<ResourceId, IndexMap<ResourceId, Vec<HeldView>>> = IndexMap::new();
    for grant in sync.grants(&GrantFilter {
        principal,
        ..GrantFilter::default()
    }) {
        let grant = grant?;
        if of_type.is_some_and(|of_type| grant.principal.resource_type != *of_type) {
            continue;
        }
        let view = held_view(&grant, names)?;
        held.entry(grant.principal)
            .or_default()
            .entry(grant.resource.id.clone())
            .or_default()
            .push(view);
    }
    let mut views = Vec::new();
    for (principal, resources) in held {
        let mut access = Vec::new();
        for (id, entitlements) in resources {
            access.push(ResourceAccessView {
                resource: names.resource(&id)?,
                entitlements,
            });
        }
        access.sort_by_cached_key(|access| order(&access.resource));
        views.push(AccessView {
            principal: names.resource(&principal)?,
            access,
        });
    }
    views.sort_by_cached_key(|view| order(&view.principal));
    Ok(views)
}

fn order(resource: &ResourceRefView) -> (String, String, String) {
    (
        resource.resource_type.clone(),
        resource.name(),
        resource.id.clone(),
    )
}

/// A grant says where it comes from only when it was derived. One that names its own entitlement
/// among its sources was given directly as well.
fn held_view(grant: &Grant, names: &Names) -> Result<HeldView, C1zError> {
    let HeldEntitlementView {
        id,
        display_name,
        slug,
        ..
    } = names.entitlement(&grant.entitlement)?;
    let direct = grant.sources.is_empty() || grant.sources.contains_key(&id);
    let through = grant
        .sources
        .keys()
        .filter(|source| **source != id)
        .map(|source| names.entitlement(&EntitlementId(source.clone())))
        .collect::<Result<_, _>>()?;
    Ok(HeldView {
        id,
        display_name,
        slug,
        direct,
        through,
    })
}

fn one(view: &AccessView, sync: &Sync, screen: &mut Screen) -> anyhow::Result<()> {
    let who = &view.principal;
    match screen.format {
        Format::Json => {
            let sync_id = &sync.run().id.0;
            screen.json(&json!({ "sync_id": sync_id, "principal": who, "access": view.access }))
        }
        Format::Csv => screen.csv(Held::NAMES, rows(view).map(|row| Ok(row.values()))),
        Format::Table if view.access.is_empty() => screen.line(&format!(
            "{} ({}:{}) holds nothing",
            who.name(),
            who.resource_type,
            who.id
        )),
        Format::Table => {
            screen.line(&format!(
                "{} ({}:{}) holds",
                who.name(),
                who.resource_type,
                who.id
            ))?;
            screen.table(Held::TITLES, rows(view).map(|row| row.cells()))
        }
    }
}

fn everybody(views: &[AccessView], sync: &Sync, screen: &mut Screen) -> anyhow::Result<()> {
    match screen.format {
        Format::Json => screen.json(&json!({ "sync_id": sync.run().id.0, "principals": views })),
        Format::Csv => screen.csv(
            Held::NAMES,
            views.iter().flat_map(rows).map(|row| Ok(row.values())),
        ),
        Format::Table => {
            let titles = ["Principal", "Type", "Has access to", "Type", "As"];
            screen.table(&titles, views.iter().flat_map(overview))?;
            let noun = if views.len() == 1 {
                "principal"
            } else {
                "principals"
            };
            screen.line(&format!("{} {noun} in {}", views.len(), name(sync.run())))
        }
    }
}

/// One line per resource; the principal stands only on its first.
fn overview(view: &AccessView) -> impl Iterator<Item = Vec<String>> + '_ {
    view.access.iter().enumerate().map(|(at, access)| {
        let (name, of_type) = match at {
            0 => (view.principal.name(), view.principal.resource_type.clone()),
            _ => (String::new(), String::new()),
        };
        let held: Vec<_> = access.entitlements.iter().map(summary).collect();
        let resource = &access.resource;
        vec![
            name,
            of_type,
            resource.name(),
            resource.resource_type.clone(),
            held.join(", "),
        ]
    })
}

fn summary(held: &HeldView) -> String {
    let permission = held
        .slug
        .as_deref()
        .filter(|slug| !slug.is_empty())
        .unwrap_or(&held.id);
    if held.direct {
        permission.to_owned()
    } else {
        format!("{permission} ({})", how(held))
    }
}

fn how(held: &HeldView) -> String {
    let mut ways: Vec<String> = Vec::new();
    if held.direct {
        ways.push("direct".into());
    }
    ways.extend(held.through.iter().map(|source| match &source.resource {
        Some(resource) => format!("through {} of {}", source.permission(), resource.name()),
        None => format!("through {}", source.id),
    }));
    ways.join("; ")
}

/// One entitlement a principal holds, with everything it takes to understand it alone.
#[derive(serde::Serialize)]
struct Held<'a> {
    principal: &'a ResourceRefView,
    resource: &'a ResourceRefView,
    held: &'a HeldView,
}

fn rows(view: &AccessView) -> impl Iterator<Item = Held<'_>> {
    view.access.iter().flat_map(|access| {
        access.entitlements.iter().map(|held| Held {
            principal: &view.principal,
            resource: &access.resource,
            held,
        })
    })
}

impl Row for Held<'_> {
    const TITLES: &'static [&'static str] = &["Resource", "Type", "As", "Entitlement", "How"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.resource.name(),
            self.resource.resource_type.clone(),
            self.held.slug.clone().unwrap_or_default(),
            self.held
                .display_name
                .clone()
                .unwrap_or_else(|| self.held.id.clone()),
            how(self.held),
        ]
    }

    const NAMES: &'static [&'static str] = &[
        "principal_type",
        "principal_id",
        "principal_display_name",
        "resource_type",
        "resource_id",
        "resource_display_name",
        "entitlement_id",
        "entitlement_slug",
        "direct",
        "through",
    ];

    fn values(&self) -> Vec<String> {
        let through: Vec<_> = self
            .held
            .through
            .iter()
            .map(|source| source.id.as_str())
            .collect();
        vec![
            self.principal.resource_type.clone(),
            self.principal.id.clone(),
            self.principal.display_name.clone().unwrap_or_default(),
            self.resource.resource_type.clone(),
            self.resource.id.clone(),
            self.resource.display_name.clone().unwrap_or_default(),
            self.held.id.clone(),
            self.held.slug.clone().unwrap_or_default(),
            self.held.direct.to_string(),
            through.join(" "),
        ]
    }
}
