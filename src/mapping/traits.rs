//! A record → the trait of a resource.

use chrono::{DateTime, Utc};

use super::resource::{FieldContext, optional_text};
use super::{MappingError, Remarks, words};
use crate::config::decode::Named;
use crate::config::mapping::{
    AgentTraitConfig, AppTraitConfig, NonHumanIdentityConfig, ResourceMappingConfig,
    SecretTraitConfig, UserTraitConfig,
};
use crate::config::scalar::ExprText;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expression, Scope, parse_time};
use crate::model::{
    AccountType, AgentStatus, AgentTrait, AppTrait, CredentialType, Email, GroupTrait, NhiType,
    NonHumanIdentity, Profile, ProfileValue, ResourceId, ResourceTrait, RoleTrait, SecretTrait,
    TraitKind, UserStatus, UserTrait,
};

/// How a record becomes a trait.
#[derive(Debug, Clone)]
pub(super) enum TraitMapping {
    User(Box<UserMapping>),
    Group(ProfileMapping),
    Role(ProfileMapping),
    App {
        profile: ProfileMapping,
        help_url: Option<Expression>,
    },
    Secret(SecretMapping),
    Agent(AgentMapping),
}

#[derive(Debug, Clone)]
pub(super) struct UserMapping {
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

#[derive(Debug, Clone)]
pub(super) struct ProfileMapping(Vec<(String, Expression)>);

#[derive(Debug, Clone)]
pub(super) struct SecretMapping {
    credential_type: Option<Expression>,
    credential_detail: Option<Expression>,
    expires_at: Option<Expression>,
    last_used_at: Option<Expression>,
}

#[derive(Debug, Clone)]
pub(super) struct AgentMapping {
    status: Option<Expression>,
    identity: Option<(Expression, Expression)>,
    profile: ProfileMapping,
}

/// How a record becomes the identity of a machine.
#[derive(Debug, Clone)]
pub(super) struct NonHumanIdentityMapping {
    nhi_type: Option<Expression>,
    detail: Option<Expression>,
}

impl TraitMapping {
    /// Compiles whichever trait the mapping has. A resource carries one trait: two are a mistake,
    /// because the reference advertises both and then fails on the second.
    pub fn compile(config: &ResourceMappingConfig, fields: &mut FieldContext) -> Option<Self> {
        let nested = config.traits.as_ref();
        let user = nested
            .and_then(|traits| traits.user.as_ref())
            .or(config.user_traits.as_ref());
        let group = nested
            .and_then(|traits| traits.group.as_ref())
            .or(config.group_traits.as_ref());
        let role = nested
            .and_then(|traits| traits.role.as_ref())
            .or(config.role_traits.as_ref());
        let app = nested
            .and_then(|traits| traits.app.as_ref())
            .or(config.app_traits.as_ref());
        let secret = nested.and_then(|traits| traits.secret.as_ref());
        let agent = nested.and_then(|traits| traits.agent.as_ref());
        let written = [
            ("user", user.is_some()),
            ("group", group.is_some()),
            ("role", role.is_some()),
            ("app", app.is_some()),
            ("secret", secret.is_some()),
            ("agent", agent.is_some()),
        ];
        let written: Vec<&str> = written
            .iter()
            .filter(|(_, is)| *is)
            .map(|(name, _)| *name)
            .collect();
        if written.len() > 1 {
            let at = fields.cx.at(config.id.0.span);
            let message = format!(
                "a resource has one trait, but `{}` are written",
                written.join("` and `")
            );
            fields
                .cx
                .note(Diagnostic::error("two-traits", at, message).help("keep one of them"));
            return None;
        }
        if let Some(config) = user {
            return Some(TraitMapping::User(Box::new(UserMapping::compile(
                config, fields,
            ))));
        }
        if let Some(config) = group {
            return Some(TraitMapping::Group(ProfileMapping::compile(
                &config.profile,
                fields,
            )));
        }
        if let Some(config) = role {
            return Some(TraitMapping::Role(ProfileMapping::compile(
                &config.profile,
                fields,
            )));
        }
        if let Some(AppTraitConfig { profile, help_url }) = app {
            let profile = ProfileMapping::compile(profile, fields);
            return Some(TraitMapping::App {
                profile,
                help_url: fields.optional(help_url),
            });
        }
        if let Some(config) = secret {
            return Some(TraitMapping::Secret(SecretMapping::compile(config, fields)));
        }
        agent.map(|config| TraitMapping::Agent(AgentMapping::compile(config, fields)))
    }

