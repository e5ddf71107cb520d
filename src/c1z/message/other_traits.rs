//! The traits of groups, roles, apps, secrets, agents and machine identities ⇄ their messages.

use super::scalar::{
    id_message, instant, numbered, profile, profile_struct, resource_id, timestamp,
};
use crate::model::{
    AgentStatus, AgentTrait, AppTrait, CredentialType, GroupTrait, NhiType, NonHumanIdentity,
    RoleTrait, SecretTrait,
};
use crate::proto::connector::v2 as proto;
use proto::{agent_trait, non_human_identity_trait, secret_trait};

numbered!(credential_number, credential_type, CredentialType => secret_trait::CredentialType {
    Unspecified = Unspecified, StaticSecret = StaticSecret,
    AsymmetricKey = AsymmetricKey, Certificate = Certificate,
});
numbered!(agent_number, agent_status, AgentStatus => agent_trait::AgentStatus {
    Unspecified = Unspecified, Ready = Ready, Disabled = Disabled, Deleted = Deleted,
});
numbered!(nhi_number, nhi_type, NhiType => non_human_identity_trait::NhiType {
    Unspecified = Unspecified, AppRegistration = AppRegistration,
    AssumableRole = AssumableRole, ManagedIdentity = ManagedIdentity,
});

pub(super) fn group_message(group: &GroupTrait) -> proto::GroupTrait {
    proto::GroupTrait {
        profile: profile_struct(&group.profile),
        ..Default::default()
    }
}

pub(super) fn group(message: proto::GroupTrait) -> Option<(GroupTrait, Vec<u32>)> {
    Some((
        GroupTrait {
            profile: profile(message.profile),
        },
        vec![2],
    ))
}

pub(super) fn role_message(role: &RoleTrait) -> proto::RoleTrait {
    proto::RoleTrait {
        profile: profile_struct(&role.profile),
        ..Default::default()
    }
}

pub(super) fn role(message: proto::RoleTrait) -> Option<(RoleTrait, Vec<u32>)> {
    Some((
        RoleTrait {
            profile: profile(message.profile),
        },
        vec![1],
    ))
}

pub(super) fn app_message(app: &AppTrait) -> proto::AppTrait {
    proto::AppTrait {
        help_url: app.help_url.clone(),
        profile: profile_struct(&app.profile),
        ..Default::default()
    }
}

pub(super) fn app(message: proto::AppTrait) -> Option<(AppTrait, Vec<u32>)> {
    let app = AppTrait {
        help_url: message.help_url,
        profile: profile(message.profile),
    };
    Some((app, vec![1, 4]))
}

pub(super) fn secret_message(secret: &SecretTrait) -> proto::SecretTrait {
    proto::SecretTrait {
        profile: None,
        created_at: secret.created_at.as_ref().map(timestamp),
        expires_at: secret.expires_at.as_ref().map(timestamp),
        last_used_at: secret.last_used_at.as_ref().map(timestamp),
        created_by_id: secret.created_by.as_ref().map(id_message),
        identity_id: secret.identity.as_ref().map(id_message),
        credential_type: credential_number(secret.credential_type),
        credential_detail: secret.credential_detail.clone(),
    }
}

pub(super) fn secret(message: proto::SecretTrait) -> Option<(SecretTrait, Vec<u32>)> {
    let mut understood = vec![5, 6, 8];
    let mut secret = SecretTrait {
        created_by: message.created_by_id.map(resource_id),
        identity: message.identity_id.map(resource_id),
        credential_detail: message.credential_detail,
        ..SecretTrait::default()
    };
    for (number, written, fact) in [
        (2, message.created_at, &mut secret.created_at),
        (3, message.expires_at, &mut secret.expires_at),
        (4, message.last_used_at, &mut secret.last_used_at),
    ] {
        *fact = written.as_ref().and_then(instant);
        if fact.is_some() {
            understood.push(number);
        }
    }
    if let Some(known) = credential_type(message.credential_type) {
        secret.credential_type = known;
        understood.push(7);
    }
    Some((secret, understood))
}

pub(super) fn agent_message(agent: &AgentTrait) -> proto::AgentTrait {
    proto::AgentTrait {
        status: agent_number(agent.status),
        identity_resource_id: agent.identity.as_ref().map(id_message),
        profile: profile_struct(&agent.profile),
    }
}

pub(super) fn agent(message: proto::AgentTrait) -> Option<(AgentTrait, Vec<u32>)> {
    let mut understood = vec![2, 3];
    let mut agent = AgentTrait {
        identity: message.identity_resource_id.map(resource_id),
        profile: profile(message.profile),
        ..AgentTrait::default()
    };
    if let Some(known) = agent_status(message.status) {
        agent.status = known;
        understood.push(1);
    }
    Some((agent, understood))
}

pub(super) fn nhi_message(nhi: &NonHumanIdentity) -> proto::NonHumanIdentityTrait {
    proto::NonHumanIdentityTrait {
        nhi_type: nhi_number(nhi.nhi_type),
        nhi_detail: nhi.detail.clone(),
    }
}

/// `None` for a sort of identity that a newer protocol added: the annotation is then kept whole.
pub(super) fn nhi(message: proto::NonHumanIdentityTrait) -> Option<(NonHumanIdentity, Vec<u32>)> {
    let nhi_type = nhi_type(message.nhi_type)?;
    Some((
        NonHumanIdentity {
            nhi_type,
            detail: message.nhi_detail,
        },
        vec![1, 2],
    ))
}
