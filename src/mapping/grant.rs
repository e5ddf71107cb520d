//! A record → a grant.

use std::sync::Arc;

use super::external_match::ExternalMatchMapping;
use super::field::{FieldContext, optional_text, required_id, skips};
use super::{MappingError, Remarks, ResourceKey};
use crate::config::mapping::GrantMappingConfig;
use crate::config::{Bare, CompileContext, Dialect, Wanted};
use crate::expr::{Expression, Program, Scope, Variables};
use crate::model::{EntitlementId, Grant, GrantExpansion, GrantId, Resource, ResourceId};

/// How a record becomes a grant.
#[derive(Debug, Clone)]
pub struct GrantMapping {
    resource_key: Option<ResourceKey>,
    skip_if: Option<Expression>,
    principal_id: Expression,
    principal_type: Expression,
    entitlement_id: Expression,
    expandable: Option<ExpandableMapping>,
    external_match: Option<ExternalMatchMapping>,
}

#[derive(Debug, Clone)]
struct ExpandableMapping {
    skip_if: Option<Expression>,
    entitlement_ids: Vec<Expression>,
    shallow: bool,
}

/// What a record came to.
#[derive(Debug)]
pub enum MappedGrant {
    /// `skip_if` was true.
    Skipped,
    /// The record names no principal: nobody holds anything.
    Nobody,
    /// A grant.
    Grant(Box<Grant>),
}

impl GrantMapping {
    /// Compiles a mapping. `None` when a mistake was noted.
    pub fn compile(
        config: &GrantMappingConfig,
        bare: Bare,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let dialect = cx.dialect;
        let mut fields = FieldContext {
            cx,
            bare,
            variables,
        };
        let skip_if = fields.optional_for(Wanted::Truth, &config.skip_if);
        let resource_id = fields.optional_for(Wanted::Identity, &config.resource_id);
        let principal_id = fields.identity("principal_id", &config.principal_id);
        // In SQL files the type is literal, never evaluated.
        let text = &config.principal_type.0;
        let program = text.text.starts_with("cel:") || text.text.starts_with("tmpl:");
        let principal_type = match (dialect, program) {
            (Dialect::Sql, false) if !text.text.is_empty() => {
                let program = Program::Literal(text.text.clone());
                Some(Expression::new(program, text.span))
            }
            _ => fields.required("principal_type", &config.principal_type),
        };
        let entitlement_id = fields.identity("entitlement_id", &config.entitlement_id);
        let expandable = config.expandable.as_ref().map(|config| ExpandableMapping {
            skip_if: fields.optional_for(Wanted::Truth, &config.skip_if),
            entitlement_ids: config
                .entitlement_ids
                .iter()
                .filter_map(|source| fields.compile(Wanted::Identity, source))
                .collect(),
            shallow: config.shallow,
        });
        let external_match = config.external_match.as_ref();
        let external_match = external_match
            .map(|config| ExternalMatchMapping::compile(config, config.span, &mut fields));
        Some(Self {
            resource_key: ResourceKey::of(resource_id.as_ref(), skip_if.as_ref()),
            skip_if,
            principal_id: principal_id?,
            principal_type: principal_type?,
            entitlement_id: entitlement_id?,
            expandable,
            external_match: external_match.flatten(),
        })
    }

    /// True when `skip_if` skips a record, as far as that is known before its resource is.
    pub fn surely_skips(&self, scope: &Scope<'_>) -> bool {
        skips("skip_if", self.skip_if.as_ref(), scope).unwrap_or(false)
    }

    /// How to tell the resource of a record, when one listing serves all resources of a type.
    pub fn resource_key(&self) -> Option<&ResourceKey> {
        self.resource_key.as_ref()
    }

    /// Maps one record of a listing of `resource`.
    pub fn apply(
        &self,
        resource: &Arc<Resource>,
        scope: &Scope<'_>,
        remarks: &mut Remarks,
    ) -> Result<MappedGrant, MappingError> {
        if skips("skip_if", self.skip_if.as_ref(), scope)? {
            return Ok(MappedGrant::Skipped);
        }
        let entitlement = EntitlementId::on(
            &resource.id,
            &required_id("entitlement_id", &self.entitlement_id, scope)?,
        );
        if optional_text("principal_id", Some(&self.principal_id), scope)?.is_none() {
            remarks.add(
                "no-principal",
                format!("a record of `{entitlement}` names no principal: it is left out"),
            );
            return Ok(MappedGrant::Nobody);
        }
        let principal = ResourceId::new(
            required_id("principal_type", &self.principal_type, scope)?,
            required_id("principal_id", &self.principal_id, scope)?,
        );
        let external_match = match &self.external_match {
            Some(mapping) => match mapping.apply(scope)? {
                Some(found) => Some(found),
                None => {
                    remarks.add(
                        "no-principal",
                        format!(
                            "a record of `{entitlement}` names nobody of another system: it is left out"
                        ),
                    );
                    return Ok(MappedGrant::Nobody);
                }
            },
            None => None,
        };
        let expansion = match &self.expandable {
            Some(mapping) => mapping.apply(scope)?,
            None => None,
        };
        Ok(MappedGrant::Grant(Box::new(Grant {
            id: GrantId::of(&entitlement, &principal),
            entitlement,
            resource: resource.clone(),
            principal,
            expansion,
            external_match,
            immutable: false,
            sources: Default::default(),
            annotations: Vec::new(),
        })))
    }
}

impl ExpandableMapping {
    /// The expansion; `None` when `skip_if` says so or no id is left.
    fn apply(&self, scope: &Scope<'_>) -> Result<Option<GrantExpansion>, MappingError> {
        if skips("expandable.skip_if", self.skip_if.as_ref(), scope)? {
            return Ok(None);
        }
        let mut entitlement_ids = Vec::new();
        for expression in &self.entitlement_ids {
            entitlement_ids.extend(optional_text(
                "expandable.entitlement_ids",
                Some(expression),
                scope,
            )?);
        }
        Ok((!entitlement_ids.is_empty()).then_some(GrantExpansion {
            entitlement_ids,
            shallow: self.shallow,
            resource_type_ids: Vec::new(),
        }))
    }
}
