//! A record → a resource.

use super::field::{FieldContext, optional_text, required_id};
use super::traits::{NonHumanIdentityMapping, TraitMapping};
use super::{MappingError, Remarks};
use crate::config::mapping::ResourceMappingConfig;
use crate::config::{Bare, CompileContext, Dialect, Wanted, is_bare_word};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expression, Scope, Variables};
use crate::model::{Resource, ResourceId, ResourceTypeId, TraitKind};

/// How a record becomes a resource of one type.
#[derive(Debug, Clone)]
pub struct ResourceMapping {
    resource_type: ResourceTypeId,
    id: Expression,
    display_name: Expression,
    description: Option<Expression>,
    resource_trait: Option<TraitMapping>,
    non_human_identity: Option<NonHumanIdentityMapping>,
    parent_id: Option<Expression>,
}

impl ResourceMapping {
    /// Compiles a mapping. `None` when a mistake was noted.
    pub fn compile(
        config: &ResourceMappingConfig,
        resource_type: &ResourceTypeId,
        bare: Bare,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let mut fields = FieldContext {
            cx,
            bare,
            variables,
        };
        let id = fields.identity("id", &config.id);
        if let Some(id) = &id {
            constant_id(id, config, &mut fields);
        }
        let display_name = fields.required("display_name", &config.display_name);
        let description = fields.optional(&config.description);
        let parent_id = fields.optional_for(Wanted::Identity, &config.parent_id);
        let resource_trait = TraitMapping::compile(config, &mut fields);
        let non_human_identity = config
            .non_human_identity
            .as_ref()
            .map(|config| NonHumanIdentityMapping::compile(config, &mut fields));
        if let Some(annotations) = &config.annotations {
            for (name, later) in [
                ("external_link", &annotations.external_link),
                ("entitlement_immutable", &annotations.entitlement_immutable),
            ] {
                if let Some(node) = later {
                    let at = cx.at(node.0.span);
                    cx.note(Diagnostic::warning(
                        "no-effect",
                        at,
                        format!("`annotations.{name}` of a resource has no effect"),
                    ));
                }
            }
        }
        Some(Self {
            resource_type: resource_type.clone(),
            id: id?,
            display_name: display_name?,
            description,
            resource_trait,
            non_human_identity,
            parent_id,
        })
    }

    /// The trait that every resource of the mapping carries.
    pub fn trait_kind(&self) -> Option<TraitKind> {
        self.resource_trait.as_ref().map(TraitMapping::kind)
    }

    /// The id of the resource that a record is about.
    pub fn id(&self, scope: &Scope<'_>) -> Result<String, MappingError> {
        required_id("id", &self.id, scope)
    }

    /// Maps one record. `parent` is the resource the listing ran for, when it ran for one.
    pub fn apply(
        &self,
        scope: &Scope<'_>,
        parent: Option<&ResourceId>,
        parent_type: Option<&ResourceTypeId>,
        remarks: &mut Remarks,
    ) -> Result<Resource, MappingError> {
        let id = required_id("id", &self.id, scope)?;
        let display_name = optional_text("display_name", Some(&self.display_name), scope)?;
        let display_name = display_name.unwrap_or_else(|| {
            remarks.add(
                "empty-display-name",
                format!("`display_name` is empty for `{id}`: the id is shown"),
            );
            id.clone()
        });
        let mut resource = Resource::new(
            ResourceId {
                resource_type: self.resource_type.clone(),
                id,
            },
            display_name,
        );
        resource.description =
            optional_text("description", self.description.as_ref(), scope)?.unwrap_or_default();
        resource.parent = match (&self.parent_id, parent_type) {
            (Some(parent_id), Some(parent_type)) => {
                optional_text("parent_id", Some(parent_id), scope)?.map(|id| ResourceId {
                    resource_type: parent_type.clone(),
                    id,
                })
            }
            _ => parent.cloned(),
        };
        if let Some(mapping) = &self.resource_trait {
            resource
                .traits
                .push(mapping.apply(scope, &resource.id, remarks)?);
        }
        if let Some(mapping) = &self.non_human_identity {
            resource.non_human_identity = Some(mapping.apply(scope, &resource.id, remarks)?);
        }
        Ok(resource)
    }
}

/// Warns of an id that is the same for every record: all of them would be one resource.
fn constant_id(id: &Expression, config: &ResourceMappingConfig, fields: &mut FieldContext) {
    let text = &config.id.0;
    let Some(constant) = id.constant() else {
        return;
    };
    let (message, help) = match id.literal() {
        Some(word) if is_bare_word(word) => {
            let field = match fields.cx.dialect {
                Dialect::Http if fields.bare == Bare::Literal => format!("cel:item.{word}"),
                _ => format!(".{word}"),
            };
            (
                format!("`id` is the text `{word}` for every record"),
                format!("write the field that tells records apart: `{field}`"),
            )
        }
        _ => (
            format!("`id` is `{constant}` for every record"),
            "write the field that tells records apart".to_owned(),
        ),
    };
    let noted = |found: &Diagnostic| found.at.as_ref().is_some_and(|at| at.span == text.span);
    if !fields.cx.diagnostics.iter().any(noted) {
        fields.cx.warning("constant-id", text.span, message, &help);
    }
}
