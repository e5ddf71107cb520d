//! A record → an entitlement; a template → an entitlement of every resource.

use super::field::{FieldContext, optional_text, required_id, skips};
use super::{MappingError, Remarks, ResourceKey, words};
use crate::config::mapping::{
    EntitlementMappingConfig, ExclusionGroupConfig, StaticEntitlementConfig,
};
use crate::config::scalar::Text;
use crate::config::{Bare, CompileContext, Wanted};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expression, Scope, Variables};
use crate::model::{Entitlement, EntitlementId, ExclusionGroup, Purpose, Resource, ResourceTypeId};

/// An entitlement that every resource of a type has.
#[derive(Debug, Clone)]
pub struct StaticEntitlement {
    id: String,
    slug: String,
    display_name: Option<Expression>,
    description: Option<Expression>,
    purpose: Purpose,
    grantable_to: Vec<ResourceTypeId>,
    immutable: bool,
    exclusion_group: Option<ExclusionGroupMapping>,
}

impl StaticEntitlement {
    /// Compiles a template. `None` when a mistake was noted.
    pub fn compile(
        config: &StaticEntitlementConfig,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let purpose = match &config.purpose {
            Some(text) if !text.text.is_empty() => purpose_word(text, cx),
            _ => Purpose::Unspecified,
        };
        if let Some(skip_if) = &config.skip_if {
            cx.warning(
                "no-effect",
                skip_if.0.span,
                "`skip_if` has no effect on a static entitlement",
                "list the entitlement with `entitlements` to leave it out of some resources",
            );
        }
        let mut fields = FieldContext {
            cx,
            bare: Bare::Literal,
            variables,
        };
        let display_name = fields.optional(&config.display_name);
        let description = fields.optional(&config.description);
        let exclusion_group = match &config.exclusion_group {
            Some(group) => Some(ExclusionGroupMapping::compile(group, &mut fields)?),
            None => None,
        };
        if config.id.text.is_empty() {
            return cx.error("missing-field", config.id.span, "`id` is empty");
        }
        let slug = config
            .slug
            .as_ref()
            .filter(|slug| !slug.text.is_empty())
            .unwrap_or(&config.id);
        Some(Self {
            id: config.id.text.clone(),
            slug: slug.text.clone(),
            display_name,
            description,
            purpose,
            grantable_to: type_ids(&config.grantable_to),
            immutable: config.immutable,
            exclusion_group,
        })
    }

    /// The entitlement's id on the resource, as the YAML writes it.
    pub fn local_id(&self) -> &str {
        &self.id
    }

    /// The entitlement of one resource.
    pub fn apply(
        &self,
        resource: &Resource,
        scope: &Scope<'_>,
    ) -> Result<Entitlement, MappingError> {
        let mut exclusion_group = self
            .exclusion_group
            .as_ref()
            .map(|group| group.apply(scope))
            .transpose()?;
        if let Some(group) = &mut exclusion_group
            && group.scope_to_resource
        {
            group.id = format!("{}-{}", group.id, resource.id.id);
        }
        Ok(Entitlement {
            id: EntitlementId::on(&resource.id, &self.id),
            resource: resource.clone(),
            display_name: optional_text("display_name", self.display_name.as_ref(), scope)?
                .unwrap_or_else(|| resource.display_name.clone()),
            description: optional_text("description", self.description.as_ref(), scope)?
                .unwrap_or_default(),
            purpose: self.purpose,
            slug: self.slug.clone(),
            grantable_to: self.grantable_to.clone(),
            immutable: self.immutable,
            exclusion_group,
            annotations: Vec::new(),
        })
    }
}

fn purpose_word(text: &Text, cx: &mut CompileContext) -> Purpose {
    words::PURPOSE.meaning(&text.text).unwrap_or_else(|| {
        let at = cx.at(text.span);
        let message = format!("`{}` is no purpose: the entitlement gets none", text.text);
        let meant = words::PURPOSE.nearest(&text.text);
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "write `assignment`, `permission` or `ownership`".to_owned(),
        };
        let fix = meant.and_then(|meant| cx.rewrite(text, meant));
        let unknown = Diagnostic::warning("unknown-purpose", at, message).help(help);
        cx.note(unknown.fix_if(fix));
        Purpose::Unspecified
    })
}

fn type_ids(texts: &[Text]) -> Vec<ResourceTypeId> {
    texts
        .iter()
        .map(|text| ResourceTypeId::new(text.text.as_str()))
        .collect()
}

/// How a record becomes an entitlement.
#[derive(Debug, Clone)]
pub struct EntitlementMapping {
    resource_key: Option<ResourceKey>,
    skip_if: Option<Expression>,
    id: Expression,
    display_name: Expression,
    description: Option<Expression>,
    slug: Expression,
    purpose: Option<Expression>,
    grantable_to: Vec<ResourceTypeId>,
    immutable: bool,
    exclusion_group: Option<ExclusionGroupMapping>,
}

