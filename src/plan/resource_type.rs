//! One resource type, compiled.

use super::account::{AccountPlan, RotationPlan};
use super::change::ChangePlan;
use super::columns::ColumnRead;
use super::find::FindPlan;
use super::incremental::{ChangesPlan, GrantChangesPlan};
use super::listing::{Step, TypeCompiler, step};
use super::provisioning::TypeProvisioning;
use super::variables::{Scopes, scopes};
use crate::config::http::MappingType;
use crate::config::resource_type::{
    EntitlementsConfig, GrantsConfig, ListConfig, StaticResourceConfig,
};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expression, Scope, Variables};
use crate::mapping::{
    EntitlementMapping, GrantMapping, MappingError, Remarks, ResourceKey, ResourceMapping,
    StaticEntitlement,
};
use crate::model::{
    Profile, ProfileValue, Resource, ResourceId, ResourceTrait, ResourceType, ResourceTypeId,
    TraitKind,
};
use crate::source::Fetch;

/// Everything a sync does for one resource type.
#[derive(Debug)]
pub struct TypePlan {
    /// The type itself.
    pub resource_type: ResourceType,
    /// The type it is listed under, once per resource of it.
    pub parent: Option<ResourceTypeId>,
    /// The types that are listed before it.
    pub depends_on: Vec<ResourceTypeId>,
    /// The types that are listed under it.
    pub children: Vec<ResourceTypeId>,
    /// Where its resources come from.
    pub resources: ResourcesPlan,
    /// Entitlements of every resource.
    pub static_entitlements: Vec<StaticEntitlement>,
    /// Listings of entitlements, once per resource.
    pub entitlements: Vec<EntitlementsPlan>,
    /// Listings of grants, once per resource.
    pub grants: Vec<GrantsPlan>,
    /// How its entitlements are granted and revoked.
    pub provisioning: TypeProvisioning,
    /// How its accounts are made.
    pub account: Option<AccountPlan>,
    /// How its accounts get new passwords.
    pub rotation: Option<RotationPlan>,
    /// How resources are made that are no accounts.
    pub creation: Option<AccountPlan>,
    /// How a resource is deleted.
    pub deletion: Option<ChangePlan>,
    /// Fetches one of its resources.
    pub get: Option<FindPlan>,
    /// Lists what changed.
    pub changes: Option<ChangesPlan>,
}

/// Where the resources of a type come from.
#[derive(Debug)]
pub enum ResourcesPlan {
    /// They are listed.
    Listed {
        /// Brings the records.
        fetch: Box<dyn Fetch>,
        /// Skips records.
        skip_if: Option<Expression>,
        /// What each record becomes.
        mapping: Box<ResourceMapping>,
        /// The columns that are read of each record.
        reads: Vec<ColumnRead>,
    },
    /// They are written in the file.
    Written(Vec<Resource>),
}

impl TypePlan {
    /// The resource that a record of the type is. `None` for a type whose resources are written in
    /// the file. `parent` is the resource that the listing ran for.
    pub fn resource(
        &self,
        scope: &Scope<'_>,
        parent: Option<&ResourceId>,
        remarks: &mut Remarks,
    ) -> Result<Option<Resource>, MappingError> {
        let ResourcesPlan::Listed { mapping, .. } = &self.resources else {
            return Ok(None);
        };
        let mut resource = mapping.apply(scope, parent, self.parent.as_ref(), remarks)?;
        // A type promises its traits for every resource; what is not mapped is plain.
        for kind in &self.resource_type.traits {
            if !resource.traits.iter().any(|mapped| mapped.kind() == *kind) {
                resource
                    .traits
                    .extend(ResourceTrait::plain(*kind, Profile::new()));
            }
        }
        resource.child_types.clone_from(&self.children);
        Ok(Some(resource))
    }
}

/// A listing of entitlements of one resource.
#[derive(Debug)]
pub struct EntitlementsPlan {
    /// Brings the records.
    pub fetch: Box<dyn Fetch>,
    /// Skips records.
    pub skip_if: Option<Expression>,
    /// What each record becomes: it goes through every mapping.
    pub mappings: Vec<EntitlementMapping>,
    /// The columns that are read of each record.
    pub reads: Vec<ColumnRead>,
}

/// A listing of grants on one resource.
#[derive(Debug)]
pub struct GrantsPlan {
    /// Brings the records.
    pub fetch: Box<dyn Fetch>,
    /// Skips records.
    pub skip_if: Option<Expression>,
    /// What each record becomes: it goes through every mapping.
    pub mappings: Vec<GrantMapping>,
    /// The columns that are read of each record.
    pub reads: Vec<ColumnRead>,
    /// Lists what was granted and revoked since a moment.
    pub changes: Option<GrantChangesPlan>,
}

