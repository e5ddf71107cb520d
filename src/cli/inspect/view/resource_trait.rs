//! The facts of traits as JSON shows them.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::ResourceIdView;
use crate::model::{
    AccountType, AgentStatus, AgentTrait, AppTrait, CredentialType, NhiType, NonHumanIdentity,
    SecretTrait, UserStatus, UserTrait,
};

/// Facts of an account.
#[derive(Debug, Clone, Serialize)]
pub struct UserView {
    /// `enabled`, `disabled`, `deleted`; `null` when not stated.
    pub status: Option<&'static str>,
    /// The system's own words about the status.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status_details: String,
    /// `human`, `service`, `system`; `null` when not stated.
    pub account_type: Option<&'static str>,
    /// The name used to sign in.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub login: String,
    /// Other names for the same account.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub login_aliases: Vec<String>,
    /// Addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<EmailView>,
    /// Numbers the employer knows the person by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub employee_ids: Vec<String>,
    /// When the account was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// The last time somebody signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_login: Option<DateTime<Utc>>,
    /// Whether a second factor is enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa_enabled: Option<bool>,
    /// Whether single sign-on is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sso_enabled: Option<bool>,
}

impl From<&UserTrait> for UserView {
    fn from(user: &UserTrait) -> Self {
        Self {
            status: match user.status {
                UserStatus::Unspecified => None,
                UserStatus::Enabled => Some("enabled"),
                UserStatus::Disabled => Some("disabled"),
                UserStatus::Deleted => Some("deleted"),
            },
            status_details: user.status_details.clone(),
            account_type: match user.account_type {
                AccountType::Unspecified => None,
                AccountType::Human => Some("human"),
                AccountType::Service => Some("service"),
                AccountType::System => Some("system"),
            },
            login: user.login.clone(),
            login_aliases: user.login_aliases.clone(),
            emails: user
                .emails
                .iter()
                .map(|it| EmailView {
                    address: it.address.clone(),
                    is_primary: it.is_primary,
                })
                .collect(),
            employee_ids: user.employee_ids.clone(),
            created_at: user.created_at,
            last_login: user.last_login,
            mfa_enabled: user.mfa_enabled,
            sso_enabled: user.sso_enabled,
        }
    }
}

/// An e-mail address.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct EmailView {
    pub address: String,
    pub is_primary: bool,
}

/// Facts of an application.
#[derive(Debug, Clone, Serialize)]
pub struct AppView {
    /// Where people find help about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub help_url: String,
}

impl From<&AppTrait> for AppView {
    fn from(app: &AppTrait) -> Self {
        Self {
            help_url: app.help_url.clone(),
        }
    }
}

/// Facts of a credential.
#[derive(Debug, Clone, Serialize)]
pub struct SecretView {
    /// `static_secret`, `asymmetric_key`, `certificate`; `null` when not stated.
    pub credential_type: Option<&'static str>,
    /// By convention `platform.object`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub credential_detail: String,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// When it stops working.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<DateTime<Utc>>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<ResourceIdView>,
    /// The identity it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<ResourceIdView>,
}

impl From<&SecretTrait> for SecretView {
    fn from(secret: &SecretTrait) -> Self {
        Self {
            credential_type: match secret.credential_type {
                CredentialType::Unspecified => None,
                CredentialType::StaticSecret => Some("static_secret"),
                CredentialType::AsymmetricKey => Some("asymmetric_key"),
                CredentialType::Certificate => Some("certificate"),
            },
            credential_detail: secret.credential_detail.clone(),
            created_at: secret.created_at,
            expires_at: secret.expires_at,
            last_used_at: secret.last_used_at,
            created_by: secret.created_by.as_ref().map(ResourceIdView::from),
            identity: secret.identity.as_ref().map(ResourceIdView::from),
        }
    }
}

/// Facts of an agent.
#[derive(Debug, Clone, Serialize)]
pub struct AgentView {
    /// `ready`, `disabled`, `deleted`; `null` when not stated.
    pub status: Option<&'static str>,
    /// The identity it acts as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<ResourceIdView>,
}

impl From<&AgentTrait> for AgentView {
    fn from(agent: &AgentTrait) -> Self {
        Self {
            status: match agent.status {
                AgentStatus::Unspecified => None,
                AgentStatus::Ready => Some("ready"),
                AgentStatus::Disabled => Some("disabled"),
                AgentStatus::Deleted => Some("deleted"),
            },
            identity: agent.identity.as_ref().map(ResourceIdView::from),
        }
    }
}

/// Which sort of machine identity a resource is.
#[derive(Debug, Clone, Serialize)]
pub struct NonHumanIdentityView {
    /// `app_registration`, `assumable_role`, `managed_identity`; `null` when not stated.
    pub r#type: Option<&'static str>,
    /// By convention `platform.object`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl From<&NonHumanIdentity> for NonHumanIdentityView {
    fn from(identity: &NonHumanIdentity) -> Self {
        Self {
            r#type: match identity.nhi_type {
                NhiType::Unspecified => None,
                NhiType::AppRegistration => Some("app_registration"),
                NhiType::AssumableRole => Some("assumable_role"),
                NhiType::ManagedIdentity => Some("managed_identity"),
            },
            detail: identity.detail.clone(),
        }
    }
}
