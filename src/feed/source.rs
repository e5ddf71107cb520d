//! The listings of a plan that bring events, and what their records become.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::error::FeedError;
use super::event::{self, Event, EventEntitlement, EventKind, EventResource};
use super::mark::{Hash, Nanos};
use crate::expr::{Inputs, Scope, Value, parse_time};
use crate::hex::hex;
use crate::mapping::{MappedGrant, MappingError, Remarks, required_id, resource_value, skips};
use crate::model::{Resource, ResourceId};
use crate::plan::{ChangesPlan, FindPlan, GrantsPlan, Plan, ResourcesPlan, TypePlan};
use crate::source::{Page, SourceError};

/// A listing that brings events.
#[derive(Debug)]
pub(super) struct EventSource<'p> {
    /// Its place in the file: `resource_types.user.incremental_sync`.
    pub name: String,
    /// What its records tell.
    pub kind: EventKind,
    /// The listing.
    pub changes: &'p ChangesPlan,
    plan: &'p Plan,
    type_plan: &'p TypePlan,
    grants: Option<&'p GrantsPlan>,
}

/// What a record tells.
#[derive(Debug)]
pub(super) struct Told {
    pub at: Nanos,
    pub hash: Hash,
    pub event: Event,
}

/// The listings of a plan, in the order in which they are asked: by type; its resources, then what
/// was granted and revoked by each entry of `grants`.
pub(super) fn sources(plan: &Plan) -> Vec<EventSource<'_>> {
    let mut types: Vec<&TypePlan> = plan.types.iter().collect();
    types.sort_by_key(|found| found.resource_type.id.as_str());
    let mut sources = Vec::new();
    for type_plan in types {
        let id = &type_plan.resource_type.id;
        let source = |name, kind, changes, grants| EventSource {
            name,
            kind,
            changes,
            plan,
            type_plan,
            grants,
        };
        if let Some(changes) = &type_plan.changes {
            let name = format!("resource_types.{id}.incremental_sync");
            sources.push(source(name, EventKind::ResourceChange, changes, None));
        }
        for (index, grants) in type_plan.grants.iter().enumerate() {
            let Some(changes) = &grants.changes else {
                continue;
            };
            let path = match type_plan.grants.len() {
                1 => format!("resource_types.{id}.grants.incremental_sync"),
                _ => format!("resource_types.{id}.grants[{index}].incremental_sync"),
            };
            let name = format!("{path}.changes");
            let granted = &changes.granted;
            sources.push(source(name, EventKind::CreateGrant, granted, Some(grants)));
            if let Some(revoked) = &changes.revoked {
                let name = format!("{path}.revokes");
                sources.push(source(name, EventKind::CreateRevoke, revoked, Some(grants)));
            }
        }
    }
    sources
}

