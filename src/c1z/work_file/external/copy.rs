//! Principals of another system, with what they have and who has it → rows of a run.

use std::collections::HashSet;
use std::sync::Arc;

use prost::Name as _;
use rusqlite::{Connection, params};

use super::super::failure::Failure;
use super::super::put;
use super::mark;
use super::principals::Principals;
use crate::c1z::{C1zError, EntitlementFilter, External, GrantFilter, message};
use crate::model::{Resource, ResourceId, ResourceType};
use crate::proto::connector::v2 as proto;
use crate::sync::Matched;

/// Where copies go.
pub(super) struct Copying<'d> {
    pub db: &'d Connection,
    pub run: &'d str,
    pub now: &'d str,
    pub explain: &'d dyn Fn(Failure) -> C1zError,
}

/// Resources whose entitlements or grants are not copied, because their system says so.
#[derive(Default)]
struct Skipped {
    entitlements: HashSet<ResourceId>,
    grants: HashSet<ResourceId>,
}

impl Copying<'_> {
    /// Copies all that counts. What is here under an id already stays as it is: the resources of the
    /// system itself come first, and whoever has the id of one of them is not copied, so that
    /// nobody is taken for somebody else.
    pub fn copy(
        &self,
        external: &External,
        principals: &mut Principals,
        matched: &mut Matched,
    ) -> Result<(), C1zError> {
        let chosen = external.chosen()?;
        let chosen = chosen.map(|ids| ids.into_iter().collect::<HashSet<_>>());
        let mut skipped = Skipped::default();
        for of_type in external.types() {
            self.insert_type(of_type).map_err(self.explain)?;
            for resource in external.sync()?.resources(Some(&of_type.id)) {
                let mut resource = resource?;
                if chosen
                    .as_ref()
                    .is_some_and(|ids| !ids.contains(&resource.id))
                {
                    continue;
                }
                mark(&mut resource);
                if !self.insert_resource(&resource).map_err(self.explain)? {
                    matched.clashes.note(format!("resource `{}`", resource.id));
                    continue;
                }
                matched.principals += 1;
                principals.add(of_type, &resource);
                skipped.note(of_type, &resource);
            }
        }
        let copied = self.copy_entitlements(external, principals, &skipped, matched)?;
        self.copy_grants(external, principals, &skipped, &copied, matched)
    }

    /// Returns the ids of those that were copied.
    fn copy_entitlements(
        &self,
        external: &External,
        principals: &Principals,
        skipped: &Skipped,
        matched: &mut Matched,
    ) -> Result<HashSet<String>, C1zError> {
        let mut copied = HashSet::new();
        for of_type in external.types() {
            let filter = EntitlementFilter {
                resource_type: Some(&of_type.id),
                ..EntitlementFilter::default()
            };
            for entitlement in external.sync()?.entitlements(&filter) {
                let mut entitlement = entitlement?;
                let on = &mut entitlement.resource;
                if !principals.has(&on.id) || skipped.entitlements.contains(&on.id) {
                    continue;
                }
                mark(on);
                entitlement.immutable = true;
                let on = &entitlement.resource.id;
                let data = message::entitlement::encode(&entitlement);
                let inserted = self.insert(
                    "insert into v1_entitlements
                         (resource_type_id, resource_id, external_id, data, sync_id, discovered_at)
                     values (?1, ?2, ?3, ?4, ?5, ?6) on conflict do nothing",
                    params![
                        on.resource_type.0,
                        on.id,
                        entitlement.id.0,
                        data,
                        self.run,
                        self.now
                    ],
                );
                if inserted.map_err(self.explain)? {
                    matched.entitlements += 1;
                    copied.insert(entitlement.id.0);
                } else {
                    let example = format!("entitlement `{}`", entitlement.id);
                    matched.clashes.note(example);
                }
            }
        }
        Ok(copied)
    }

    fn copy_grants(
        &self,
        external: &External,
        principals: &Principals,
        skipped: &Skipped,
        entitlements: &HashSet<String>,
        matched: &mut Matched,
    ) -> Result<(), C1zError> {
        let mut encoder = message::grant::Encoder::default();
        // Of grants on one resource that follow each other, the copies share it.
        let mut last: Option<Arc<Resource>> = None;
        for of_type in external.types() {
            let filter = GrantFilter {
                resource_type: Some(&of_type.id),
                ..GrantFilter::default()
            };
            for grant in external.sync()?.grants(&filter) {
                let mut grant = grant?;
                let on = &grant.resource.id;
                if !entitlements.contains(grant.entitlement.as_str()) || skipped.grants.contains(on)
                {
                    continue;
                }
                if !principals.has(&grant.principal) || grant.external_match.is_some() {
                    matched.left_out += 1;
                    continue;
                }
                grant.immutable = true;
                mark(Arc::make_mut(&mut grant.resource));
                match &last {
                    Some(last) if *last == grant.resource => grant.resource = last.clone(),
                    _ => last = Some(grant.resource.clone()),
                }
                let inserted = put::grant(self.db, self.run, &grant, &mut encoder, self.now, None);
                match inserted.map_err(|error| (self.explain)(error.into()))? {
                    true => matched.grants += 1,
                    false => matched.clashes.note(format!("grant `{}`", grant.id)),
                }
            }
        }
        Ok(())
    }

    fn insert_type(&self, of_type: &ResourceType) -> Result<bool, Failure> {
        let data = message::resource_type::encode(of_type);
        self.insert(
            "insert into v1_resource_types (external_id, data, sync_id, discovered_at)
             values (?1, ?2, ?3, ?4) on conflict do nothing",
            params![of_type.id.0, data, self.run, self.now],
        )
    }

    fn insert_resource(&self, resource: &Resource) -> Result<bool, Failure> {
        let parent = resource.parent.as_ref();
        self.insert(
            "insert into v1_resources
                 (resource_type_id, external_id, parent_resource_type_id, parent_resource_id,
                  data, sync_id, discovered_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict do nothing",
            params![
                resource.id.resource_type.0,
                resource.id.to_string(),
                parent.map(|parent| parent.resource_type.as_str()),
                parent.map(|parent| parent.id.as_str()),
                message::resource::encode(resource),
                self.run,
                self.now
            ],
        )
    }

    /// False when there is a row of this identity.
    fn insert(&self, sql: &str, params: impl rusqlite::Params) -> Result<bool, Failure> {
        Ok(self.db.prepare_cached(sql)?.execute(params)? == 1)
    }
}

impl Skipped {
    fn note(&mut self, of_type: &ResourceType, resource: &Resource) {
        let says = |name: String| {
            let mut annotations = resource.annotations.iter();
            annotations.any(|it| message::annotation_name(it) == name)
        };
        let both = of_type.skip_entitlements_and_grants
            || says(proto::SkipEntitlementsAndGrants::full_name());
        if both || says(proto::SkipEntitlements::full_name()) {
            self.entitlements.insert(resource.id.clone());
        }
        if both || says(proto::SkipGrants::full_name()) {
            self.grants.insert(resource.id.clone());
        }
    }
}