impl EntitlementMapping {
    /// Compiles a mapping. `None` when a mistake was noted.
    pub fn compile(
        config: &EntitlementMappingConfig,
        bare: Bare,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let mut fields = FieldContext {
            cx,
            bare,
            variables,
        };
        let skip_if = fields.optional_for(Wanted::Truth, &config.skip_if);
        let resource_id = fields.optional_for(Wanted::Identity, &config.resource_id);
        let id = fields.identity("id", &config.id);
        let display_name = fields.required("display_name", &config.display_name);
        let description = fields.optional(&config.description);
        let slug = match &config.slug {
            Some(slug) => fields.required("slug", slug),
            None => {
                let at = fields.cx.at(config.id.0.span);
                fields.cx.note(
                    Diagnostic::error("missing-field", at, "an entitlement mapping needs `slug`")
                        .help(
                            "`slug` is the short name of the permission, for example `slug: .name`",
                        ),
                );
                None
            }
        };
        let purpose =
            words::PURPOSE.compile("purpose", &config.purpose, "unknown-purpose", &mut fields);
        let exclusion_group = match &config.exclusion_group {
            Some(group) => Some(ExclusionGroupMapping::compile(group, &mut fields)?),
            None => None,
        };
        Some(Self {
            resource_key: ResourceKey::of(resource_id.as_ref(), skip_if.as_ref()),
            skip_if,
            id: id?,
            display_name: display_name?,
            description,
            slug: slug?,
            purpose,
            grantable_to: type_ids(&config.grantable_to),
            immutable: config.immutable,
            exclusion_group,
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

    /// Maps one record; `None` when `skip_if` says so.
    pub fn apply(
        &self,
        resource: &Resource,
        scope: &Scope<'_>,
        remarks: &mut Remarks,
    ) -> Result<Option<Entitlement>, MappingError> {
        if skips("skip_if", self.skip_if.as_ref(), scope)? {
            return Ok(None);
        }
        let id = EntitlementId::on(&resource.id, &required_id("id", &self.id, scope)?);
        let purpose = match optional_text("purpose", self.purpose.as_ref(), scope)? {
            Some(word) => words::PURPOSE.meaning(&word).unwrap_or_else(|| {
                remarks.add(
                    "unknown-word",
                    format!("`purpose` of `{id}` is `{word}`, a word it cannot have"),
                );
                Purpose::Unspecified
            }),
            None => Purpose::Unspecified,
        };
        Ok(Some(Entitlement {
            resource: resource.clone(),
            display_name: optional_text("display_name", Some(&self.display_name), scope)?
                .unwrap_or_else(|| id.to_string()),
            description: optional_text("description", self.description.as_ref(), scope)?
                .unwrap_or_default(),
            purpose,
            slug: required_id("slug", &self.slug, scope)?,
            grantable_to: self.grantable_to.clone(),
            immutable: self.immutable,
            exclusion_group: self
                .exclusion_group
                .as_ref()
                .map(|group| group.apply(scope))
                .transpose()?,
            annotations: Vec::new(),
            id,
        }))
    }
}

#[derive(Debug, Clone)]
struct ExclusionGroupMapping {
    id: Expression,
    order: Option<Expression>,
    is_default: Option<Expression>,
    scope_to_resource: Option<Expression>,
}

impl ExclusionGroupMapping {
    fn compile(config: &ExclusionGroupConfig, fields: &mut FieldContext) -> Option<Self> {
        let id = fields.identity("exclusion_group.id", &config.id);
        let order = fields.optional(&config.order);
        let is_default = fields.optional_for(Wanted::Truth, &config.is_default);
        let scope_to_resource = fields.optional_for(Wanted::Truth, &config.is_scope_to_resource);
        Some(Self {
            id: id?,
            order,
            is_default,
            scope_to_resource,
        })
    }

    fn apply(&self, scope: &Scope<'_>) -> Result<ExclusionGroup, MappingError> {
        let order = match optional_text("exclusion_group.order", self.order.as_ref(), scope)? {
            Some(text) => text
                .trim()
                .parse::<u32>()
                .map_err(|_| MappingError::BadValue {
                    field: "exclusion_group.order",
                    expression: self
                        .order
                        .as_ref()
                        .map_or("", Expression::source)
                        .to_owned(),
                    problem: "is no whole number from 0 to 4294967295".to_owned(),
                })?,
            None => 0,
        };
        let truth = |field, expression: &Option<Expression>| match expression {
            Some(expression) => expression
                .truth(scope)
                .map_err(MappingError::expression(field)),
            None => Ok(false),
        };
        Ok(ExclusionGroup {
            id: required_id("exclusion_group.id", &self.id, scope)?,
            order,
            is_default: truth("exclusion_group.is_default", &self.is_default)?,
            scope_to_resource: truth(
                "exclusion_group.is_scope_to_resource",
                &self.scope_to_resource,
            )?,
        })
    }
}