impl TypeCompiler<'_, '_> {
    /// Compiles the type; every part is tried, so that all mistakes are noted.
    pub fn compile(mut self) -> Option<TypePlan> {
        let scopes = scopes(self.cx.dialect, self.parent.is_some());
        let id = ResourceTypeId::new(self.key.text.as_str());
        let resources = self.resources(&id, &scopes);
        let statics = self.static_entitlements(&scopes);
        let entitlements: Vec<_> = self
            .config
            .entitlements
            .0
            .iter()
            .enumerate()
            .map(|(index, config)| self.entitlements(index, config, &scopes))
            .collect();
        let grants: Vec<_> = self
            .config
            .grants
            .0
            .iter()
            .enumerate()
            .map(|(index, config)| self.grants(index, config, &scopes))
            .collect();
        let provisioning = self.provisioning();
        let account = self.account();
        let rotation = self.rotation();
        let creation = self.creation();
        let deletion = self.deletion();
        let get = self.get();
        let changes = self.resource_changes();
        let resources = resources?;
        Some(TypePlan {
            resource_type: ResourceType {
                display_name: self
                    .config
                    .name
                    .as_ref()
                    .map_or(&self.key.text, |name| &name.text)
                    .clone(),
                description: self
                    .config
                    .description
                    .as_ref()
                    .map(|text| text.text.clone())
                    .unwrap_or_default(),
                traits: self.traits(&resources),
                skip_entitlements_and_grants: self.config.skip_entitlements_and_grants,
                annotations: Vec::new(),
                id,
            },
            parent: self.parent,
            depends_on: self
                .config
                .depends_on
                .iter()
                .map(|name| ResourceTypeId::new(name.text.as_str()))
                .collect(),
            children: self.children,
            resources,
            static_entitlements: statics?,
            entitlements: entitlements.into_iter().collect::<Option<_>>()?,
            grants: grants.into_iter().collect::<Option<_>>()?,
            provisioning,
            account,
            rotation,
            creation,
            deletion,
            get,
            changes,
        })
    }

    /// The traits of the type: what is written, else what the mapping brings.
    fn traits(&self, resources: &ResourcesPlan) -> Vec<TraitKind> {
        let mut traits: Vec<TraitKind> = self
            .config
            .traits
            .iter()
            .map(|word| crate::mapping::trait_kind(*word))
            .collect();
        if let ResourcesPlan::Listed { mapping, .. } = resources
            && let Some(mapped) = mapping.trait_kind()
            && !traits.contains(&mapped)
        {
            traits.push(mapped);
        }
        traits
    }

    fn resources(&mut self, id: &ResourceTypeId, scopes: &Scopes) -> Option<ResourcesPlan> {
        match (&self.config.list, &self.config.static_resources) {
            (Some(list), None) => self.listed(id, list, scopes),
            (None, Some(written)) => Some(ResourcesPlan::Written(self.written(id, written))),
            (None, None) if self.cx.is_failed(&format!("resource_types.{id}.list")) => None,
            (None, None) => {
                let at = self.cx.at(self.key.span);
                let message = format!(
                    "resource type `{id}` says neither how its resources are listed nor what they are"
                );
                self.cx.note(
                    Diagnostic::error("missing-field", at, message)
                        .help("write `list` or `static_resources`"),
                );
                None
            }
            (Some(_), Some(_)) => {
                let message =
                    format!("resource type `{id}` has both `list` and `static_resources`");
                self.cx.error("conflicting-fields", self.key.span, message)
            }
        }
    }

    fn listed(
        &mut self,
        id: &ResourceTypeId,
        list: &ListConfig,
        scopes: &Scopes,
    ) -> Option<ResourcesPlan> {
        let step = step!(
            list,
            format!("resource_types.{id}.list"),
            MappingType::Resource,
            self.key.span
        );
        self.cx.columns.clear();
        self.cx.words.clear();
        let mut fetch = self.fetch(&step, scopes.list, scopes.resource, None);
        self.cx.reads_response = false;
        let variables = self.mapped(&step, scopes.resource);
        let skip_if = self.skip_if(&step, variables);
        let mapping = self.mapping(&step, list.map.as_ref(), |response| {
            response.resource_mapping.as_slice()
        });
        let mapping = mapping.and_then(|(configs, bare)| {
            if let [_, second, ..] = configs {
                let message =
                    "a record becomes one resource: `map` may hold one mapping".to_owned();
                return self
                    .cx
                    .error("conflicting-fields", second.id.0.span, message);
            }
            ResourceMapping::compile(configs.first()?, id, bare, variables, self.cx)
        });
        let reads = self.check_columns(&step);
        self.share_answers(&mut fetch);
        Some(ResourcesPlan::Listed {
            fetch: fetch?,
            skip_if,
            mapping: Box::new(mapping?),
            reads,
        })
    }

