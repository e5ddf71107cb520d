//! Granting and revoking: a principal, an entitlement → a prepared change.

use std::sync::Arc;

use async_trait::async_trait;

use super::ask::AskError;
use super::outcome::Subject;
use super::planned::{PlannedStep, Sent};
use super::prepared::{Deed, Prepared, Timing};
use super::proof::{Look, Proof};
use crate::diagnostic::list;
use crate::expr::{Inputs, Map, Scope, Value};
use crate::mapping::{MappedGrant, Remarks, ResourceKey, resource_value};
use crate::model::{Entitlement, GrantId, Resource};
use crate::plan::{FindPlan, GrantsPlan, Plan, ProvisioningPlan, ReadBackPlan, TypePlan};
use crate::source::http::Asks;
use crate::source::{Page, SourceError, TakePages};

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

/// Asks whether a principal holds an entitlement.
struct HeldProof<'p> {
    inputs: Inputs,
    read_back: &'p ReadBackPlan,
    type_plan: &'p TypePlan,
    holding: Holding,
}

#[async_trait]
impl Proof for HeldProof<'_> {
    async fn look(&self) -> Result<Look, SourceError> {
        match &self.read_back.find {
            Some(FindPlan::Sql(query)) => Ok(match query.rows(&self.inputs).await?.is_empty() {
                false => Look::There(None),
                true => Look::NotThere,
            }),
            Some(FindPlan::Http(find)) => {
                let answered = find.request().send(&self.inputs).await;
                let answered = answered.map_err(|unanswered| unanswered.error)?.found()?;
                // Who is not known, or asks too often, or meets a failure, is told nothing.
                if matches!(answered.status, 401 | 408 | 429 | 500..) {
                    return Err(answered.refused());
                }
                let holds = match &self.read_back.holds {
                    Some(holds) => {
                        let known = answered.known(&self.inputs);
                        holds.truth(&Scope::new(&known, None))?
                    }
                    None if matches!(answered.status, 404 | 410) => false,
                    None if answered.is_success() => true,
                    None => return Err(answered.refused()),
                };
                Ok(if holds {
                    Look::There(None)
                } else {
                    Look::NotThere
                })
            }
            None => self.list().await,
        }
    }

    async fn plan(&self, asks: Asks) -> Result<Vec<PlannedStep>, SourceError> {
        let step = |sent| PlannedStep {
            step: "read_back".to_owned(),
            sent,
            expects: "whether the principal holds the entitlement".to_owned(),
        };
        Ok(match &self.read_back.find {
            Some(FindPlan::Sql(query)) => vec![step(Sent::Statement(query.view(&self.inputs)?))],
            Some(FindPlan::Http(find)) => {
                vec![step(Sent::Request(
                    find.request().view(&self.inputs, asks).await?,
                ))]
            }
            None if self.can_look() => {
                let of = &self.holding.entitlement.resource.id;
                let name = format!(
                    "the grants of {}/{}, as a sync lists them",
                    of.resource_type, of.id
                );
                vec![step(Sent::Listing(name))]
            }
            None => Vec::new(),
        })
    }

    fn can_look(&self) -> bool {
        self.read_back.find.is_some() || !self.type_plan.grants.is_empty()
    }
}

impl HeldProof<'_> {
    /// Lists the grants of the resource, as a sync does, until the wanted one comes.
    async fn list(&self) -> Result<Look, SourceError> {
        if self.type_plan.grants.is_empty() {
            let reason = "the connector file lists no grants of the type; write `read_back`";
            return Ok(Look::Unknown(reason.to_owned()));
        }
        let resource = Arc::new(self.holding.entitlement.resource.clone());
        let mut inputs = self.inputs.clone();
        if let Some(parent) = &resource.parent {
            let parent = Resource::new(parent.clone(), parent.id.clone());
            inputs.set("parent_resource", resource_value(&parent));
        }
        let mut partial = None;
        for grants in &self.type_plan.grants {
            let mut search = Search {
                grants,
                inputs: &inputs,
                resource: &resource,
                wanted: self.holding.grant_id(),
                found: false,
                partial: None,
            };
            grants.fetch.pages(&inputs, None, &mut search).await?;
            if search.found {
                return Ok(Look::There(None));
            }
            partial = partial.or(search.partial);
        }
        Ok(match partial {
            Some(reason) => Look::Unknown(reason),
            None => Look::NotThere,
        })
    }
}

/// Looks for one grant in a listing.
struct Search<'s> {
    grants: &'s GrantsPlan,
    inputs: &'s Inputs,
    resource: &'s Arc<Resource>,
    wanted: GrantId,
    found: bool,
    partial: Option<String>,
}

#[async_trait]
impl TakePages for Search<'_> {
    async fn take(&mut self, page: Page) -> bool {
        let mut inputs = self.inputs.clone();
        for (name, value) in page.shared.iter() {
            inputs.set(name, value.clone());
        }
        for reason in page.partial {
            self.partial.get_or_insert(reason.message);
        }
        for record in &page.records {
            match self.is_wanted(&inputs, record) {
                Ok(false) => {}
                Ok(true) => {
                    self.found = true;
                    return false;
                }
                // The wanted one may be the one that cannot be read.
                Err(reason) => drop(self.partial.get_or_insert(reason)),
            }
        }
        true
    }

    async fn again(&mut self, _: bool) {}
}

impl Search<'_> {
    fn is_wanted(&self, inputs: &Inputs, record: &Value) -> Result<bool, String> {
        let scope = Scope::new(inputs, Some(record));
        if let Some(skip_if) = &self.grants.skip_if
            && skip_if.truth(&scope).map_err(|error| error.to_string())?
        {
            return Ok(false);
        }
        for mapping in &self.grants.mappings {
            if let Some(ResourceKey::Written(of)) = mapping.resource_key() {
                let of = of.text(&scope).map_err(|error| error.to_string())?;
                if of.as_deref() != Some(&self.resource.id.id) {
                    continue;
                }
            }
            let mapped = mapping.apply(self.resource, &scope, &mut Remarks::default());
            if let MappedGrant::Grant(grant) = mapped.map_err(|error| error.to_string())?
                && grant.id == self.wanted
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
