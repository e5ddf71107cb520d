//! The steps of a run: a fixed list that follows from the plan.

use super::event::Phase;
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

/// All steps of a plan, in the order of the lifecycle: types, resources (parents first), static
/// entitlements, entitlements, grants.
pub fn steps(plan: &Plan) -> Vec<Step> {
    let types = || plan.types.iter().enumerate();
    let with_access =
        || types().filter(|(_, found)| !found.resource_type.skip_entitlements_and_grants);
    let mut steps = vec![Step::ResourceTypes];
    steps.extend(types().map(|(type_index, _)| Step::Resources { type_index }));
    steps.extend(
        with_access()
            .filter(|(_, found)| !found.static_entitlements.is_empty())
            .map(|(type_index, _)| Step::StaticEntitlements { type_index }),
    );
    steps.extend(with_access().flat_map(|(type_index, found)| {
        (0..found.entitlements.len()).map(move |entry| Step::Entitlements { type_index, entry })
    }));
    steps.extend(with_access().flat_map(|(type_index, found)| {
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
