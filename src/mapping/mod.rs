//! A record → a resource, an entitlement or a grant.

mod entitlement;
mod error;
mod external_match;
mod field;
mod grant;
mod resource;
mod resource_key;
mod resource_value;
mod traits;
mod words;

pub use entitlement::{EntitlementMapping, StaticEntitlement};
pub use error::{MappingError, Remarks};
pub use field::{required_id, skips};
pub use grant::{GrantMapping, MappedGrant};
pub use resource::ResourceMapping;
pub use resource_key::ResourceKey;
pub use resource_value::resource_value;
pub use words::trait_kind;
