//! `resource_types.<id>`: what there is of a type, and how it is listed.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::account::{
    AccountProvisioningConfig, CredentialRotationConfig, ResourceCreationConfig, StatementsConfig,
};
use super::decode::{Decode, Decoder, Named, OneOrMany, Placed, closed_set, section};
use super::http::{PaginationConfig, RequestConfig, ResponseConfig};
use super::incremental::{GetConfig, GrantChangesConfig, ResourceChangesConfig};
use super::mapping::{
    EntitlementMappingConfig, GrantMappingConfig, ResourceMappingConfig, StaticEntitlementConfig,
};
use super::scalar::{ExprText, SqlText, Text};
use super::tree::{Node, NodeValue};

section! {
    /// A kind of thing in the system.
    pub struct ResourceTypeConfig {
        /// The name shown to people. Not written: the id.
        pub name: Option<Text>,
        /// A sentence about the type.
        pub description: Option<Text>,
        /// How its resources are listed.
        pub list: Option<ListConfig>,
        /// The resources themselves, instead of a listing.
        pub static_resources: Option<Vec<StaticResourceConfig>>,
        /// Entitlements that every resource of the type has.
        pub static_entitlements: Option<Vec<StaticEntitlementConfig>>,
        /// How further entitlements are listed, once per resource.
        pub entitlements: OneOrMany<EntitlementsConfig>,
        /// How grants are listed, once per resource; each entry is independent.
        pub grants: OneOrMany<GrantsConfig>,
        /// Lists neither entitlements nor grants of the type.
        pub skip_entitlements_and_grants: bool = false,
        /// Traits of the type; in SQL files they follow from the mapping.
        pub traits: Vec<TraitWord>,
        /// Types to be listed before this one.
        pub depends_on: Vec<Text>,
        /// Lists this type once per resource of another, which is `parent_resource`.
        pub parent_type: Option<Text>,
        /// Types that are listed once per resource of this one.
        pub child_types: Vec<Text>,
        /// How accounts are created.
        pub account_provisioning: Option<Placed<AccountProvisioningConfig>>,
        /// How credentials are rotated.
        pub credential_rotation: Option<Placed<CredentialRotationConfig>>,
        /// How resources are created that are no accounts. An addition of rolecall.
        pub create: Option<Placed<ResourceCreationConfig>>,
        /// How a resource is deleted: `?<resource_id>` of queries, `resource_id` and `resource` of
        /// templates and `vars`. An addition of rolecall.
        pub delete: Option<Placed<StatementsConfig>>,
        /// How one resource is fetched.
        pub get: Option<Placed<GetConfig>>,
        /// How changes since a moment are listed.
        pub incremental_sync: Option<Placed<ResourceChangesConfig>>,
    }
}

closed_set! {
    /// A trait of a resource type.
    pub enum TraitWord {
        /// Accounts.
        User = "user",
        /// Groups.
        Group = "group",
        /// Roles.
        Role = "role",
        /// Applications.
        App = "app",
        /// Credentials.
        Secret = "secret",
        /// Autonomous agents.
        Agent = "agent",
    }
}

section! {
    /// How the resources of a type are listed.
    pub struct ListConfig {
        /// SQL with placeholders `?<name>`.
        pub query: Option<SqlText>,
        /// Values for the query's placeholders, by name.
        pub vars: Named<ExprText>,
        /// How the listing is paged.
        pub pagination: Option<PaginationConfig>,
        /// `cluster`: run the query on one database only.
        pub scope: Option<ScopeWord>,
        /// What each row becomes.
        pub map | "mapping": Option<OneOrMany<ResourceMappingConfig>>,
        /// The request that lists the resources.
        pub request: Option<RequestConfig>,
        /// Where the items are, and what they become.
        pub response: Option<ResponseConfig>,
    }
}

section! {
    /// How further entitlements of one resource are listed.
    pub struct EntitlementsConfig {
        /// SQL with placeholders `?<name>`.
        pub query: Option<SqlText>,
        /// Values for the query's placeholders, by name, for example `group_id: resource.ID`.
        pub vars: Named<ExprText>,
        /// How the listing is paged.
        pub pagination: Option<PaginationConfig>,
        /// `cluster`: run the query on one database only.
        pub scope: Option<ScopeWord>,
        /// What each row becomes.
        pub map | "mapping": Option<OneOrMany<EntitlementMappingConfig>>,
        /// The request that lists them.
        pub request: Option<RequestConfig>,
        /// Where the items are, and what they become.
        pub response: Option<ResponseConfig>,
    }
}

section! {
    /// How grants on one resource are listed.
    pub struct GrantsConfig {
        /// SQL with placeholders `?<name>`.
        pub query: Option<SqlText>,
        /// Values for the query's placeholders, by name, for example `group_id: resource.ID`.
        pub vars: Named<ExprText>,
        /// How the listing is paged.
        pub pagination: Option<PaginationConfig>,
        /// `cluster`: run the query on one database only.
        pub scope: Option<ScopeWord>,
        /// What each row becomes: every row goes through every mapping.
        pub map | "mapping": Option<OneOrMany<GrantMappingConfig>>,
        /// The request that lists them.
        pub request: Option<RequestConfig>,
        /// Where the items are, and what they become.
        pub response: Option<ResponseConfig>,
        /// How changes since a moment are listed.
        pub incremental_sync: Option<Placed<GrantChangesConfig>>,
    }
}

/// Where a query runs when there are several databases. Empty means every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeWord {
    /// On every database.
    Every,
    /// On the primary database only.
    Cluster,
}

impl Decode for ScopeWord {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match &node.value {
            NodeValue::Scalar { text, .. } if text.is_empty() => Some(ScopeWord::Every),
            NodeValue::Scalar { text, .. } if text == "cluster" => Some(ScopeWord::Cluster),
            NodeValue::Scalar { text, .. } => {
                super::section::not_in_set(node, text, &["cluster"], decoder);
                None
            }
            _ => decoder.wrong_type(node, "`cluster` or nothing"),
        }
    }
}

impl JsonSchema for ScopeWord {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scope".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": ["", "cluster"] })
    }
}

section! {
    /// A resource that is simply there.
    pub struct StaticResourceConfig {
        /// Its id.
        pub id: Text,
        /// The name shown to people. Not written: the id.
        pub display_name: Option<Text>,
        /// A sentence about it.
        pub description: Option<Text>,
        /// Attributes by name.
        pub profile: Named<Text>,
    }
}
