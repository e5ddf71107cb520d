//! Entitlements as JSON shows them.

use serde::Serialize;

use super::{ResourceRefView, annotation_names, is_false};
use crate::model::{Entitlement, ExclusionGroup, Purpose};

/// An entitlement.
#[derive(Debug, Clone, Serialize)]
pub struct EntitlementView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// A sentence about it.
    pub description: String,
    /// The short name of the permission.
    pub slug: String,
    /// `assignment`, `permission`, `ownership`; `null` when not stated.
    pub purpose: Option<&'static str>,
    /// The resource it is held on.
    pub resource: ResourceRefView,
    /// Types of principal that can hold it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grantable_to: Vec<String>,
    /// True when it can be neither granted nor revoked.
    #[serde(skip_serializing_if = "is_false")]
    pub immutable: bool,
    /// The set of which a principal holds at most one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclusion_group: Option<ExclusionGroupView>,
    /// Names of annotations that have no key of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<String>,
}

impl From<&Entitlement> for EntitlementView {
    fn from(entitlement: &Entitlement) -> Self {
        let resource = &entitlement.resource;
        Self {
            id: entitlement.id.0.clone(),
            display_name: entitlement.display_name.clone(),
            description: entitlement.description.clone(),
            slug: entitlement.slug.clone(),
            purpose: match entitlement.purpose {
                Purpose::Unspecified => None,
                Purpose::Assignment => Some("assignment"),
                Purpose::Permission => Some("permission"),
                Purpose::Ownership => Some("ownership"),
            },
            resource: ResourceRefView {
                resource_type: resource.id.resource_type.0.clone(),
                id: resource.id.id.clone(),
                display_name: Some(resource.display_name.clone()),
            },
            grantable_to: entitlement
                .grantable_to
                .iter()
                .map(|id| id.0.clone())
                .collect(),
            immutable: entitlement.immutable,
            exclusion_group: entitlement
                .exclusion_group
                .as_ref()
                .map(ExclusionGroupView::from),
            annotations: annotation_names(&entitlement.annotations),
        }
    }
}

/// A set of entitlements of which a principal holds at most one.
#[derive(Debug, Clone, Serialize)]
pub struct ExclusionGroupView {
    /// Names the set.
    pub id: String,
    /// Higher means more privilege.
    pub order: u32,
    /// True for the one everybody has who holds no other.
    pub is_default: bool,
    /// True when the set is one per resource.
    pub scope_to_resource: bool,
}

impl From<&ExclusionGroup> for ExclusionGroupView {
    fn from(group: &ExclusionGroup) -> Self {
        Self {
            id: group.id.clone(),
            order: group.order,
            is_default: group.is_default,
            scope_to_resource: group.scope_to_resource,
        }
    }
}
