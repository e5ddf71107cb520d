//! The steps of a run: a fixed list that follows from the plan and from what is asked for.

use std::collections::BTreeSet;

use super::event::Phase;
use super::scope::Reach;
use crate::model::ResourceTypeId;
use crate::plan::{Plan, ResourcesPlan, TypePlan};
use crate::source::Fetch;

/// One step. The indexes lead into the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Stores the resource types.
    ResourceTypes,
    /// Lists the resources of a type, or stores those that the file writes out.
    Resources {
        /// Index of the type.
        type_index: usize,
    },
    /// Gives every resource of a type its static entitlements.
    StaticEntitlements {
        /// Index of the type.
        type_index: usize,
    },
    /// Lists entitlements, once per resource of a type.
    Entitlements {
        /// Index of the type.
        type_index: usize,
        /// Index of the listing.
        entry: usize,
    },
    /// Lists grants, once per resource of a type.
    Grants {
        /// Index of the type.
        type_index: usize,
        /// Index of the listing.
        entry: usize,
    },
}

/// What a step runs over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subjects {
    /// Once.
    Once,
    /// Once per stored resource of a type.
    PerResource(ResourceTypeId),
}

/// A step of a run, and what it waits for. The lanes of one phase run side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lane {
    /// What is listed.
    pub step: Step,
    /// What the listing runs over.
    pub subjects: Subjects,
    /// Lanes of the same phase that must have come to their end before.
    pub after: Vec<usize>,
    /// The lane of the same phase that finds the subjects, which come while it runs.
    pub fed_by: Option<usize>,
    /// The listing is over once these are found; `None`: at its end.
    pub only: Option<BTreeSet<String>>,
}

/// The lanes of a plan, phase by phase.
pub(super) fn lanes(plan: &Plan, reach: &Reach) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for step in steps(plan, reach) {
        let phase = step.phase();
        let of_type = |id: &ResourceTypeId| {
            lanes.iter().position(|lane| {
                let index = lane.step.type_index();
                lane.step.phase() == phase
                    && index.is_some_and(|index| plan.types[index].resource_type.id == *id)
            })
        };
        let subjects = step.subjects(plan);
        let mut lane = Lane {
            step,
            after: Vec::new(),
            fed_by: None,
            only: None,
            subjects,
        };
        match (step, step.type_index().map(|index| &plan.types[index])) {
            (Step::Resources { .. }, Some(found)) => {
                lane.after = found.depends_on.iter().filter_map(of_type).collect();
                if let Subjects::PerResource(parent) = &lane.subjects {
                    lane.fed_by = of_type(parent);
                }
                lane.only = reach.only(&found.resource_type.id, found.parent.as_ref());
            }
            // Of two listings that bring one entitlement or one grant, the later one in the file
            // decides, so it comes later.
            (Step::Entitlements { entry, .. } | Step::Grants { entry, .. }, _) if entry > 0 => {
                lane.after.push(lanes.len() - 1);
            }
            _ => {}
        }
        lanes.push(lane);
    }
    lanes
}

/// All steps of a plan, in the order of the lifecycle: types, resources (parents first), static
/// entitlements, entitlements, grants.
fn steps(plan: &Plan, reach: &Reach) -> Vec<Step> {
    let types = || plan.types.iter().enumerate();
    let with_access =
        || types().filter(|(_, found)| !found.resource_type.skip_entitlements_and_grants);
    let with_entitlements =
        || with_access().filter(|(_, found)| reach.entitlements_of(&found.resource_type.id));
    let with_grants =
        || with_access().filter(|(_, found)| reach.grants_of(&found.resource_type.id));
    let mut steps = vec![Step::ResourceTypes];
    steps.extend(
        types()
            .filter(|(_, found)| reach.lists(&found.resource_type.id, found.parent.as_ref()))
            .map(|(type_index, _)| Step::Resources { type_index }),
    );
    steps.extend(
        with_entitlements()
            .filter(|(_, found)| !found.static_entitlements.is_empty())
            .map(|(type_index, _)| Step::StaticEntitlements { type_index }),
    );
    steps.extend(with_entitlements().flat_map(|(type_index, found)| {
        (0..found.entitlements.len()).map(move |entry| Step::Entitlements { type_index, entry })
    }));
    steps.extend(with_grants().flat_map(|(type_index, found)| {
        (0..found.grants.len()).map(move |entry| Step::Grants { type_index, entry })
    }));
    steps
}

impl Step {
    /// Index of the type it is about.
    pub fn type_index(self) -> Option<usize> {
        match self {
            Step::ResourceTypes => None,
            Step::Resources { type_index }
            | Step::StaticEntitlements { type_index }
            | Step::Entitlements { type_index, .. }
            | Step::Grants { type_index, .. } => Some(type_index),
        }
    }

    /// True when it is about what can be held on resources, or who holds it.
    pub fn is_about_access(self) -> bool {
        !matches!(self, Step::ResourceTypes | Step::Resources { .. })
    }

    /// The phase it belongs to.
    pub fn phase(self) -> Phase {
        match self {
            Step::ResourceTypes => Phase::ResourceTypes,
            Step::Resources { .. } => Phase::Resources,
            Step::StaticEntitlements { .. } => Phase::StaticEntitlements,
            Step::Entitlements { .. } => Phase::Entitlements,
            Step::Grants { .. } => Phase::Grants,
        }
    }

    /// What the step runs over.
    pub fn subjects(self, plan: &Plan) -> Subjects {
        match self {
            Step::ResourceTypes => Subjects::Once,
            Step::Resources { type_index } => {
                let found = &plan.types[type_index];
                match (&found.parent, &found.resources) {
                    (Some(parent), ResourcesPlan::Listed { .. }) => {
                        Subjects::PerResource(parent.clone())
                    }
                    _ => Subjects::Once,
                }
            }
            Step::StaticEntitlements { type_index } => {
                Subjects::PerResource(plan.types[type_index].resource_type.id.clone())
            }
            Step::Entitlements { type_index, entry } => {
                let found = &plan.types[type_index];
                per_resource(found, found.entitlements[entry].fetch.as_ref())
            }
            Step::Grants { type_index, entry } => {
                let found = &plan.types[type_index];
                per_resource(found, found.grants[entry].fetch.as_ref())
            }
        }
    }

    /// What the step lists, for messages.
    pub fn describe(self, plan: &Plan) -> String {
        let id = |type_index: usize| &plan.types[type_index].resource_type.id;
        match self {
            Step::ResourceTypes => "resource types".to_owned(),
            Step::Resources { type_index } => format!("resources of type `{}`", id(type_index)),
            Step::StaticEntitlements { type_index } => {
                format!("static entitlements of type `{}`", id(type_index))
            }
            Step::Entitlements { type_index, .. } => {
                format!("entitlements of type `{}`", id(type_index))
            }
            Step::Grants { type_index, entry } => {
                format!("grants of type `{}` (entry {})", id(type_index), entry + 1)
            }
        }
    }
}

/// A listing whose answers do not depend on the resource runs once for all of them.
fn per_resource(found: &TypePlan, fetch: &dyn Fetch) -> Subjects {
    match fetch.depends_on_resource() {
        true => Subjects::PerResource(found.resource_type.id.clone()),
        false => Subjects::Once,
    }
}