    /// Which trait it is.
    pub fn kind(&self) -> TraitKind {
        match self {
            TraitMapping::User(_) => TraitKind::User,
            TraitMapping::Group(_) => TraitKind::Group,
            TraitMapping::Role(_) => TraitKind::Role,
            TraitMapping::App { .. } => TraitKind::App,
            TraitMapping::Secret(_) => TraitKind::Secret,
            TraitMapping::Agent(_) => TraitKind::Agent,
        }
    }

    /// Maps one record. `id` names the resource in remarks.
    pub fn apply(
        &self,
        scope: &Scope<'_>,
        id: &ResourceId,
        remarks: &mut Remarks,
    ) -> Result<ResourceTrait, MappingError> {
        Ok(match self {
            TraitMapping::User(mapping) => ResourceTrait::User(mapping.apply(scope, id, remarks)?),
            TraitMapping::Group(profile) => ResourceTrait::Group(GroupTrait {
                profile: profile.apply(scope)?,
            }),
            TraitMapping::Role(profile) => ResourceTrait::Role(RoleTrait {
                profile: profile.apply(scope)?,
            }),
            TraitMapping::App { profile, help_url } => ResourceTrait::App(AppTrait {
                profile: profile.apply(scope)?,
                help_url: optional_text("help_url", help_url.as_ref(), scope)?.unwrap_or_default(),
            }),
            TraitMapping::Secret(mapping) => {
                ResourceTrait::Secret(mapping.apply(scope, id, remarks)?)
            }
            TraitMapping::Agent(mapping) => {
                ResourceTrait::Agent(mapping.apply(scope, id, remarks)?)
            }
        })
    }
}

fn compile_all(sources: &[ExprText], fields: &mut FieldContext) -> Vec<Expression> {
    let mut compiled = Vec::new();
    for source in sources {
        if source.0.text.is_empty() {
            fields.cx.warning(
                "empty-expression",
                source.0.span,
                "this entry is empty: it is left out",
                "",
            );
        } else {
            compiled.extend(fields.cx.expression(source, fields.bare, fields.variables));
        }
    }
    compiled
}

fn texts(
    field: &'static str,
    expressions: &[Expression],
    scope: &Scope<'_>,
) -> Result<Vec<String>, MappingError> {
    let all = expressions
        .iter()
        .map(|expression| optional_text(field, Some(expression), scope));
    Ok(all
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

/// A word of a closed set; `otherwise` with a remark when the system uses another.
fn word<T>(
    field: &'static str,
    expression: Option<&Expression>,
    scope: &Scope<'_>,
    id: &ResourceId,
    remarks: &mut Remarks,
    set: fn(&str) -> Option<T>,
    otherwise: T,
) -> Result<Option<T>, MappingError> {
    let Some(written) = optional_text(field, expression, scope)? else {
        return Ok(None);
    };
    Ok(Some(set(written.trim()).unwrap_or_else(|| {
        remarks.add(
            "unknown-word",
            format!(
                "`{field}` of `{id}` is `{}`, a word it cannot have: map it",
                shorten(&written)
            ),
        );
        otherwise
    })))
}

/// A moment; left out with a remark when it is none.
fn time(
    field: &'static str,
    expression: Option<&Expression>,
    scope: &Scope<'_>,
    id: &ResourceId,
    remarks: &mut Remarks,
) -> Result<Option<DateTime<Utc>>, MappingError> {
    let Some(expression) = expression else {
        return Ok(None);
    };
    let value = expression
        .value(scope)
        .map_err(MappingError::expression(field))?;
    Ok(parse_time(&value).unwrap_or_else(|problem| {
        remarks.add(
            "bad-date",
            format!("`{field}` of `{id}` is left out: {problem}"),
        );
        None
    }))
}

/// A truth value; `None` when it is null.
fn truth(
    field: &'static str,
    expression: Option<&Expression>,
    scope: &Scope<'_>,
) -> Result<Option<bool>, MappingError> {
    let Some(expression) = expression else {
        return Ok(None);
    };
    match expression
        .text(scope)
        .map_err(MappingError::expression(field))?
    {
        Some(text) if !text.is_empty() => expression
            .truth(scope)
            .map(Some)
            .map_err(MappingError::expression(field)),
        _ => Ok(None),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

impl UserMapping {
    fn compile(config: &UserTraitConfig, fields: &mut FieldContext) -> Self {
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
        if login.is_none()
            && let Some(alias) = config.login_aliases.first()
        {
            fields.cx.warning(
                "no-effect",
                alias.0.span,
                "`login_aliases` are used only together with `login`",
                "map `login`",
            );
        }
        let status = fields.optional(&config.status);
        if status.is_none()
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
            account_type: fields.optional(&config.account_type),
            last_login: fields.optional(&config.last_login),
            employee_ids: compile_all(&config.employee_ids, fields),
            mfa_enabled: fields.optional(&config.mfa_enabled),
            sso_enabled: fields.optional(&config.sso_enabled),
            profile,
        }
    }

    fn apply(
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
            words::user_status,
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
            words::account_type,
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

impl ProfileMapping {
    fn compile(config: &Named<ExprText>, fields: &mut FieldContext) -> Self {
        let compiled = config.iter().filter_map(|(name, source)| {
            Some((
                name.text.clone(),
                fields
                    .cx
                    .expression(source, fields.bare, fields.variables)?,
            ))
        });
        Self(compiled.collect())
    }

    /// Every attribute as text; null ones are absent.
    fn apply(&self, scope: &Scope<'_>) -> Result<Profile, MappingError> {
        let mut profile = Profile::new();
        for (name, expression) in &self.0 {
            let text = expression
                .text(scope)
                .map_err(MappingError::expression("profile"))?;
            if let Some(text) = text {
                profile.insert(name.clone(), ProfileValue::Text(text));
            }
        }
        Ok(profile)
    }
}

impl SecretMapping {
    fn compile(config: &SecretTraitConfig, fields: &mut FieldContext) -> Self {
        Self {
            credential_type: fields.optional(&config.credential_type),
            credential_detail: fields.optional(&config.credential_detail),
            expires_at: fields.optional(&config.expires_at),
            last_used_at: fields.optional(&config.last_used_at),
        }
    }

    fn apply(
        &self,
        scope: &Scope<'_>,
        id: &ResourceId,
        remarks: &mut Remarks,
    ) -> Result<SecretTrait, MappingError> {
        let kind = self.credential_type.as_ref();
        let unspecified = CredentialType::Unspecified;
        Ok(SecretTrait {
            credential_type: word(
                "credential_type",
                kind,
                scope,
                id,
                remarks,
                words::credential_type,
                unspecified,
            )?
            .unwrap_or_default(),
            credential_detail: optional_text(
                "credential_detail",
                self.credential_detail.as_ref(),
                scope,
            )?
            .unwrap_or_default(),
            expires_at: time("expires_at", self.expires_at.as_ref(), scope, id, remarks)?,
            last_used_at: time(
                "last_used_at",
                self.last_used_at.as_ref(),
                scope,
                id,
                remarks,
            )?,
            ..SecretTrait::default()
        })
    }
}

impl AgentMapping {
    fn compile(config: &AgentTraitConfig, fields: &mut FieldContext) -> Self {
        let kind = fields.optional(&config.identity_resource_type);
        let id = fields.optional(&config.identity_resource_id);
        if kind.is_some() != id.is_some()
            && let Some(written) = config
                .identity_resource_type
                .as_ref()
                .or(config.identity_resource_id.as_ref())
        {
            fields.cx.warning(
                "no-effect",
                written.0.span,
                "the identity of an agent needs both `identity_resource_type` and `identity_resource_id`",
                "write both",
            );
        }
        Self {
            status: fields.optional(&config.status),
            identity: kind.zip(id),
            profile: ProfileMapping::compile(&config.profile, fields),
        }
    }

    fn apply(
        &self,
        scope: &Scope<'_>,
        id: &ResourceId,
        remarks: &mut Remarks,
    ) -> Result<AgentTrait, MappingError> {
        let status = word(
            "status",
            self.status.as_ref(),
            scope,
            id,
            remarks,
            words::agent_status,
            AgentStatus::Unspecified,
        )?;
        let identity = match &self.identity {
            Some((kind, identity)) => {
                let kind = optional_text("identity_resource_type", Some(kind), scope)?;
                kind.zip(optional_text(
                    "identity_resource_id",
                    Some(identity),
                    scope,
                )?)
            }
            None => None,
        };
        Ok(AgentTrait {
            status: status.unwrap_or_default(),
            identity: identity.map(|(kind, id)| ResourceId::new(kind, id)),
            profile: self.profile.apply(scope)?,
        })
    }
}

impl NonHumanIdentityMapping {
    pub(super) fn compile(config: &NonHumanIdentityConfig, fields: &mut FieldContext) -> Self {
        Self {
            nhi_type: fields.optional(&config.nhi_type),
            detail: fields.optional(&config.nhi_detail),
        }
    }

    pub(super) fn apply(
        &self,
        scope: &Scope<'_>,
        id: &ResourceId,
        remarks: &mut Remarks,
    ) -> Result<NonHumanIdentity, MappingError> {
        let kind = word(
            "nhi_type",
            self.nhi_type.as_ref(),
            scope,
            id,
            remarks,
            words::nhi_type,
            NhiType::Unspecified,
        )?;
        Ok(NonHumanIdentity {
            nhi_type: kind.unwrap_or(NhiType::Unspecified),
            detail: optional_text("nhi_detail", self.detail.as_ref(), scope)?.unwrap_or_default(),
        })
    }
}
