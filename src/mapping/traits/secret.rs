//! A record → the trait of a credential.

use super::values::{time, word};
use crate::config::Wanted;
use crate::config::mapping::SecretTraitConfig;
use crate::expr::{Expression, Scope};
use crate::mapping::field::{FieldContext, optional_text};
use crate::mapping::{MappingError, Remarks, words};
use crate::model::{CredentialType, ResourceId, SecretTrait};

#[derive(Debug, Clone)]
pub(in crate::mapping) struct SecretMapping {
    credential_type: Option<Expression>,
    credential_detail: Option<Expression>,
    expires_at: Option<Expression>,
    last_used_at: Option<Expression>,
}

impl SecretMapping {
    pub(super) fn compile(config: &SecretTraitConfig, fields: &mut FieldContext) -> Self {
        Self {
            credential_type: words::CREDENTIAL_TYPE.compile(
                "type of credential",
                &config.credential_type,
                "unknown-word",
                fields,
            ),
            credential_detail: fields.optional(&config.credential_detail),
            expires_at: fields.optional_for(Wanted::Moment, &config.expires_at),
            last_used_at: fields.optional_for(Wanted::Moment, &config.last_used_at),
        }
    }

    pub(super) fn apply(
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
                &words::CREDENTIAL_TYPE,
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
