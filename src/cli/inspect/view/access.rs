//! Who can reach what, as JSON shows it.

use serde::Serialize;

use super::{HeldEntitlementView, ResourceRefView};

/// Everything one principal can reach.
#[derive(Debug, Clone, Serialize)]
pub struct AccessView {
    /// Who.
    pub principal: ResourceRefView,
    /// What, one entry per resource.
    pub access: Vec<ResourceAccessView>,
}

/// What a principal holds on one resource.
#[derive(Debug, Clone, Serialize)]
pub struct ResourceAccessView {
    /// The resource.
    pub resource: ResourceRefView,
    /// The entitlements held on it.
    pub entitlements: Vec<HeldView>,
}

/// One entitlement held, and how.
#[derive(Debug, Clone, Serialize)]
pub struct HeldView {
    /// The entitlement's id.
    pub id: String,
    /// Its name; `null` when the sync did not list it.
    pub display_name: Option<String>,
    /// The short name of the permission; `null` when the sync did not list it.
    pub slug: Option<String>,
    /// True when it was given to the principal itself.
    pub direct: bool,
    /// The entitlements that bring it, for example memberships of groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<HeldEntitlementView>,
}
