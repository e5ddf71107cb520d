//! Asking for one thing by what the connector file says finds it: an account, a resource.

use async_trait::async_trait;
use secrecy::SecretString;

use super::planned::{PlannedStep, Sent};
use super::proof::{Look, Proof};
use crate::expr::Inputs;
use crate::plan::FindPlan;
use crate::source::http::Asks;
use crate::source::redact::Redactor;
use crate::source::{FoundOne, SourceError};

/// Asks whether one thing is there.
pub(super) struct FoundProof<'p> {
    /// The field of the connector file that finds it.
    pub field: &'static str,
    pub find: &'p FindPlan,
    pub inputs: Inputs,
    /// What no answer may repeat.
    pub secrets: Vec<SecretString>,
}

impl FoundProof<'_> {
    async fn find(&self) -> Result<Option<FoundOne>, SourceError> {
        match self.find {
            FindPlan::Sql(query) => {
                let rows = query.rows(&self.inputs).await?;
                Ok(rows.into_iter().next().map(|record| FoundOne {
                    record,
                    shared: Inputs::new(),
                }))
            }
            FindPlan::Http(find) => find.ask(&self.inputs).await,
        }
    }
}

#[async_trait]
impl Proof for FoundProof<'_> {
    async fn look(&self) -> Result<Look, SourceError> {
        Ok(match self.find().await {
            Ok(Some(found)) => Look::There(Some(found)),
            Ok(None) => Look::NotThere,
            Err(error) => {
                let redactor = Redactor::new(self.secrets.iter().cloned());
                Look::Unknown(redactor.whole(&error.to_string()))
            }
        })
    }

    async fn plan(&self, asks: Asks) -> Result<Vec<PlannedStep>, SourceError> {
        let sent = match self.find {
            FindPlan::Sql(query) => Sent::Statement(query.view(&self.inputs)?),
            FindPlan::Http(find) => Sent::Request(find.request().view(&self.inputs, asks).await?),
        };
        Ok(vec![PlannedStep {
            step: self.field.to_owned(),
            sent,
            expects: "whether it is there".to_owned(),
        }])
    }
}
