//! What a change would send, as people and plan files see it: without secrets.

use serde::{Deserialize, Serialize};

use crate::expr::Inputs;
use crate::plan::FindPlan;
use crate::source::SourceError;
use crate::source::http::{Asks, RequestView};
use crate::source::sql::StatementView;

/// One statement or request that a change would send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Its place in the file, for example `queries[1]`, `requests.activate` or `reject_if`.
    pub step: String,
    /// What is sent.
    pub sent: Sent,
    /// What is expected of the answer, and what follows from it, for people.
    pub expects: String,
}

/// A statement or a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// SQL with the values that are bound.
    Statement(StatementView),
    /// A request.
    Request(RequestView),
    /// A listing, as a sync makes it.
    Listing(String),
}

impl Sent {
    /// What finds something.
    pub(super) async fn to_find(
        find: &FindPlan,
        inputs: &Inputs,
        asks: Asks,
    ) -> Result<Self, SourceError> {
        Ok(match find {
            FindPlan::Sql(query) => Sent::Statement(query.view(inputs)?),
            FindPlan::Http(find) => Sent::Request(find.request().view(inputs, asks).await?),
        })
    }
}
