//! Which trait a mapping writes, and its record → trait.

use super::agent::AgentMapping;
use super::profile::ProfileMapping;
use super::secret::SecretMapping;
use super::user::UserMapping;
use crate::config::mapping::{AppTraitConfig, ResourceMappingConfig};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expression, Scope};
use crate::mapping::field::{FieldContext, optional_text};
use crate::mapping::{MappingError, Remarks};
use crate::model::{AppTrait, GroupTrait, ResourceId, ResourceTrait, RoleTrait, TraitKind};

/// How a record becomes a trait.
#[derive(Debug, Clone)]
pub(in crate::mapping) enum TraitMapping {
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
        if let Some(nested) = nested {
            let twice = [
                (
                    "user",
                    nested.user.is_some() && config.user_traits.is_some(),
                ),
                (
                    "group",
                    nested.group.is_some() && config.group_traits.is_some(),
                ),
                (
                    "role",
                    nested.role.is_some() && config.role_traits.is_some(),
                ),
                ("app", nested.app.is_some() && config.app_traits.is_some()),
            ];
            if let Some((name, _)) = twice.iter().find(|(_, is)| *is) {
                let message = format!("`traits.{name}` and `{name}_traits` are both written");
                return fields
                    .cx
                    .error("conflicting-fields", config.id.0.span, message);
            }
        }
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