impl EventSource<'_> {
    /// The events of a page, the earliest first, and what is wrong with records that are none.
    pub fn told(
        &self,
        page: &Page,
        inputs: &Inputs,
    ) -> Result<(Vec<Told>, Vec<String>), FeedError> {
        let mut inputs = inputs.clone();
        inputs.extend(&page.shared);
        let mut told = Vec::new();
        let mut problems = Vec::new();
        let column = &self.changes.cursor_column;
        for record in &page.records {
            let Some(moment) = at(record, column) else {
                return Err(FeedError::NoMoment {
                    source_name: self.name.clone(),
                    column: column.clone(),
                    found: fields(record),
                });
            };
            let events = match parse_time(moment) {
                Ok(Some(at)) => self.events(record, at, &inputs).map_err(in_words),
                Ok(None) => Err(format!("its `{column}` is empty")),
                Err(problem) => Err(format!("its `{column}` is no moment: {problem}")),
            };
            match events {
                Ok(events) => told.extend(events),
                Err(problem) => {
                    problems.push(format!("`{}`: a record is left out: {problem}", self.name))
                }
            }
        }
        told.sort_by_key(|told| (told.at, told.hash));
        told.dedup_by(|one, other| one.event.id == other.event.id);
        Ok((told, problems))
    }

    /// What one record tells.
    fn events(
        &self,
        record: &Value,
        at: DateTime<Utc>,
        inputs: &Inputs,
    ) -> Result<Vec<Told>, MappingError> {
        let scope = Scope::new(inputs, Some(record));
        let Some(grants) = self.grants else {
            if skips("skip_if", self.changes.skip_if.as_ref(), &scope)? {
                return Ok(Vec::new());
            }
            let id = self.resource_id(&scope)?;
            let resource = EventResource::of(&id);
            return Ok(vec![self.event(&id, record, at, resource, None)]);
        };
        let resource = Resource::new(self.resource_id(&scope)?, "");
        let mut inputs = inputs.clone();
        inputs.set("resource", resource_value(&resource));
        let scope = Scope::new(&inputs, Some(record));
        let skip_if = match self.changes.mappings.is_empty() {
            true => self.changes.skip_if.as_ref().or(grants.skip_if.as_ref()),
            false => self.changes.skip_if.as_ref(),
        };
        if skips("skip_if", skip_if, &scope)? {
            return Ok(Vec::new());
        }
        let mappings = match self.changes.mappings.as_slice() {
            [] => &grants.mappings,
            own => own,
        };
        let resource = Arc::new(resource);
        let mut told = Vec::new();
        for mapping in mappings {
            let mapped = mapping.apply(&resource, &scope, &mut Remarks::default())?;
            if let MappedGrant::Grant(grant) = mapped {
                let on = EventResource::of(&resource.id);
                let held = (EventEntitlement::of(&grant.entitlement), &grant.principal);
                told.push(self.event(&resource.id, record, at, on, Some(held)));
            }
        }
        Ok(told)
    }

    fn resource_id(&self, scope: &Scope<'_>) -> Result<ResourceId, MappingError> {
        let id = match (&self.changes.resource_id, &self.type_plan.resources) {
            (Some(id), _) => required_id("incremental_sync.resource_id", id, scope)?,
            (None, ResourcesPlan::Listed { mapping, .. }) => mapping.id(scope)?,
            (None, ResourcesPlan::Written(_)) => {
                return Err(MappingError::BadValue {
                    field: "incremental_sync.resource_id",
                    expression: String::new(),
                    problem: "must be written: the resources of the type are not listed".to_owned(),
                });
            }
        };
        Ok(ResourceId {
            resource_type: self.type_plan.resource_type.id.clone(),
            id,
        })
    }

    fn event(
        &self,
        of: &ResourceId,
        record: &Value,
        at: DateTime<Utc>,
        resource: EventResource,
        held: Option<(EventEntitlement, &ResourceId)>,
    ) -> Told {
        let (entitlement, principal) = held.unzip();
        let mut parts = vec![
            self.kind.prefix().to_owned(),
            of.resource_type.to_string(),
            of.id.clone(),
        ];
        parts.extend(principal.map(|principal| principal.id.clone()));
        parts.push(event::text(at));
        parts.push(row_key(record, entitlement.as_ref(), principal));
        let id = parts.join(":");
        let nearest = match at.timestamp() < 0 {
            true => Nanos::MIN,
            false => Nanos::MAX,
        };
        Told {
            at: at.timestamp_nanos_opt().unwrap_or(nearest),
            hash: first(&Sha256::digest(&id)),
            event: Event {
                id,
                occurred_at: at,
                kind: self.kind,
                resource,
                entitlement,
                principal: principal.map(EventResource::of),
            },
        }
    }

    /// The event with its resource as it is now, where `get` fetches it.
    pub async fn complete(&self, event: &mut Event) -> Result<(), FeedError> {
        let (EventKind::ResourceChange, Some(get)) = (self.kind, &self.type_plan.get) else {
            return Ok(());
        };
        let id = ResourceId::new(
            event.resource.resource_type.as_str(),
            event.resource.id.as_str(),
        );
        let found = self.get(get, &id).await;
        let found = found.map_err(|error| FeedError::Source {
            source_name: format!("resource_types.{}.get", id.resource_type),
            error: Box::new(error),
        })?;
        event.resource = EventResource::fetched(&id, found.as_ref());
        Ok(())
    }

    async fn get(&self, get: &FindPlan, id: &ResourceId) -> Result<Option<Resource>, SourceError> {
        let ResourcesPlan::Listed {
            mapping, skip_if, ..
        } = &self.type_plan.resources
        else {
            return Ok(None);
        };
        let mut inputs = self.plan.inputs.clone();
        inputs.set("id", Value::from(id.id.as_str()));
        let Some(found) = get.ask(&inputs).await? else {
            return Ok(None);
        };
        inputs.extend(&found.shared);
        let scope = Scope::new(&inputs, Some(&found.record));
        let unreadable = |error| {
            let problem = in_words(error);
            SourceError::Invalid(format!("what was fetched cannot be mapped: {problem}"))
        };
        // What a sync leaves out is not there for it.
        if skips("skip_if", skip_if.as_ref(), &scope).map_err(unreadable)? {
            return Ok(None);
        }
        let parent_type = self.type_plan.parent.as_ref();
        let mapped = mapping.apply(&scope, None, parent_type, &mut Remarks::default());
        mapped.map(Some).map_err(unreadable)
    }
}

/// A mapping's mistake with its cause, as one sentence.
fn in_words(error: MappingError) -> String {
    match &error {
        MappingError::Expression { source, .. } => format!("{error}: {source}"),
        _ => error.to_string(),
    }
}

/// A field of a record: under its name, or along its path.
fn at<'r>(record: &'r Value, path: &str) -> Option<&'r Value> {
    let whole = record.get(path);
    whole.or_else(|| {
        let mut keys = path.trim_start_matches("$.").split('.');
        keys.try_fold(record, |value, key| value.get(key))
    })
}

/// The names of a record's fields, for messages.
fn fields(record: &Value) -> String {
    match record {
        Value::Map(map) if !map.is_empty() => {
            crate::diagnostic::list(&map.keys().collect::<Vec<_>>())
        }
        Value::Map(_) => "nothing".to_owned(),
        other => format!("no fields: each is {}", other.type_name()),
    }
}

/// Tells a record of a moment from the others of that moment: the same one has the same key again,
/// whatever the order of its fields.
fn row_key(
    record: &Value,
    entitlement: Option<&EventEntitlement>,
    principal: Option<&ResourceId>,
) -> String {
    let mut record: serde_json::Value = record.into();
    record.sort_all_objects();
    let principal = principal.map(|principal| principal.resource_type.as_str());
    let entitlement = entitlement.map(|entitlement| &entitlement.id);
    let text = serde_json::json!([record, entitlement, principal]).to_string();
    let hash: Hash = first(&Sha256::digest(text));
    hex(&hash)
}

/// The first bytes of a hash.
pub(super) fn first<const N: usize>(hash: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&hash[..N]);
    bytes
}
