//! Whether a principal holds an entitlement: by `read_back`, or by the listing of grants.

use std::sync::Arc;

use async_trait::async_trait;

use super::holding::Holding;
use super::planned::{PlannedStep, Sent};
use super::proof::{Look, Proof};
use crate::expr::{Inputs, Scope, Value};
use crate::mapping::{MappedGrant, Remarks, ResourceKey, resource_value};
use crate::model::{GrantId, Resource};
use crate::plan::{FindPlan, GrantsPlan, ReadBackPlan, TypePlan};
use crate::source::http::Asks;
use crate::source::{Page, SourceError, TakePages};

/// Asks whether a principal holds an entitlement.
pub(super) struct HeldProof<'p> {
    pub inputs: Inputs,
    pub read_back: &'p ReadBackPlan,
    pub type_plan: &'p TypePlan,
    pub holding: Holding,
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
            Some(find) => vec![step(Sent::to_find(find, &self.inputs, asks).await?)],
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
        inputs.extend(&page.shared);
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
