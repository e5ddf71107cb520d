//! Ids → the names people know things by, looked up when they are first asked for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

use super::view::{HeldEntitlementView, ResourceRefView};
use crate::c1z::{C1zError, Sync};
use crate::model::{EntitlementId, ResourceId};

/// How many names are remembered: grants that stand together mostly name the same things.
const REMEMBERED: usize = 50_000;

/// Names of what a run listed.
pub(super) struct Names<'s> {
    sync: &'s Sync<'s>,
    resources: Remembered<ResourceId, String>,
    entitlements: Remembered<EntitlementId, EntitlementName>,
}

#[derive(Clone)]
struct EntitlementName {
    display_name: String,
    slug: String,
    resource: ResourceId,
}

impl<'s> Names<'s> {
    pub fn of(sync: &'s Sync<'s>) -> Self {
        Self {
            sync,
            resources: Remembered::default(),
            entitlements: Remembered::default(),
        }
    }

    pub fn resource(&self, id: &ResourceId) -> Result<ResourceRefView, C1zError> {
        let display_name = self.resources.get(id, || {
            let resource = self.sync.resource(id)?;
            Ok(resource.map(|it| it.display_name))
        })?;
        Ok(ResourceRefView {
            resource_type: id.resource_type.0.clone(),
            id: id.id.clone(),
            display_name,
        })
    }

    pub fn entitlement(&self, id: &EntitlementId) -> Result<HeldEntitlementView, C1zError> {
        let known = self.entitlements.get(id, || {
            let entitlement = self.sync.entitlement(id)?;
            Ok(entitlement.map(|it| EntitlementName {
                display_name: it.display_name,
                slug: it.slug,
                resource: it.resource.id,
            }))
        })?;
        let resource = known.as_ref().map(|it| self.resource(&it.resource));
        let resource = resource.transpose()?;
        let (display_name, slug) = known.map(|it| (it.display_name, it.slug)).unzip();
        Ok(HeldEntitlementView {
            id: id.0.clone(),
            display_name,
            slug,
            resource,
        })
    }
}

/// What was looked up lately, also that there was nothing.
struct Remembered<K, V>(RefCell<HashMap<K, Option<V>>>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Remembered<K, V> {
    fn get(
        &self,
        key: &K,
        look_up: impl FnOnce() -> Result<Option<V>, C1zError>,
    ) -> Result<Option<V>, C1zError> {
        if let Some(known) = self.0.borrow().get(key) {
            return Ok(known.clone());
        }
        let found = look_up()?;
        let mut remembered = self.0.borrow_mut();
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(key.clone(), found.clone());
        Ok(found)
    }
}
