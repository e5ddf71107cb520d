//! Ids → the names people know things by, looked up once per run.

use std::collections::HashMap;

use super::view::{HeldEntitlementView, ResourceRefView};
use crate::c1z::{C1zError, EntitlementFilter, Sync};
use crate::model::{EntitlementId, ResourceId};

/// Names of everything a run listed.
pub(super) struct Names {
    resources: HashMap<ResourceId, String>,
    entitlements: HashMap<EntitlementId, EntitlementName>,
}

struct EntitlementName {
    display_name: String,
    slug: String,
    resource: ResourceId,
}

impl Names {
    pub fn of(sync: &Sync) -> Result<Self, C1zError> {
        let resources = sync
            .resources(None)
            .map(|resource| resource.map(|it| (it.id, it.display_name)))
            .collect::<Result<_, _>>()?;
        let entitlements = sync
            .entitlements(&EntitlementFilter::default())
            .map(|entitlement| {
                entitlement.map(|it| {
                    let (display_name, slug) = (it.display_name, it.slug);
                    (
                        it.id,
                        EntitlementName {
                            display_name,
                            slug,
                            resource: it.resource.id,
                        },
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            resources,
            entitlements,
        })
    }

    pub fn resource(&self, id: &ResourceId) -> ResourceRefView {
        ResourceRefView {
            resource_type: id.resource_type.0.clone(),
            id: id.id.clone(),
            display_name: self.resources.get(id).cloned(),
        }
    }

    pub fn entitlement(&self, id: &EntitlementId) -> HeldEntitlementView {
        let known = self.entitlements.get(id);
        HeldEntitlementView {
            id: id.0.clone(),
            display_name: known.map(|it| it.display_name.clone()),
            slug: known.map(|it| it.slug.clone()),
            resource: known.map(|it| self.resource(&it.resource)),
        }
    }
}
