//! The words that systems use for statuses and kinds → the protocol's closed sets.
//!
//! Matching ignores case. The sets are those of the SQL connectors, so that files keep their
//! meaning; a word outside of them is remarked on and maps to "unspecified".

use crate::model::{AccountType, AgentStatus, CredentialType, NhiType, Purpose, UserStatus};

pub(super) fn user_status(word: &str) -> Option<UserStatus> {
    Some(match word.to_lowercase().as_str() {
        "active" | "enabled" => UserStatus::Enabled,
        "disabled" | "inactive" | "suspended" | "locked" => UserStatus::Disabled,
        "deleted" => UserStatus::Deleted,
        _ => return None,
    })
}

pub(super) fn account_type(word: &str) -> Option<AccountType> {
    Some(match word.to_lowercase().as_str() {
        "user" | "human" => AccountType::Human,
        "service" => AccountType::Service,
        "system" => AccountType::System,
        _ => return None,
    })
}

pub(super) fn credential_type(word: &str) -> Option<CredentialType> {
    Some(match word.to_lowercase().as_str() {
        "static_secret" => CredentialType::StaticSecret,
        "asymmetric_key" => CredentialType::AsymmetricKey,
        "certificate" => CredentialType::Certificate,
        _ => return None,
    })
}

pub(super) fn agent_status(word: &str) -> Option<AgentStatus> {
    Some(match word.to_lowercase().as_str() {
        "ready" | "active" | "enabled" => AgentStatus::Ready,
        "disabled" | "inactive" => AgentStatus::Disabled,
        "deleted" => AgentStatus::Deleted,
        _ => return None,
    })
}

pub(super) fn nhi_type(word: &str) -> Option<NhiType> {
    Some(match word.to_lowercase().as_str() {
        "app_registration" => NhiType::AppRegistration,
        "assumable_role" => NhiType::AssumableRole,
        "managed_identity" => NhiType::ManagedIdentity,
        _ => return None,
    })
}

pub(super) fn purpose(word: &str) -> Option<Purpose> {
    Some(match word.to_lowercase().as_str() {
        "assignment" => Purpose::Assignment,
        "permission" => Purpose::Permission,
        "ownership" => Purpose::Ownership,
        _ => return None,
    })
}
