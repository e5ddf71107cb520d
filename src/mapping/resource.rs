//! A record → a resource.

use super::traits::{NonHumanIdentityMapping, TraitMapping};
use super::{MappingError, Remarks};
use crate::config::mapping::ResourceMappingConfig;
use crate::config::scalar::ExprText;
use crate::config::{Bare, CompileContext};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expression, Map, Scope, Value, Variables};
use crate::model::{ProfileValue, Resource, ResourceId, ResourceTrait, ResourceTypeId, TraitKind};

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

/// What a mapping carries along while it is compiled.
pub(super) struct FieldContext<'c, 'e> {
    pub cx: &'c mut CompileContext<'e>,
    pub bare: Bare,
    pub variables: Variables,
}

impl FieldContext<'_, '_> {
    /// An optional field. `None` when it is not set, or when a mistake was noted.
    pub fn optional(&mut self, source: &Option<ExprText>) -> Option<Expression> {
        source
            .as_ref()
            .and_then(|source| self.cx.expression(source, self.bare, self.variables))
    }

    /// A field that must be set: an empty text is a mistake.
    pub fn required(&mut self, name: &str, source: &ExprText) -> Option<Expression> {
        if source.0.text.is_empty() {
            return self
                .cx
                .error("missing-field", source.0.span, format!("`{name}` is empty"));
        }
        self.cx.expression(source, self.bare, self.variables)
    }
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
        let id = fields.required("id", &config.id);
        let display_name = fields.required("display_name", &config.display_name);
        let description = fields.optional(&config.description);
        let parent_id = fields.optional(&config.parent_id);
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

/// The text of an expression; `None` when it is null or empty, which both mean "not set".
pub(super) fn optional_text(
    field: &'static str,
    expression: Option<&Expression>,
    scope: &Scope<'_>,
) -> Result<Option<String>, MappingError> {
    let Some(expression) = expression else {
        return Ok(None);
    };
    let text = expression
        .text(scope)
        .map_err(MappingError::expression(field))?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// The text of an expression that identifies something: 1 to 1024 bytes.
pub(super) fn required_id(
    field: &'static str,
    expression: &Expression,
    scope: &Scope<'_>,
) -> Result<String, MappingError> {
    let text = optional_text(field, Some(expression), scope)?;
    let id = text.ok_or_else(|| MappingError::Empty {
        field,
        expression: expression.source().to_owned(),
    })?;
    match id.len() {
        1..=1024 => Ok(id),
        length => Err(MappingError::TooLong { field, length }),
    }
}

/// A resource as expressions and templates see it. Both spellings of each member work in both
/// dialects: `resource.ID` and `resource.id`.
pub fn resource_value(resource: &Resource) -> Value {
    let text = |text: &str| Value::Text(text.to_owned());
    let mut fields = Map::new();
    for name in ["ID", "id"] {
        fields.insert(name.to_owned(), text(&resource.id.id));
    }
    for name in ["Type", "type", "ResourceTypeID", "resource_type"] {
        fields.insert(name.to_owned(), text(resource.id.resource_type.as_str()));
    }
    for name in ["DisplayName", "display_name"] {
        fields.insert(name.to_owned(), text(&resource.display_name));
    }
    for name in ["Description", "description"] {
        fields.insert(name.to_owned(), text(&resource.description));
    }
    let profile = resource
        .traits
        .iter()
        .find_map(ResourceTrait::profile)
        .unwrap_or(&resource.profile);
    fields.insert("profile".to_owned(), profile_value(profile));
    let traits = resource
        .traits
        .iter()
        .map(|found| (found.kind().name().to_owned(), trait_value(found)));
    fields.insert("traits".to_owned(), Value::Map(traits.collect()));
    Value::Map(fields)
}

fn trait_value(found: &ResourceTrait) -> Value {
    let mut fields = Map::new();
    if let ResourceTrait::User(user) = found {
        let primary = user
            .emails
            .iter()
            .find(|email| email.is_primary)
            .or(user.emails.first());
        if let Some(email) = primary {
            fields.insert("email".to_owned(), Value::Text(email.address.clone()));
        }
        let emails = user
            .emails
            .iter()
            .map(|email| Value::Text(email.address.clone()));
        fields.insert("emails".to_owned(), Value::List(emails.collect()));
        fields.insert("login".to_owned(), Value::Text(user.login.clone()));
    }
    if let Some(profile) = found.profile() {
        fields.insert("profile".to_owned(), profile_value(profile));
    }
    Value::Map(fields)
}

fn profile_value(profile: &crate::model::Profile) -> Value {
    Value::Map(
        profile
            .iter()
            .map(|(name, value)| (name.clone(), attribute_value(value)))
            .collect(),
    )
}

fn attribute_value(value: &ProfileValue) -> Value {
    match value {
        ProfileValue::Null => Value::Null,
        ProfileValue::Bool(value) => Value::Bool(*value),
        ProfileValue::Number(value) => Value::Float(*value),
        ProfileValue::Text(text) => Value::Text(text.clone()),
        ProfileValue::List(items) => Value::List(items.iter().map(attribute_value).collect()),
        ProfileValue::Map(map) => profile_value(map),
    }
}