    /// Resources that are written in the file carry the trait of their type.
    fn written(&self, id: &ResourceTypeId, written: &[StaticResourceConfig]) -> Vec<Resource> {
        let to_resource = |config: &StaticResourceConfig| {
            let name = config.display_name.as_ref().unwrap_or(&config.id);
            let mut resource = Resource::new(
                ResourceId {
                    resource_type: id.clone(),
                    id: config.id.text.clone(),
                },
                &*name.text,
            );
            resource.description = config
                .description
                .as_ref()
                .map(|text| text.text.clone())
                .unwrap_or_default();
            let profile: crate::model::Profile = config
                .profile
                .iter()
                .map(|(name, value)| (name.text.clone(), ProfileValue::Text(value.text.clone())))
                .collect();
            resource.traits = self
                .config
                .traits
                .iter()
                .filter_map(|word| {
                    ResourceTrait::plain(crate::mapping::trait_kind(*word), profile.clone())
                })
                .collect();
            resource
        };
        written.iter().map(to_resource).collect()
    }

    /// The path of one of several entries; one alone needs no index.
    fn entry_name(&self, section: &str, entries: usize, index: usize) -> String {
        match entries {
            1 => format!("resource_types.{}.{section}", self.key.text),
            _ => format!("resource_types.{}.{section}[{index}]", self.key.text),
        }
    }

    fn static_entitlements(&mut self, scopes: &Scopes) -> Option<Vec<StaticEntitlement>> {
        let configs = self
            .config
            .static_entitlements
            .as_deref()
            .unwrap_or_default();
        let compiled: Vec<_> = configs
            .iter()
            .map(|config| StaticEntitlement::compile(config, scopes.template, self.cx))
            .collect();
        compiled.into_iter().collect()
    }

    /// What lists for each resource of the type, and the variables of its records.
    fn fetch_for_each(
        &mut self,
        step: &Step,
        scopes: &Scopes,
    ) -> (Option<Box<dyn Fetch>>, Variables) {
        let id = Some(self.key.text.as_str());
        let fetch = self.fetch(step, scopes.per_resource, scopes.record, id);
        self.cx.reads_response = false;
        (fetch, self.mapped(step, scopes.record))
    }

    fn entitlements(
        &mut self,
        index: usize,
        config: &EntitlementsConfig,
        scopes: &Scopes,
    ) -> Option<EntitlementsPlan> {
        let name = self.entry_name("entitlements", self.config.entitlements.0.len(), index);
        let step = step!(config, name, MappingType::Entitlement, self.key.span);
        self.cx.columns.clear();
        self.cx.words.clear();
        let (mut fetch, variables) = self.fetch_for_each(&step, scopes);
        let skip_if = self.skip_if(&step, variables);
        let mappings = self
            .mapping(&step, config.map.as_ref(), |response| {
                &response.entitlement_mapping.0
            })
            .and_then(|(configs, bare)| {
                let compiled: Vec<_> = configs
                    .iter()
                    .map(|config| EntitlementMapping::compile(config, bare, variables, self.cx))
                    .collect();
                compiled.into_iter().collect::<Option<Vec<_>>>()
            });
        let reads = self.check_columns(&step);
        self.share_answers(&mut fetch);
        let keys = mappings
            .iter()
            .flatten()
            .map(EntitlementMapping::resource_key);
        self.bulk_only_once(
            &step,
            fetch.as_deref(),
            keys.flatten().any(ResourceKey::is_written),
        );
        Some(EntitlementsPlan {
            fetch: fetch?,
            skip_if,
            mappings: mappings?,
            reads,
        })
    }

    fn grants(
        &mut self,
        index: usize,
        config: &GrantsConfig,
        scopes: &Scopes,
    ) -> Option<GrantsPlan> {
        let name = self.entry_name("grants", self.config.grants.0.len(), index);
        let step = step!(config, name, MappingType::Grant, self.key.span);
        self.cx.columns.clear();
        self.cx.words.clear();
        let (mut fetch, variables) = self.fetch_for_each(&step, scopes);
        let skip_if = self.skip_if(&step, variables);
        let mappings = self
            .mapping(&step, config.map.as_ref(), |response| {
                &response.grant_mapping.0
            })
            .and_then(|(configs, bare)| {
                let compiled: Vec<_> = configs
                    .iter()
                    .map(|config| GrantMapping::compile(config, bare, variables, self.cx))
                    .collect();
                compiled.into_iter().collect::<Option<Vec<_>>>()
            });
        let reads = self.check_columns(&step);
        self.share_answers(&mut fetch);
        let changes = config.incremental_sync.as_ref();
        let changes = changes.and_then(|changes| self.grant_changes(changes, &step.name));
        let keys = mappings.iter().flatten().map(GrantMapping::resource_key);
        self.bulk_only_once(
            &step,
            fetch.as_deref(),
            keys.flatten().any(ResourceKey::is_written),
        );
        Some(GrantsPlan {
            fetch: fetch?,
            skip_if,
            mappings: mappings?,
            reads,
            changes,
        })
    }
}
