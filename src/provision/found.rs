//! Asking for one thing by what the connector file says finds it: an account, a resource.

use async_trait::async_trait;

use super::planned::{PlannedStep, Sent};
use super::proof::{Look, Proof};
use crate::expr::Inputs;
use crate::plan::FindPlan;
use crate::source::SourceError;
use crate::source::http::Asks;

/// Asks whether one thing is there.
pub(super) struct FoundProof<'p> {
    /// The field of the connector file that finds it.
    pub field: &'static str,
    pub find: &'p FindPlan,
    pub inputs: Inputs,
}

#[async_trait]
impl Proof for FoundProof<'_> {
    async fn look(&self) -> Result<Look, SourceError> {
        Ok(match self.find.ask(&self.inputs).await? {
            Some(found) => Look::There(Some(found)),
            None => Look::NotThere,
        })
    }

    async fn plan(&self, asks: Asks) -> Result<Vec<PlannedStep>, SourceError> {
        let sent = Sent::to_find(self.find, &self.inputs, asks).await?;
        Ok(vec![PlannedStep {
            step: self.field.to_owned(),
            sent,
            expects: "whether it is there".to_owned(),
        }])
    }
}
