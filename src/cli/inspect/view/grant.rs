//! Grants as JSON shows them.

use serde::Serialize;

use super::{ResourceRefView, is_false};
use crate::model::{ExternalMatch, GrantExpansion};

/// A grant.
#[derive(Debug, Clone, Serialize)]
pub struct GrantView {
    /// Its id.
    pub id: String,
    /// What is held.
    pub entitlement: HeldEntitlementView,
    /// Who holds it.
    pub principal: ResourceRefView,
    /// True when it cannot be revoked.
    #[serde(skip_serializing_if = "is_false")]
    pub immutable: bool,
    /// Set when holding other entitlements brings this one too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expansion: Option<ExpansionView>,
    /// Set when the principal only stands for principals of another system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_match: Option<ExternalMatchView>,
    /// Where it comes from; left out when it was not derived.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<GrantSourceView>,
    /// Names of annotations that have no key of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<String>,
}

/// An entitlement that somebody holds. Only `id` is certain: the sync may not have listed it.
#[derive(Debug, Clone, Serialize)]
pub struct HeldEntitlementView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub display_name: Option<String>,
    /// The short name of the permission.
    pub slug: Option<String>,
    /// The resource it is held on.
    pub resource: Option<ResourceRefView>,
}

impl HeldEntitlementView {
    /// What to call it on its resource: the permission's short name, or the id when there is none.
    pub fn permission(&self) -> String {
        self.slug
            .clone()
            .filter(|slug| !slug.is_empty())
            .unwrap_or_else(|| self.id.clone())
    }
}

/// Whoever holds one of these entitlements also holds the grant's own.
#[derive(Debug, Clone, Serialize)]
pub struct ExpansionView {
    /// The entitlements whose holders are meant.
    pub entitlement_ids: Vec<String>,
    /// True when only direct holders count.
    pub shallow: bool,
    /// Only principals of these types; empty: of any.
    pub resource_type_ids: Vec<String>,
}

impl From<&GrantExpansion> for ExpansionView {
    fn from(expansion: &GrantExpansion) -> Self {
        Self {
            entitlement_ids: expansion.entitlement_ids.clone(),
            shallow: expansion.shallow,
            resource_type_ids: expansion
                .resource_type_ids
                .iter()
                .map(|id| id.0.clone())
                .collect(),
        }
    }
}

/// Which principals of another system are meant.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ExternalMatchView {
    Id {
        id: String,
    },
    Attribute {
        r#trait: &'static str,
        key: String,
        value: String,
    },
    All {
        r#trait: &'static str,
    },
}

impl From<&ExternalMatch> for ExternalMatchView {
    fn from(found: &ExternalMatch) -> Self {
        match found {
            ExternalMatch::Id(id) => Self::Id { id: id.clone() },
            ExternalMatch::Attribute { kind, key, value } => Self::Attribute {
                r#trait: kind.name(),
                key: key.clone(),
                value: value.clone(),
            },
            ExternalMatch::All(kind) => Self::All {
                r#trait: kind.name(),
            },
        }
    }
}

/// One origin of a derived grant.
#[derive(Debug, Clone, Serialize)]
pub struct GrantSourceView {
    /// The entitlement it comes from.
    pub entitlement: HeldEntitlementView,
    /// True when the principal holds the source itself, not through another.
    pub is_direct: bool,
}
