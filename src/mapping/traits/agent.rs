//! A record → the trait of an autonomous agent, or the identity of a machine.

use super::profile::ProfileMapping;
use super::values::word;
use crate::config::mapping::{AgentTraitConfig, NonHumanIdentityConfig};
use crate::expr::{Expression, Scope};
use crate::mapping::field::{FieldContext, optional_text};
use crate::mapping::{MappingError, Remarks, words};
use crate::model::{AgentStatus, AgentTrait, NhiType, NonHumanIdentity, ResourceId};

#[derive(Debug, Clone)]
pub(in crate::mapping) struct AgentMapping {
    status: Option<Expression>,
    identity: Option<(Expression, Expression)>,
    profile: ProfileMapping,
}

impl AgentMapping {
    pub(super) fn compile(config: &AgentTraitConfig, fields: &mut FieldContext) -> Self {
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
            status: words::AGENT_STATUS.compile(
                "status of an agent",
                &config.status,
                "unknown-word",
                fields,
            ),
            identity: kind.zip(id),
            profile: ProfileMapping::compile(&config.profile, fields),
        }
    }

    pub(super) fn apply(
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
            &words::AGENT_STATUS,
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

/// How a record becomes the identity of a machine.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct NonHumanIdentityMapping {
    nhi_type: Option<Expression>,
    detail: Option<Expression>,
}

impl NonHumanIdentityMapping {
    pub(in crate::mapping) fn compile(
        config: &NonHumanIdentityConfig,
        fields: &mut FieldContext,
    ) -> Self {
        Self {
            nhi_type: words::NHI_TYPE.compile(
                "identity of a machine",
                &config.nhi_type,
                "unknown-word",
                fields,
            ),
            detail: fields.optional(&config.nhi_detail),
        }
    }

    pub(in crate::mapping) fn apply(
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
            &words::NHI_TYPE,
            NhiType::Unspecified,
        )?;
        Ok(NonHumanIdentity {
            nhi_type: kind.unwrap_or(NhiType::Unspecified),
            detail: optional_text("nhi_detail", self.detail.as_ref(), scope)?.unwrap_or_default(),
        })
    }
}
