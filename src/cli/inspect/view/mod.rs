//! What `inspect --format json` shows: names that stay, and nothing of how a file stores it.
//!
//! A listing is an object with `sync_id` and one array. Keys are snake_case, instants are RFC 3339
//! in UTC. `docs/c1z.md` tells which keys are always there; the others are left out when they
//! would say nothing.

mod access;
mod entitlement;
mod grant;
mod resource;
mod resource_trait;
mod stats;

pub use access::{AccessView, HeldView, ResourceAccessView};
pub use entitlement::{EntitlementView, ExclusionGroupView};
pub use grant::{
    ExpansionView, ExternalMatchView, GrantSourceView, GrantView, HeldEntitlementView,
};
pub use resource::{ResourceIdView, ResourceRefView, ResourceView};
pub use resource_trait::{
    AgentView, AppView, EmailView, NonHumanIdentityView, SecretView, UserView,
};
pub use stats::{StatsView, SyncView, TotalsView, TypeStatsView};

use crate::c1z::message;
use crate::model::Annotation;

/// The names of annotations that have no key of their own.
fn annotation_names(annotations: &[Annotation]) -> Vec<String> {
    annotations
        .iter()
        .filter(|annotation| message::is_annotation(annotation))
        .map(|annotation| message::annotation_name(annotation).to_owned())
        .collect()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}
