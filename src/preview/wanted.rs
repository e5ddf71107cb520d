//! What of a connector is looked at, and how much of it.

use std::fmt;

use super::PreviewError;
use crate::diagnostic::{list, nearest};
use crate::model::{ResourceId, ResourceTypeId};
use crate::plan::{Plan, ResourcesPlan, TypePlan};
use crate::source::Fetch;
use crate::sync::{Phase, Scope};

/// Pages of resources that are read to find those that a listing for all of them is about.
const PAGES_OF_RESOURCES: usize = 20;

/// What of a resource type is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Its resources.
    Resources,
    /// What can be held on them.
    Entitlements,
    /// Who holds it.
    Grants,
}

/// A listing, and how much of it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The type.
    pub resource_type: ResourceTypeId,
    /// What of it.
    pub what: What,
    /// Pages of each listing.
    pub pages: usize,
    /// For how many resources a listing runs that runs for each of them.
    pub resources: usize,
    /// Records after which a page that never ends is left alone.
    pub records: usize,
    /// The one resource that is meant, which is looked for on so many pages.
    pub only: Option<ResourceId>,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            What::Resources => "resources",
            What::Entitlements => "entitlements",
            What::Grants => "grants",
        })
    }
}

impl Wanted {
    /// The first page, for a few resources.
    pub fn first_page(resource_type: impl Into<String>, what: What) -> Self {
        Self {
            resource_type: ResourceTypeId::new(resource_type),
            what,
            pages: 1,
            resources: 3,
            records: 1000,
            only: None,
        }
    }

    /// The type as the plan has it, when it has what is looked at.
    pub(super) fn of<'p>(&self, plan: &'p Plan) -> Result<&'p TypePlan, PreviewError> {
        let id = self.resource_type.as_str();
        let known: Vec<&str> = plan
            .types
            .iter()
            .map(|found| found.resource_type.id.as_str())
            .collect();
        let found = plan
            .types
            .iter()
            .find(|found| found.resource_type.id == self.resource_type);
        let found = found.ok_or_else(|| {
            let near = nearest(id, known.iter().copied());
            PreviewError::Wanted(format!(
                "the connector has no resource type `{id}`; it has {}{}",
                list(&known),
                near.map_or(String::new(), |name| format!(". Did you mean `{name}`?")),
            ))
        })?;
        let nothing = match self.what {
            What::Resources => false,
            What::Entitlements => {
                found.static_entitlements.is_empty() && found.entitlements.is_empty()
            }
            What::Grants => found.grants.is_empty(),
        };
        if nothing {
            let what = self.what;
            return Err(PreviewError::Wanted(format!(
                "`{id}` has no {what}: the file says nothing of them under `resource_types.{id}`"
            )));
        }
        if found.resource_type.skip_entitlements_and_grants && self.what != What::Resources {
            let what = self.what;
            return Err(PreviewError::Wanted(format!(
                "a sync lists no {what} of `{id}`: the file has `skip_entitlements_and_grants` there"
            )));
        }
        Ok(found)
    }

    /// What a sync would cover that does as much and no more.
    pub(super) fn scope(&self) -> Scope {
        Scope {
            types: match self.only {
                None => vec![self.resource_type.clone()],
                Some(_) => Vec::new(),
            },
            resources: self.only.iter().cloned().collect(),
            skip_entitlements: self.what != What::Entitlements,
            skip_grants: self.what != What::Grants,
        }
    }

    /// True for the listings that are looked at, and not only read for what they are needed for.
    pub(super) fn is(&self, phase: Phase, of_type: &ResourceTypeId) -> bool {
        let phases: &[Phase] = match self.what {
            What::Resources => &[Phase::Resources],
            What::Entitlements => &[Phase::StaticEntitlements, Phase::Entitlements],
            What::Grants => &[Phase::Grants],
        };
        phases.contains(&phase) && *of_type == self.resource_type
    }

    /// Pages to read of a listing.
    pub(super) fn pages_of(&self, phase: Phase, found: &TypePlan) -> usize {
        let id = &found.resource_type.id;
        match self.is(phase, id) || self.only.is_some() {
            true => self.pages,
            // A listing that runs once is about resources anywhere in their list.
            false if *id == self.resource_type && self.runs_once(found) => {
                self.pages.max(PAGES_OF_RESOURCES)
            }
            false => 1,
        }
    }

    /// Whether what is looked at is listed for all resources at once, somewhere.
    fn runs_once(&self, found: &TypePlan) -> bool {
        let once = |fetch: &dyn Fetch| !fetch.depends_on_resource();
        match self.what {
            What::Resources => false,
            What::Entitlements => found.entitlements.iter().any(|it| once(it.fetch.as_ref())),
            What::Grants => found.grants.iter().any(|it| once(it.fetch.as_ref())),
        }
    }

    /// Whether the resources of a type are written in its file.
    pub(super) fn is_written(found: &TypePlan) -> bool {
        matches!(found.resources, ResourcesPlan::Written(_))
    }
}
