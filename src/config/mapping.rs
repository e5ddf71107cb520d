//! What records become: resources with their traits, entitlements, grants.

use super::decode::{Named, OneOrMany, Placed, closed_set, section};
use super::external_match::ExternalMatchConfig;
use super::kind::Later;
use super::provisioning::ProvisioningConfig;
use super::scalar::{ExprText, Text};

section! {
    /// How a record becomes a resource.
    pub struct ResourceMappingConfig {
        /// The system's own id of the resource.
        pub id: ExprText,
        /// The name shown to people.
        pub display_name: ExprText,
        /// A sentence about the resource.
        pub description: Option<ExprText>,
        /// What the resource is beyond a thing with a name. One of them.
        pub traits: Option<TraitsConfig>,
        /// The resource is an account.
        pub user_traits: Option<UserTraitConfig>,
        /// The resource is a group.
        pub group_traits: Option<ProfileTraitConfig>,
        /// The resource is a role.
        pub role_traits: Option<ProfileTraitConfig>,
        /// The resource is an application.
        pub app_traits: Option<AppTraitConfig>,
        /// The resource is an identity of a machine.
        pub non_human_identity: Option<NonHumanIdentityConfig>,
        /// The id of the parent resource, of the type that `parent_type` names.
        pub parent_id: Option<ExprText>,
        /// Further facts. They have no effect, as in the reference.
        pub annotations: Option<ResourceAnnotationsConfig>,
    }
}

section! {
    /// What a resource is beyond a thing with a name. One of them.
    pub struct TraitsConfig {
        /// An account.
        pub user: Option<UserTraitConfig>,
        /// A group.
        pub group: Option<ProfileTraitConfig>,
        /// A role.
        pub role: Option<ProfileTraitConfig>,
        /// An application.
        pub app: Option<AppTraitConfig>,
        /// A credential.
        pub secret: Option<SecretTraitConfig>,
        /// An autonomous agent.
        pub agent: Option<AgentTraitConfig>,
    }
}

section! {
    /// An account that somebody or something signs in with.
    pub struct UserTraitConfig {
        /// E-mail addresses, the primary one first. Empty ones are left out.
        pub emails: Vec<ExprText>,
        /// The one e-mail address.
        pub email: Option<ExprText>,
        /// The name used to sign in.
        pub login: Option<ExprText>,
        /// Other names that sign in to the same account.
        pub login_aliases: Vec<ExprText>,
        /// `active` or `enabled`; `disabled`, `inactive`, `suspended` or `locked`; `deleted`. Not
        /// mapped: enabled.
        pub status: Option<ExprText>,
        /// The system's own words about the status.
        pub status_details: Option<ExprText>,
        /// `human`, `service` or `system`. Not mapped: human.
        pub account_type: Option<ExprText>,
        /// The last time somebody signed in: a timestamp, a date in any usual form, or seconds or
        /// milliseconds since 1970.
        pub last_login: Option<ExprText>,
        /// Numbers the employer knows the person by.
        pub employee_ids: Vec<ExprText>,
        /// Id of the manager, kept in the profile.
        pub manager_id: Option<ExprText>,
        /// E-mail address of the manager, kept in the profile.
        pub manager_email: Option<ExprText>,
        /// Other attributes by name; each is stored as text.
        pub profile: Named<ExprText>,
        /// Whether a second factor is enrolled. The reference reads this key and ignores it.
        pub mfa_enabled: Option<ExprText>,
        /// Whether single sign-on is used. The reference reads this key and ignores it.
        pub sso_enabled: Option<ExprText>,
    }
}

section! {
    /// A group or a role.
    pub struct ProfileTraitConfig {
        /// Attributes by name; each is stored as text.
        pub profile: Named<ExprText>,
    }
}

section! {
    /// An application.
    pub struct AppTraitConfig {
        /// Attributes by name; each is stored as text.
        pub profile: Named<ExprText>,
        /// Where people find help about it.
        pub help_url: Option<ExprText>,
    }
}

section! {
    /// A credential.
    pub struct SecretTraitConfig {
        /// `static_secret`, `asymmetric_key` or `certificate`.
        pub credential_type: Option<ExprText>,
        /// Free text, by convention `platform.object`.
        pub credential_detail: Option<ExprText>,
        /// When it stops working.
        pub expires_at: Option<ExprText>,
        /// When it was last used.
        pub last_used_at: Option<ExprText>,
    }
}

section! {
    /// An autonomous agent.
    pub struct AgentTraitConfig {
        /// `ready`, `disabled` or `deleted`.
        pub status: Option<ExprText>,
        /// Type of the identity it acts as; together with its id.
        pub identity_resource_type: Option<ExprText>,
        /// Id of the identity it acts as; together with its type.
        pub identity_resource_id: Option<ExprText>,
        /// Attributes by name; each is stored as text.
        pub profile: Named<ExprText>,
    }
}

