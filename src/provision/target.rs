//! What a change is about: a type by its name, a resource by its id.

use super::ask::AskError;
use crate::expr::{Inputs, Map, Value};
use crate::mapping::resource_value;
use crate::model::{Resource, ResourceId};
use crate::plan::{Plan, TypePlan};

/// A resource that a change is about.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its identity.
    pub id: ResourceId,
    /// What is known of it, for example from a sync file.
    pub known: Option<Resource>,
}

impl Target {
    /// `type/id`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.id.resource_type, self.id.id)
    }

    /// `resource_id`, `id` and `resource`. Of a resource that nobody knows, `resource` has its
    /// identity and nothing else: what is missing is an error where it is used, not a wrong value.
    pub(super) fn inputs(&self, plan: &Plan) -> Inputs {
        let id = || Value::from(self.id.id.as_str());
        let resource = match &self.known {
            Some(known) => resource_value(known),
            None => {
                let named = resource_value(&Resource::new(self.id.clone(), ""));
                let identity = [
                    "ID",
                    "id",
                    "Type",
                    "type",
                    "ResourceTypeID",
                    "resource_type",
                ];
                let fields = identity
                    .into_iter()
                    .filter_map(|name| Some((name.to_owned(), named.get(name)?.clone())));
                Value::Map(Map::from_iter(fields))
            }
        };
        plan.inputs
            .clone()
            .with("resource_id", id())
            .with("id", id())
            .with("resource", resource)
    }
}

/// The type of this name.
pub(super) fn type_named<'p>(plan: &'p Plan, name: &str) -> Result<&'p TypePlan, AskError> {
    let mut types = plan.types.iter();
    let found = types.find(|found| found.resource_type.id.as_str() == name);
    found.ok_or_else(|| {
        let known = plan.types.iter();
        let known = known.map(|found| found.resource_type.id.as_str());
        AskError::unknown("resource type", name, known)
    })
}
