//! A record → the trait of an account.

use super::profile::ProfileMapping;
use super::values::{compile_all, texts, time, truth, word};
use crate::config::Wanted;
use crate::config::mapping::UserTraitConfig;
use crate::expr::{Expression, Scope};
use crate::mapping::field::{FieldContext, optional_text};
use crate::mapping::{MappingError, Remarks, words};
use crate::model::{AccountType, Email, ResourceId, UserStatus, UserTrait};

#[derive(Debug, Clone)]
pub(in crate::mapping) struct UserMapping {
    emails: Vec<Expression>,
    login: Option<Expression>,
    login_aliases: Vec<Expression>,
    status: Option<Expression>,
    status_details: Option<Expression>,
    account_type: Option<Expression>,
    last_login: Option<Expression>,
    employee_ids: Vec<Expression>,
    mfa_enabled: Option<Expression>,
    sso_enabled: Option<Expression>,
    profile: ProfileMapping,
}

impl UserMapping {
    pub(super) fn compile(config: &UserTraitConfig, fields: &mut FieldContext) -> Self {
        let mut emails: Vec<Expression> = config
            .email
            .iter()
            .filter_map(|email| fields.optional(&Some(email.clone())))
            .collect();
        emails.extend(compile_all(&config.emails, fields));
        let mut profile = ProfileMapping::compile(&config.profile, fields);
        // The managers live in the profile; the reference drops them when it has no other key.
        for (name, source) in [
            ("manager_id", &config.manager_id),
            ("manager_email", &config.manager_email),
        ] {
            if let Some(expression) = fields.optional(source) {
                profile.0.push((name.to_owned(), expression));
            }
        }
        let login = fields.optional(&config.login);
        if config.login.is_none()
            && let Some(alias) = config.login_aliases.first()
        {
            fields.cx.warning(
                "no-effect",
                alias.0.span,
                "`login_aliases` are used only together with `login`",
                "map `login`",
            );
        }
        let status = words::USER_STATUS.compile("status", &config.status, "unknown-word", fields);
        if config.status.is_none()
            && let Some(details) = &config.status_details
        {
            fields.cx.warning(
                "no-effect",
                details.0.span,
                "`status_details` is used only together with `status`",
                "map `status`",
            );
        }
        Self {
            emails,
            login_aliases: if login.is_some() {
                compile_all(&config.login_aliases, fields)
            } else {
                Vec::new()
            },
            login,
            status_details: status
                .as_ref()
                .and_then(|_| fields.optional(&config.status_details)),
            status,
            account_type: words::ACCOUNT_TYPE.compile(
                "account type",
                &config.account_type,
                "unknown-word",
                fields,
            ),
            last_login: fields.optional_for(Wanted::Moment, &config.last_login),
            employee_ids: compile_all(&config.employee_ids, fields),
            mfa_enabled: fields.optional_for(Wanted::Truth, &config.mfa_enabled),
            sso_enabled: fields.optional_for(Wanted::Truth, &config.sso_enabled),
            profile,
        }
    }

    pub(super) fn apply(
        &self,
        scope: &Scope<'_>,
        id: &ResourceId,
        remarks: &mut Remarks,
    ) -> Result<UserTrait, MappingError> {
        let emails = texts("emails", &self.emails, scope)?;
        let status = word(
            "status",
            self.status.as_ref(),
            scope,
            id,
            remarks,
            &words::USER_STATUS,
            UserStatus::Unspecified,
        )?;
        let status = match (&self.status, status) {
            (None, _) => UserStatus::Enabled,
            (Some(_), None) => {
                remarks.add(
                    "unknown-word",
                    format!("`status` of `{id}` is empty: map it to a word"),
                );
                UserStatus::Unspecified
            }
            (Some(_), Some(status)) => status,
        };
        let account_type = word(
            "account_type",
            self.account_type.as_ref(),
            scope,
            id,
            remarks,
            &words::ACCOUNT_TYPE,
            AccountType::Human,
        )?;
        Ok(UserTrait {
            emails: emails
                .into_iter()
                .enumerate()
                .map(|(index, address)| Email {
                    address,
                    is_primary: index == 0,
                })
                .collect(),
            status,
            status_details: optional_text("status_details", self.status_details.as_ref(), scope)?
                .unwrap_or_default(),
            account_type: account_type.unwrap_or(AccountType::Human),
            login: optional_text("login", self.login.as_ref(), scope)?.unwrap_or_default(),
            login_aliases: texts("login_aliases", &self.login_aliases, scope)?,
            last_login: time("last_login", self.last_login.as_ref(), scope, id, remarks)?,
            created_at: None,
            mfa_enabled: truth("mfa_enabled", self.mfa_enabled.as_ref(), scope)?,
            sso_enabled: truth("sso_enabled", self.sso_enabled.as_ref(), scope)?,
            employee_ids: texts("employee_ids", &self.employee_ids, scope)?,
            profile: self.profile.apply(scope)?,
        })
    }
}
