//! `grant_replace`: the rows that were found → the one grant that the new one takes the place of.

use std::sync::Arc;

use super::super::holding::{self, Holding};
use super::super::prepared::{Deed, Prepared};
use super::super::steps::End;
use super::member;
use crate::diagnostic::list;
use crate::expr::{Inputs, Scope, Value};
use crate::mapping::{MappedGrant, Remarks};
use crate::model::{Entitlement, EntitlementId, Grant, GrantId, Purpose, Resource, ResourceId};
use crate::plan::{ChangePlan, ReplacementPlan, SqlChangePlan};

/// What was found.
pub(super) enum Found<'p> {
    /// Nothing to replace.
    Nothing,
    /// The very grant that is asked for.
    Itself,
    /// A grant, and how it is revoked.
    Other(Box<Replaced<'p>>),
}

/// The grant that is replaced.
pub(super) struct Replaced<'p> {
    pub id: GrantId,
    /// Its own way of being revoked.
    pub change: &'p SqlChangePlan,
    /// The values of that.
    pub inputs: Inputs,
}

/// A grant as its row tells it, with the id of its entitlement within its resource.
struct Told {
    grant: Grant,
    local: String,
}

/// Finds the grant to replace among the rows.
pub(super) fn find<'p>(
    plan: &ReplacementPlan,
    rows: &[Value],
    prepared: &Prepared<'p>,
) -> Result<Found<'p>, End> {
    let mut found: Vec<Told> = Vec::new();
    for row in rows {
        let told = told(plan, row, prepared).map_err(|error| {
            End::Failed(format!("a row of `grant_replace` is no grant: {error}"))
        })?;
        for one in told {
            if !found.iter().any(|other| other.grant.id == one.grant.id) {
                found.push(one);
            }
        }
    }
    if found.len() > 1 {
        let ids: Vec<&str> = found.iter().map(|told| told.grant.id.as_str()).collect();
        return Err(End::Failed(format!(
            "`grant_replace` found {} grants, {}, and a new one can take the place of one only",
            ids.len(),
            list(&ids)
        )));
    }
    match found.pop() {
        None => Ok(Found::Nothing),
        Some(told) if is_asked_for(&told, prepared) => Ok(Found::Itself),
        Some(told) => revoking(&told, prepared).map(|replaced| Found::Other(Box::new(replaced))),
    }
}

/// The grants that one row tells of.
fn told(plan: &ReplacementPlan, row: &Value, prepared: &Prepared<'_>) -> Result<Vec<Told>, String> {
    let resource_type = member(prepared.inputs.get("resource"), "Type");
    let mut found = Vec::new();
    for (mapping, resource_id) in &plan.mappings {
        let scope = Scope::new(&prepared.inputs, Some(row));
        if mapping.surely_skips(&scope) {
            continue;
        }
        let id = resource_id.text(&scope);
        let Some(id) = id.map_err(|error| error.to_string())? else {
            continue;
        };
        let resource = resource_of(ResourceId::new(resource_type, id), "resource", prepared);
        let value = crate::mapping::resource_value(&resource);
        let inputs = prepared.inputs.clone().with("resource", value);
        let scope = Scope::new(&inputs, Some(row));
        let resource = Arc::new(resource);
        let mapped = mapping.apply(&resource, &scope, &mut Remarks::default());
        if let MappedGrant::Grant(grant) = mapped.map_err(|error| error.to_string())? {
            let on = EntitlementId::on(&resource.id, "");
            let local = grant.entitlement.as_str().strip_prefix(on.as_str());
            found.push(Told {
                local: local.unwrap_or_default().to_owned(),
                grant: *grant,
            });
        }
    }
    Ok(found)
}

fn is_asked_for(told: &Told, prepared: &Prepared<'_>) -> bool {
    let asked = |name: &str, of: &str| member(prepared.inputs.get(name), of).to_owned();
    let resource = &told.grant.resource.id;
    let principal = &told.grant.principal;
    resource.id == asked("resource", "ID")
        && told.local == asked("entitlement", "ID")
        && principal.id == asked("principal", "ID")
        && principal.resource_type.as_str() == asked("principal", "Type")
}

/// How the grant is revoked: by the provisioning of its own entitlement.
fn revoking<'p>(told: &Told, prepared: &Prepared<'p>) -> Result<Replaced<'p>, End> {
    let grant = &told.grant;
    let resource = Resource::clone(&grant.resource);
    let holding = Holding {
        entitlement: Entitlement {
            id: grant.entitlement.clone(),
            resource,
            display_name: told.local.clone(),
            description: String::new(),
            purpose: Purpose::Assignment,
            slug: told.local.clone(),
            grantable_to: Vec::new(),
            immutable: false,
            exclusion_group: None,
            annotations: Vec::new(),
        },
        principal: resource_of(grant.principal.clone(), "principal", prepared),
    };
    let impossible = |reason: String| {
        End::Failed(format!(
            "`grant_replace` found `{}`, which cannot be revoked: {reason}",
            grant.id.as_str()
        ))
    };
    let provisioning = holding::provisioning_of(prepared.plan, &holding, Deed::Revoke);
    let (_, provisioning) = provisioning.map_err(|error| impossible(error.to_string()))?;
    match &provisioning.revoke {
        Some(ChangePlan::Sql(change)) if !change.statements.is_empty() => Ok(Replaced {
            id: grant.id.clone(),
            change,
            inputs: holding.inputs(prepared.plan),
        }),
        _ => Err(impossible(
            "its `provisioning` has no `revoke` with `queries`".to_owned(),
        )),
    }
}

/// A resource of which only the id is known, with the name that the one that is asked for has where
/// it is the same.
fn resource_of(id: ResourceId, asked: &str, prepared: &Prepared<'_>) -> Resource {
    let asked = prepared.inputs.get(asked);
    let is_same =
        member(asked, "ID") == id.id && member(asked, "Type") == id.resource_type.as_str();
    let name = match is_same {
        true => member(asked, "DisplayName").to_owned(),
        false => id.id.clone(),
    };
    Resource::new(id, name)
}
