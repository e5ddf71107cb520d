//! Traits: what a resource is beyond a thing with a name.

use chrono::{DateTime, Utc};

use super::{Profile, ResourceId};

/// The traits a resource type can advertise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the protocol's own")]
pub enum TraitKind {
    User,
    Group,
    Role,
    App,
    Secret,
    Agent,
    /// A trait of a newer protocol, by its number there.
    Other(i32),
}

impl TraitKind {
    /// The trait as the YAML writes it.
    pub fn name(self) -> &'static str {
        match self {
            TraitKind::User => "user",
            TraitKind::Group => "group",
            TraitKind::Role => "role",
            TraitKind::App => "app",
            TraitKind::Secret => "secret",
            TraitKind::Agent => "agent",
            TraitKind::Other(_) => "other",
        }
    }
}

/// A trait with its facts.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each holds the struct of its name")]
pub enum ResourceTrait {
    User(UserTrait),
    Group(GroupTrait),
    Role(RoleTrait),
    App(AppTrait),
    Secret(SecretTrait),
    Agent(AgentTrait),
}

impl ResourceTrait {
    /// The trait of a kind with no facts but some attributes: an account that works, a group, …
    /// `None` for a kind this program cannot make.
    pub fn plain(kind: TraitKind, profile: Profile) -> Option<Self> {
        Some(match kind {
            TraitKind::User => ResourceTrait::User(UserTrait {
                status: UserStatus::Enabled,
                account_type: AccountType::Human,
                profile,
                ..UserTrait::default()
            }),
            TraitKind::Group => ResourceTrait::Group(GroupTrait { profile }),
            TraitKind::Role => ResourceTrait::Role(RoleTrait { profile }),
            TraitKind::App => ResourceTrait::App(AppTrait {
                profile,
                ..AppTrait::default()
            }),
            TraitKind::Agent => ResourceTrait::Agent(AgentTrait {
                profile,
                ..AgentTrait::default()
            }),
            TraitKind::Secret => ResourceTrait::Secret(SecretTrait::default()),
            TraitKind::Other(_) => return None,
        })
    }

    /// Which trait this is.
    pub fn kind(&self) -> TraitKind {
        match self {
            ResourceTrait::User(_) => TraitKind::User,
            ResourceTrait::Group(_) => TraitKind::Group,
            ResourceTrait::Role(_) => TraitKind::Role,
            ResourceTrait::App(_) => TraitKind::App,
            ResourceTrait::Secret(_) => TraitKind::Secret,
            ResourceTrait::Agent(_) => TraitKind::Agent,
        }
    }

    /// The attributes the trait carries, when it has a place for them.
    pub fn profile(&self) -> Option<&Profile> {
        match self {
            ResourceTrait::User(user) => Some(&user.profile),
            ResourceTrait::Group(group) => Some(&group.profile),
            ResourceTrait::Role(role) => Some(&role.profile),
            ResourceTrait::App(app) => Some(&app.profile),
            ResourceTrait::Agent(agent) => Some(&agent.profile),
            ResourceTrait::Secret(_) => None,
        }
    }
}

/// An account somebody or something signs in with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserTrait {
    /// Addresses, the primary one marked.
    pub emails: Vec<Email>,
    /// Whether the account works.
    pub status: UserStatus,
    /// The system's own words about the status; empty when there are none.
    pub status_details: String,
    /// Who is behind the account.
    pub account_type: AccountType,
    /// The name used to sign in; empty when unknown.
    pub login: String,
    /// Other names that sign in to the same account.
    pub login_aliases: Vec<String>,
    /// The last time somebody signed in.
    pub last_login: Option<DateTime<Utc>>,
    /// When the account was made.
    pub created_at: Option<DateTime<Utc>>,
    /// Whether a second factor is enrolled; `None` when the system does not say.
    pub mfa_enabled: Option<bool>,
    /// Whether single sign-on is used; `None` when the system does not say.
    pub sso_enabled: Option<bool>,
    /// Numbers the employer knows the person by.
    pub employee_ids: Vec<String>,
    /// Other attributes.
    pub profile: Profile,
}

/// One e-mail address of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The address.
    pub address: String,
    /// True for the one to write to.
    pub is_primary: bool,
}

/// Whether an account works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum UserStatus {
    #[default]
    Unspecified,
    Enabled,
    Disabled,
    Deleted,
}

/// Who is behind an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum AccountType {
    #[default]
    Unspecified,
    Human,
    Service,
    System,
}

/// A set of principals.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroupTrait {
    /// Attributes of the group.
    pub profile: Profile,
}

/// A set of permissions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoleTrait {
    /// Attributes of the role.
    pub profile: Profile,
}

/// An application.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AppTrait {
    /// Where people find help about it; empty when unknown.
    pub help_url: String,
    /// Attributes of the application.
    pub profile: Profile,
}

/// A credential: a key, a token, a certificate.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SecretTrait {
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// Who made it.
    pub created_by: Option<ResourceId>,
    /// The identity it belongs to.
    pub identity: Option<ResourceId>,
    /// What sort of credential it is.
    pub credential_type: CredentialType,
    /// Free text, by convention `platform.object`; empty when unknown.
    pub credential_detail: String,
}

/// The sorts of credential the protocol knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CredentialType {
    #[default]
    Unspecified,
    StaticSecret,
    AsymmetricKey,
    Certificate,
}

/// An autonomous agent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AgentTrait {
    /// Whether it can act.
    pub status: AgentStatus,
    /// The identity it acts as.
    pub identity: Option<ResourceId>,
    /// Attributes of the agent.
    pub profile: Profile,
}

/// Whether an agent can act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum AgentStatus {
    #[default]
    Unspecified,
    Ready,
    Disabled,
    Deleted,
}
