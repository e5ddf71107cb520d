//! Asking the system whether something is so.

use async_trait::async_trait;

use super::planned::PlannedStep;
use crate::source::http::Asks;
use crate::source::{FoundOne, SourceError};

/// Asks the system whether something is so. It only reads, so asking again is safe.
#[async_trait]
pub trait Proof: Send + Sync {
    /// Asks once.
    async fn look(&self) -> Result<Look, SourceError>;

    /// What it asks, for people; empty when it cannot ask. `asks` as for a change.
    async fn plan(&self, asks: Asks) -> Result<Vec<PlannedStep>, SourceError>;

    /// Whether it can ask at all.
    fn can_look(&self) -> bool {
        true
    }
}

/// What the system said.
#[derive(Debug)]
pub enum Look {
    /// It is there: the principal holds it, the account exists.
    There(Option<FoundOne>),
    /// It is not.
    NotThere,
    /// The answer may lack something, for this reason: that it was not found means nothing.
    Unknown(String),
}

/// Of a change that leaves no trace anybody could ask for.
#[derive(Debug)]
pub struct NoProof;

#[async_trait]
impl Proof for NoProof {
    async fn look(&self) -> Result<Look, SourceError> {
        Ok(Look::Unknown(
            "the connector file does not say how to find out".to_owned(),
        ))
    }

    async fn plan(&self, _: Asks) -> Result<Vec<PlannedStep>, SourceError> {
        Ok(Vec::new())
    }

    fn can_look(&self) -> bool {
        false
    }
}
