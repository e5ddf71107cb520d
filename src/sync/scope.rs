//! What of a system a sync covers: everything, some types, some resources, with or without access.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{list, nearest};
use crate::model::{Resource, ResourceId, ResourceTypeId, SyncKind};
use crate::plan::Plan;

/// What a sync covers. The default is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The types to list; empty with no resources: all of them.
    pub types: Vec<ResourceTypeId>,
    /// The resources to look for, with their access and the resources that live in them.
    pub resources: Vec<ResourceId>,
    /// True to leave entitlements out.
    pub skip_entitlements: bool,
    /// True to leave grants out.
    pub skip_grants: bool,
}

/// A type that the connector does not have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the connector has no resource type `{name}`; it has {known}{}",
    suggested(suggestion)
)]
pub struct UnknownType {
    /// The type as asked for.
    pub name: ResourceTypeId,
    /// Those there are.
    pub known: String,
    /// The one that may be meant.
    pub suggestion: Option<String>,
}

fn suggested(suggestion: &Option<String>) -> String {
    suggestion
        .as_ref()
        .map_or(String::new(), |name| format!(". Did you mean `{name}`?"))
}

impl Scope {
    /// The kind of sync, as a sync file records it. What leaves something out is never `full`:
    /// readers would take what is missing for what is no longer there.
    pub fn kind(&self) -> SyncKind {
        match (
            self.is_everything(),
            self.skip_entitlements,
            self.skip_grants,
        ) {
            (true, false, false) => SyncKind::Full,
            (true, true, true) => SyncKind::ResourcesOnly,
            _ => SyncKind::Partial,
        }
    }

    fn is_everything(&self) -> bool {
        self.types.is_empty() && self.resources.is_empty()
    }

    /// Tells scopes apart: empty for everything.
    pub fn fingerprint(&self) -> String {
        if *self == Self::default() {
            return String::new();
        }
        let sorted = |names: Vec<String>| names.into_iter().collect::<BTreeSet<_>>();
        let types = self.types.iter().map(|id| id.0.clone()).collect();
        let resources = self.resources.iter().map(ToString::to_string).collect();
        let (entitlements, grants) = (!self.skip_entitlements, !self.skip_grants);
        format!(
            "-{:?}-{:?}-{entitlements}-{grants}",
            sorted(types),
            sorted(resources)
        )
    }

    /// Checks that the connector has the types that are asked for.
    pub fn check(&self, plan: &Plan) -> Result<(), UnknownType> {
        let known: Vec<&str> = plan
            .types
            .iter()
            .map(|found| found.resource_type.id.as_str())
            .collect();
        let mut asked = self
            .types
            .iter()
            .chain(self.resources.iter().map(|id| &id.resource_type));
        match asked.find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(UnknownType {
                name: name.clone(),
                suggestion: nearest(name.as_str(), known.iter().copied()).map(str::to_owned),
                known: list(&known),
            }),
        }
    }
}

/// A scope, worked out for a plan.
#[derive(Debug, Default)]
pub(super) struct Reach {
    scope: Scope,
    /// The types whose resources are listed for their own sake; `None`: all.
    named: Option<BTreeSet<ResourceTypeId>>,
    /// The types that resources of these live in: listed to find them.
    ancestors: BTreeSet<ResourceTypeId>,
    /// The resources that are looked for.
    targets: BTreeMap<ResourceTypeId, BTreeSet<String>>,
}

impl Reach {
    pub fn of(scope: &Scope, plan: &Plan) -> Self {
        let mut targets: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for id in &scope.resources {
            let of_type = targets.entry(id.resource_type.clone()).or_default();
            of_type.insert(id.id.clone());
        }
        let named: BTreeSet<_> = scope.types.iter().chain(targets.keys()).cloned().collect();
        let mut ancestors = BTreeSet::new();
        // Types come after those they live in, so the other way round every way up is seen whole.
        for found in plan.types.iter().rev() {
            let id = &found.resource_type.id;
            if named.contains(id) || ancestors.contains(id) {
                ancestors.extend(found.parent.clone());
            }
        }
        Self {
            named: (!scope.is_everything()).then_some(named),
            scope: scope.clone(),
            ancestors,
            targets,
        }
    }

    /// True when everything is covered, so that what is not there is missing.
    pub fn is_full(&self) -> bool {
        self.scope.kind() == SyncKind::Full
    }

    /// True when single resources are looked for.
    pub fn is_targeted(&self) -> bool {
        !self.targets.is_empty()
    }

    /// Whether resources of a type are listed.
    pub fn lists(&self, of: &ResourceTypeId, parent: Option<&ResourceTypeId>) -> bool {
        self.is_named(of)
            || self.ancestors.contains(of)
            || parent.is_some_and(|parent| self.targets.contains_key(parent))
    }

    /// Whether all resources of a type are listed, or some; `None`: none.
    pub fn lists_all(&self, of: &ResourceTypeId, parent: Option<&ResourceTypeId>) -> Option<bool> {
        let all =
            !self.is_targeted() || self.scope.types.contains(of) || self.ancestors.contains(of);
        self.lists(of, parent).then_some(all)
    }

    /// Whether entitlements of a type's resources are found.
    pub fn entitlements_of(&self, of: &ResourceTypeId) -> bool {
        !self.scope.skip_entitlements && self.is_named(of)
    }

    /// Whether grants on a type's resources are found.
    pub fn grants_of(&self, of: &ResourceTypeId) -> bool {
        !self.scope.skip_grants && self.is_named(of)
    }

    fn is_named(&self, of: &ResourceTypeId) -> bool {
        self.named.as_ref().is_none_or(|named| named.contains(of))
    }

    /// Whether a listed resource is stored.
    pub fn keeps(&self, resource: &Resource) -> bool {
        let of = &resource.id.resource_type;
        !self.is_targeted()
            || self.scope.types.contains(of)
            || self.ancestors.contains(of)
            || self.is_target(&resource.id)
            || resource
                .parent
                .as_ref()
                .is_some_and(|it| self.is_target(it))
    }

    /// Whether the access to a resource is looked for.
    pub fn wants_access(&self, id: &ResourceId) -> bool {
        self.only_access(&id.resource_type)
            .is_none_or(|ids| ids.contains(&id.id))
    }

    /// The resources of a type whose access is looked for; `None`: all of them.
    pub fn only_access(&self, of: &ResourceTypeId) -> Option<&BTreeSet<String>> {
        self.targets
            .get(of)
            .filter(|_| !self.scope.types.contains(of))
    }

    fn is_target(&self, id: &ResourceId) -> bool {
        let of_type = self.targets.get(&id.resource_type);
        of_type.is_some_and(|ids| ids.contains(&id.id))
    }

    /// The resources a listing of a type is over with once they are found; `None` when it is made
    /// for others as well.
    pub fn only(
        &self,
        of: &ResourceTypeId,
        parent: Option<&ResourceTypeId>,
    ) -> Option<BTreeSet<String>> {
        let for_others = self.scope.types.contains(of)
            || self.ancestors.contains(of)
            || parent.is_some_and(|parent| self.targets.contains_key(parent));
        self.targets.get(of).filter(|_| !for_others).cloned()
    }

    /// Every resource that is looked for.
    pub fn targets(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.targets.iter().flat_map(|(of, ids)| {
            ids.iter().map(|id| ResourceId {
                resource_type: of.clone(),
                id: id.clone(),
            })
        })
    }
}
