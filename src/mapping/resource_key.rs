//! Which resource a record belongs to, when one listing serves all resources of a type.

use crate::expr::{CelKey, Expression, Program};

/// How a mapping tells the resource of a record.
#[derive(Debug, Clone)]
pub enum ResourceKey {
    /// `resource_id` names it.
    Written(Expression),
    /// `skip_if` lets a record through only where this is the resource's id.
    Condition(CelKey),
}

impl ResourceKey {
    /// True when `resource_id` is written.
    pub fn is_written(&self) -> bool {
        matches!(self, ResourceKey::Written(_))
    }

    /// What the fields of a mapping say.
    pub(super) fn of(
        resource_id: Option<&Expression>,
        skip_if: Option<&Expression>,
    ) -> Option<Self> {
        match (resource_id, skip_if.map(Expression::program)) {
            (Some(written), _) => Some(ResourceKey::Written(written.clone())),
            (None, Some(Program::Cel(program))) => {
                CelKey::find(program).map(ResourceKey::Condition)
            }
            _ => None,
        }
    }
}
