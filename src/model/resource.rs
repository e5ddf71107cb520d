//! Resources: users, groups, roles and everything else access is given to or on.

use std::fmt;

use super::{Annotation, Profile, ResourceTrait, ResourceTypeId};

/// Identifies a resource within a system. The parent is no part of the identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId {
    /// The resource's type.
    pub resource_type: ResourceTypeId,
    /// The system's own id of the resource, opaque text of 1 to 1024 bytes.
    pub id: String,
}

impl ResourceId {
    /// Takes the type and the system's own id.
    pub fn new(resource_type: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            resource_type: ResourceTypeId::new(resource_type),
            id: id.into(),
        }
    }
}

/// Shown as `type:id`, the key under which a c1z stores the resource.
impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.resource_type, self.id)
    }
}

/// One thing in the system: an account, a group, a role, a database …
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Its identity.
    pub id: ResourceId,
    /// The name shown to people.
    pub display_name: String,
    /// A sentence about it; empty when there is none.
    pub description: String,
    /// The resource it lives in, when it has one.
    pub parent: Option<ResourceId>,
    /// What it is beyond a thing with a name. Files of other programs may hold several.
    pub traits: Vec<ResourceTrait>,
    /// Set when the resource is an identity that is no person.
    pub non_human_identity: Option<NonHumanIdentity>,
    /// Resource types listed once per resource of this one.
    pub child_types: Vec<ResourceTypeId>,
    /// A page about the resource in the system itself.
    pub external_link: Option<String>,
    /// Attributes stored on the resource itself rather than on its trait (newer files).
    pub profile: Profile,
    /// Whatever else a file says of the resource.
    pub annotations: Vec<Annotation>,
}

impl Resource {
    /// A resource with an identity and a name, and nothing else.
    pub fn new(id: ResourceId, display_name: impl Into<String>) -> Self {
        Self {
            id,
            display_name: display_name.into(),
            description: String::new(),
            parent: None,
            traits: Vec::new(),
            non_human_identity: None,
            child_types: Vec::new(),
            external_link: None,
            profile: Profile::new(),
            annotations: Vec::new(),
        }
    }
}

/// Which sort of machine identity a resource is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonHumanIdentity {
    /// The sort, from the protocol's closed set.
    pub nhi_type: NhiType,
    /// Free text, by convention `platform.object`.
    pub detail: String,
}

/// The sorts of machine identity the protocol knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum NhiType {
    Unspecified,
    AppRegistration,
    AssumableRole,
    ManagedIdentity,
}
