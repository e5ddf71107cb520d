//! What somebody asks for, as a command line or a plan file says it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::synced::Synced;
use super::{Readied, Stop};
use crate::model::ResourceId;
use crate::plan::Plan;
use crate::provision::{self, Prepared};

/// A change that is asked for. A plan file holds it, so it says everything but secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Asked {
    /// A principal gains an entitlement.
    Grant(Held),
    /// A principal loses an entitlement.
    Revoke(Held),
}

/// An entitlement and a principal, by their ids in a sync file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Held {
    /// The sync file.
    pub from: PathBuf,
    /// The id of the entitlement; not with `grant`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub entitlement: Option<String>,
    /// Type and id of the principal; not with `grant`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub principal: Option<(String, String)>,
    /// The id of the grant.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grant: Option<String>,
}

/// What is handed over with a change, and stays out of plan files.
#[derive(Debug, Default)]
pub(super) struct Handed {}

impl Asked {
    /// Prepares the change. Nothing is sent.
    pub fn prepare<'p>(&self, plan: &'p Plan, _: &Handed) -> Result<Readied<'p>, Stop> {
        Ok(match self {
            Asked::Grant(held) => plain(provision::grant(plan, held.look_up()?)?),
            Asked::Revoke(held) => plain(provision::revoke(plan, held.look_up()?)?),
        })
    }
}

impl Held {
    fn look_up(&self) -> Result<provision::Holding, Stop> {
        let synced = Synced::open(&self.from)?;
        match (&self.entitlement, &self.principal, &self.grant) {
            (Some(entitlement), Some((of, id)), _) => {
                synced.holding(entitlement, &ResourceId::new(of, id))
            }
            (_, _, grant) => synced.holding_of(grant.as_deref().unwrap_or_default()),
        }
    }
}

/// A change that brings nothing but its verdict.
fn plain(change: Prepared<'_>) -> Readied<'_> {
    Readied {
        change,
        after: Box::new(|_| Ok(())),
    }
}