section! {
    /// The identity of a machine.
    pub struct NonHumanIdentityConfig {
        /// `app_registration`, `assumable_role` or `managed_identity`.
        pub nhi_type: Option<ExprText>,
        /// Free text, by convention `platform.object`.
        pub nhi_detail: Option<ExprText>,
    }
}

section! {
    /// Further facts of a resource.
    pub struct ResourceAnnotationsConfig {
        /// A page about the resource in the system itself.
        pub external_link: Later,
        /// Says that the entitlements of the resource cannot be changed. Write `immutable: true`
        /// on the entitlement instead.
        pub entitlement_immutable: Later,
    }
}

section! {
    /// An entitlement that every resource of the type has.
    pub struct StaticEntitlementConfig {
        /// Its id on the resource, literal, for example `member`.
        pub id: Text,
        /// The name shown to people; `resource` is the resource it is on.
        pub display_name: Option<ExprText>,
        /// A sentence about it.
        pub description: Option<ExprText>,
        /// `assignment`, `permission` or `ownership`.
        pub purpose: Option<Text>,
        /// The short name of the permission. Not written: the id.
        pub slug: Option<Text>,
        /// Types of principal that can hold it.
        pub grantable_to: Vec<Text>,
        /// True when it can be neither granted nor revoked.
        pub immutable: bool = false,
        /// Makes principals hold at most one of a set.
        pub exclusion_group: Option<ExclusionGroupConfig>,
        /// Ignored here: statics apply to every resource of the type.
        pub skip_if: Option<ExprText>,
        /// How it is granted and revoked.
        pub provisioning: Option<Placed<ProvisioningConfig>>,
    }
}

section! {
    /// How a record becomes an entitlement.
    pub struct EntitlementMappingConfig {
        /// Skips the records for which this is true.
        pub skip_if: Option<ExprText>,
        /// Id of the resource that the record belongs to, where one query or request lists those of
        /// all resources of the type. Such a listing cannot use `resource`. An addition of rolecall.
        pub resource_id: Option<ExprText>,
        /// Its id on the resource.
        pub id: ExprText,
        /// The name shown to people.
        pub display_name: ExprText,
        /// A sentence about it.
        pub description: Option<ExprText>,
        /// The short name of the permission.
        pub slug: Option<ExprText>,
        /// `assignment`, `permission` or `ownership`.
        pub purpose: Option<ExprText>,
        /// Types of principal that can hold it.
        pub grantable_to: Vec<Text>,
        /// True when it can be neither granted nor revoked.
        pub immutable: bool = false,
        /// Makes principals hold at most one of a set.
        pub exclusion_group: Option<ExclusionGroupConfig>,
        /// How it is granted and revoked.
        pub provisioning: Option<Placed<ProvisioningConfig>>,
    }
}

section! {
    /// A set of entitlements of which a principal holds at most one.
    pub struct ExclusionGroupConfig {
        /// Names the set.
        pub id: ExprText,
        /// A whole number; higher means more privilege.
        pub order: Option<ExprText>,
        /// True for the one everybody has who holds no other.
        pub is_default: Option<ExprText>,
        /// True when the set is one per resource rather than one for the type.
        pub is_scope_to_resource: Option<ExprText>,
    }
}

section! {
    /// How a record becomes a grant.
    pub struct GrantMappingConfig {
        /// Skips the records for which this is true.
        pub skip_if: Option<ExprText>,
        /// Id of the resource that the record belongs to, where one query or request lists those of
        /// all resources of the type. Such a listing cannot use `resource`. An addition of rolecall.
        pub resource_id: Option<ExprText>,
        /// Id of who holds the entitlement.
        pub principal_id: ExprText,
        /// Resource type of who holds it.
        pub principal_type: ExprText,
        /// The entitlement's id on the current resource, for example `member`.
        pub entitlement_id | "entitlement_name": ExprText,
        /// Makes the grant bring others: whoever holds these also holds this.
        pub expandable: Option<ExpandableConfig>,
        /// Who holds it is known to another system.
        pub external_match: Option<Placed<ExternalMatchConfig>>,
        /// Further facts; the reference ignores them.
        pub annotations: Later,
        /// Id of the resource that the entitlement is on. Only in `grant_replace`.
        pub entitlement_resource_id: Option<ExprText>,
    }
}

section! {
    /// Whoever holds one of these entitlements also holds the grant's own.
    pub struct ExpandableConfig {
        /// Keeps the grant but not its expansion where this is true.
        pub skip_if: Option<ExprText>,
        /// Full ids of the entitlements, for example `"'group:' + string(.gid) + ':member'"`.
        pub entitlement_ids: Vec<ExprText>,
        /// True when only those count who hold them directly.
        pub shallow: bool = false,
    }
}

closed_set! {
    /// What holding an entitlement means.
    pub enum PurposeWord {
        /// Being assigned or a member.
        Assignment = "assignment",
        /// Being allowed to do something.
        Permission = "permission",
        /// Owning it.
        Ownership = "ownership",
    }
}

/// One mapping, or a list of them.
pub type Mappings<T> = OneOrMany<T>;
