//! Granting and revoking: a principal, an entitlement → a prepared change.

use super::ask::AskError;
use super::held::HeldProof;
use super::outcome::Subject;
use super::prepared::{Deed, Prepared, Timing};
use crate::diagnostic::list;
use crate::expr::{Inputs, Map, Value};
use crate::mapping::resource_value;
use crate::model::{Entitlement, GrantId, Resource};
use crate::plan::{Plan, ProvisioningPlan, TypePlan};

/// Who gains or loses what.
#[derive(Debug, Clone)]
pub struct Holding {
    /// What is held, with the resource that it is held on.
    pub entitlement: Entitlement,
    /// Who holds it.
    pub principal: Resource,
}

impl Holding {
    /// The id of the entitlement within its resource: what the connector file calls it.
    pub fn local_id(&self) -> &str {
        let id = self.entitlement.id.as_str();
        let resource = self.entitlement.resource.id.to_string();
        // Ids are never split: a resource id may hold colons itself.
        let local = id
            .strip_prefix(&resource)
            .and_then(|rest| rest.strip_prefix(':'));
        local.unwrap_or(&self.entitlement.slug)
    }

    /// The grant that it is.
    pub fn grant_id(&self) -> GrantId {
        GrantId::of(&self.entitlement.id, &self.principal.id)
    }

    fn subject(&self) -> Subject {
        let resource =
            |resource: &Resource| format!("{}/{}", resource.id.resource_type, resource.id.id);
        Subject::from([
            ("entitlement", self.entitlement.id.to_string()),
            ("resource", resource(&self.entitlement.resource)),
            ("principal", resource(&self.principal)),
        ])
    }

    /// `principal`, `resource` and `entitlement` as expressions and templates see them.
    pub fn inputs(&self, plan: &Plan) -> Inputs {
        let text = |text: &str| Value::from(text);
        let entitlement = &self.entitlement;
        let fields = [
            ("ID", self.local_id()),
            ("id", self.local_id()),
            ("slug", &entitlement.slug),
            ("DisplayName", &entitlement.display_name),
            ("display_name", &entitlement.display_name),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), text(value)));
        plan.inputs
            .clone()
            .with("principal", resource_value(&self.principal))
            .with("resource", resource_value(&entitlement.resource))
            .with("entitlement", Value::Map(Map::from_iter(fields)))
    }
}

/// Prepares a grant. Nothing is sent.
pub fn grant(plan: &Plan, holding: Holding) -> Result<Prepared<'_>, AskError> {
    prepare(plan, holding, Deed::Grant)
}

/// Prepares a revoke. Nothing is sent.
pub fn revoke(plan: &Plan, holding: Holding) -> Result<Prepared<'_>, AskError> {
    prepare(plan, holding, Deed::Revoke)
}

fn prepare(plan: &Plan, holding: Holding, deed: Deed) -> Result<Prepared<'_>, AskError> {
    let (type_plan, provisioning) = provisioning_of(plan, &holding, deed)?;
    if deed == Deed::Grant {
        can_hold(&holding)?;
    }
    let side = match deed {
        Deed::Grant => &provisioning.grant,
        _ => &provisioning.revoke,
    };
    let change = side.as_ref().ok_or_else(|| AskError::NotOffered {
        what: told(&holding, deed),
        reason: format!(
            "its `provisioning` in the connector file has no `{}`",
            deed.name()
        ),
    })?;
    let read_back = &provisioning.read_back;
    Ok(Prepared {
        plan,
        deed,
        operation: deed.name(),
        subject: holding.subject(),
        change,
        inputs: holding.inputs(plan),
        secrets: Vec::new(),
        timing: Timing {
            before: read_back.before.unwrap_or(!change.may_be_repeated()),
            insists: read_back.before == Some(true),
            after: read_back.after,
            every: read_back.every,
            at_most: read_back.at_most,
        },
        proof: Box::new(HeldProof {
            inputs: holding.inputs(plan),
            read_back,
            type_plan,
            holding,
        }),
    })
}

/// Refuses a principal of a type that cannot hold the entitlement, where the file says which can.
fn can_hold(holding: &Holding) -> Result<(), AskError> {
    let can = &holding.entitlement.grantable_to;
    let of = &holding.principal.id.resource_type;
    match can.is_empty() || can.contains(of) {
        true => Ok(()),
        false => Err(AskError::NotOffered {
            what: format!("granting `{}` to a `{of}`", holding.entitlement.id),
            reason: format!(
                "it is grantable to {}",
                list(&can.iter().map(|of| of.as_str()).collect::<Vec<_>>())
            ),
        }),
    }
}

fn told(holding: &Holding, deed: Deed) -> String {
    let verb = match deed {
        Deed::Grant => "granting",
        _ => "revoking",
    };
    format!("{verb} `{}`", holding.entitlement.id)
}

/// How an entitlement of a type is provisioned: a static one by its id, else as listed ones are.
pub(super) fn provisioning_of<'p>(
    plan: &'p Plan,
    holding: &Holding,
    deed: Deed,
) -> Result<(&'p TypePlan, &'p ProvisioningPlan), AskError> {
    let wanted = &holding.entitlement.resource.id.resource_type;
    let types = plan.types.iter();
    let type_plan = types
        .clone()
        .find(|found| found.resource_type.id == *wanted)
        .ok_or_else(|| {
            let known = types.map(|found| found.resource_type.id.as_str());
            AskError::unknown("resource type", wanted.as_str(), known)
        })?;
    if holding.entitlement.immutable {
        return Err(AskError::NotOffered {
            what: told(holding, deed),
            reason: "the entitlement is immutable".to_owned(),
        });
    }
    let provisioning = &type_plan.provisioning;
    let local = holding.local_id();
    let of_static = provisioning.statics.iter().find(|(id, _)| id == local);
    let found = of_static
        .map(|(_, plan)| plan)
        .or(provisioning.listed.as_ref());
    let found = found.ok_or_else(|| AskError::NotOffered {
        what: told(holding, deed),
        reason: format!(
            "`resource_types.{wanted}` has no `provisioning` for the entitlement `{local}`"
        ),
    })?;
    Ok((type_plan, found))
}
