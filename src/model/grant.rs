//! Grants: who holds what.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use super::{Annotation, EntitlementId, Resource, ResourceId, ResourceTypeId, TraitKind};

/// Identifies a grant. Opaque: parts are joined without escaping, so it is never split.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GrantId(pub String);

impl GrantId {
    /// The id of `principal` holding `entitlement`: `entitlement:type:id`.
    pub fn of(entitlement: &EntitlementId, principal: &ResourceId) -> Self {
        Self(format!("{entitlement}:{principal}"))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A principal holds an entitlement.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// Its identity.
    pub id: GrantId,
    /// What is held.
    pub entitlement: EntitlementId,
    /// The resource it is held on, whole, as the c1z embeds it. Grants on one resource share it.
    pub resource: Arc<Resource>,
    /// Who holds it.
    pub principal: ResourceId,
    /// Set when holding other entitlements brings this one too.
    pub expansion: Option<GrantExpansion>,
    /// Set when the principal only stands for principals of another system.
    pub external_match: Option<ExternalMatch>,
    /// True when it cannot be revoked.
    pub immutable: bool,
    /// Where the grant comes from, by entitlement id; empty when it was not derived.
    pub sources: IndexMap<String, GrantSource>,
    /// Whatever else a file says of the grant.
    pub annotations: Vec<Annotation>,
}

/// Whoever holds one of these entitlements also holds the grant's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantExpansion {
    /// Full ids of the entitlements whose holders are meant.
    pub entitlement_ids: Vec<String>,
    /// True when only those count who hold them directly.
    pub shallow: bool,
    /// Only principals of these types. Empty: of any type.
    pub resource_type_ids: Vec<ResourceTypeId>,
}

/// Which principals of another system hold an entitlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExternalMatch {
    /// The one with this id.
    Id(String),
    /// Those with an attribute of this value, both compared without regard to case.
    Attribute {
        /// What they are.
        kind: TraitKind,
        /// The name of the attribute.
        key: String,
        /// Its value.
        value: String,
    },
    /// All that are this.
    All(TraitKind),
}

/// One origin of a derived grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSource {
    /// True when the principal holds the source itself, not through another.
    pub is_direct: bool,
}
