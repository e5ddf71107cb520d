//! `UserTrait` ⇄ its message.

use super::scalar::{instant, numbered, profile, profile_struct, timestamp};
use crate::model::{AccountType, Email, UserStatus, UserTrait};
use crate::proto::connector::v2 as proto;
use proto::user_trait;

numbered!(status_number, status, UserStatus => user_trait::status::Status {
    Unspecified = Unspecified, Enabled = Enabled, Disabled = Disabled, Deleted = Deleted,
});
numbered!(account_number, account_type, AccountType => user_trait::AccountType {
    Unspecified = Unspecified, Human = Human, Service = Service, System = System,
});

/// Status and profile go where old readers look for them; newer ones look there too.
pub(super) fn message(user: &UserTrait) -> proto::UserTrait {
    let has_status = user.status != UserStatus::Unspecified || !user.status_details.is_empty();
    proto::UserTrait {
        emails: user
            .emails
            .iter()
            .map(|email| user_trait::Email {
                address: email.address.clone(),
                is_primary: email.is_primary,
            })
            .collect(),
        status: has_status.then(|| user_trait::Status {
            status: status_number(user.status),
            details: user.status_details.clone(),
        }),
        profile: profile_struct(&user.profile),
        icon: None,
        account_type: account_number(user.account_type),
        login: user.login.clone(),
        login_aliases: user.login_aliases.clone(),
        created_at: user.created_at.as_ref().map(timestamp),
        last_login: user.last_login.as_ref().map(timestamp),
        mfa_status: user
            .mfa_enabled
            .map(|mfa_enabled| user_trait::MfaStatus { mfa_enabled }),
        sso_status: user
            .sso_enabled
            .map(|sso_enabled| user_trait::SsoStatus { sso_enabled }),
        structured_name: None,
        employee_ids: user.employee_ids.clone(),
    }
}

/// The facts of a message, and the numbers of the fields they came from.
pub(super) fn facts(message: proto::UserTrait) -> Option<(UserTrait, Vec<u32>)> {
    let mut understood = vec![1, 3, 6, 7, 10, 11, 13];
    let mut user = UserTrait {
        emails: message
            .emails
            .into_iter()
            .map(|email| Email {
                address: email.address,
                is_primary: email.is_primary,
            })
            .collect(),
        login: message.login,
        login_aliases: message.login_aliases,
        mfa_enabled: message.mfa_status.map(|mfa| mfa.mfa_enabled),
        sso_enabled: message.sso_status.map(|sso| sso.sso_enabled),
        employee_ids: message.employee_ids,
        profile: profile(message.profile),
        ..UserTrait::default()
    };
    if let Some(written) = message.status
        && let Some(known) = status(written.status)
    {
        user.status = known;
        user.status_details = written.details;
        understood.push(2);
    }
    if let Some(known) = account_type(message.account_type) {
        user.account_type = known;
        understood.push(5);
    }
    for (number, written, fact) in [
        (8, message.created_at, &mut user.created_at),
        (9, message.last_login, &mut user.last_login),
    ] {
        *fact = written.as_ref().and_then(instant);
        if fact.is_some() {
            understood.push(number);
        }
    }
    Some((user, understood))
}
