//! Entitlements: what can be held on a resource.

use std::fmt;

use super::{Annotation, Resource, ResourceId, ResourceTypeId};

/// Identifies an entitlement. Opaque: parts are joined without escaping, so it is never split.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntitlementId(pub String);

impl EntitlementId {
    /// The id of the entitlement `local_id` on `resource`: `type:resource:local_id`.
    pub fn on(resource: &ResourceId, local_id: &str) -> Self {
        Self(format!("{resource}:{local_id}"))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntitlementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something a principal can hold on a resource, such as membership of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Entitlement {
    /// Its identity.
    pub id: EntitlementId,
    /// The resource it is held on, whole, as the c1z embeds it.
    pub resource: Resource,
    /// The name shown to people.
    pub display_name: String,
    /// A sentence about it; empty when there is none.
    pub description: String,
    /// What holding it means.
    pub purpose: Purpose,
    /// The short name of the permission, for example `member`.
    pub slug: String,
    /// Types of principal that can hold it. Empty: not stated.
    pub grantable_to: Vec<ResourceTypeId>,
    /// True when it can be neither granted nor revoked.
    pub immutable: bool,
    /// The set of entitlements of which a principal holds at most one.
    pub exclusion_group: Option<ExclusionGroup>,
    /// Whatever else a file says of the entitlement.
    pub annotations: Vec<Annotation>,
}

/// What holding an entitlement means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// Not stated.
    #[default]
    Unspecified,
    /// Being assigned or a member.
    Assignment,
    /// Being allowed to do something.
    Permission,
    /// Owning it.
    Ownership,
}

/// Membership of an entitlement in a set of which a principal holds at most one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusionGroup {
    /// Names the set.
    pub id: String,
    /// Higher means more privilege; 0 when not stated.
    pub order: u32,
    /// True for the one everybody has who holds no other.
    pub is_default: bool,
    /// True when the set is one per resource rather than one for the type.
    pub scope_to_resource: bool,
}
