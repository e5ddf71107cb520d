//! Resource types: the kinds of thing a system has.

use std::fmt;

use super::{Annotation, TraitKind};

/// Names a resource type, for example `user` or `group`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceTypeId(pub String);

impl ResourceTypeId {
    /// Takes the id as written in the config or read from a file.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceTypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A kind of resource, with what the platform may expect of its resources.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceType {
    /// The key under `resource_types`.
    pub id: ResourceTypeId,
    /// The name shown to people.
    pub display_name: String,
    /// A sentence about the type; empty when there is none.
    pub description: String,
    /// The traits that every resource of the type carries.
    pub traits: Vec<TraitKind>,
    /// True when neither entitlements nor grants are listed for the type.
    pub skip_entitlements_and_grants: bool,
    /// Whatever else a file says of the type.
    pub annotations: Vec<Annotation>,
}
