//! The field's nouns, plain data: what a sync finds, before and after it is stored.

mod annotation;
mod entitlement;
mod grant;
mod profile;
mod resource;
mod resource_trait;
mod resource_type;
mod sync_run;

pub use annotation::Annotation;
pub use entitlement::{Entitlement, EntitlementId, ExclusionGroup, Purpose};
pub use grant::{ExternalMatch, Grant, GrantExpansion, GrantId, GrantSource};
pub use profile::{Profile, ProfileValue};
pub use resource::{NhiType, NonHumanIdentity, Resource, ResourceId};
pub use resource_trait::{
    AccountType, AgentStatus, AgentTrait, AppTrait, CredentialType, Email, GroupTrait,
    ResourceTrait, RoleTrait, SecretTrait, TraitKind, UserStatus, UserTrait,
};
pub use resource_type::{ResourceType, ResourceTypeId};
pub use sync_run::{SyncId, SyncKind, SyncRun};
