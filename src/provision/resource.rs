//! Creating a resource that is no account, and deleting one.

use serde_json::{Map as JsonMap, Value as Json};

use super::account::Filled;
use super::ask::AskError;
use super::making::{Ingredients, Making};
use super::outcome::Subject;
use super::prepared::Deed;
use super::target::{Target, type_named};
use crate::plan::Plan;

/// Prepares the creation of a resource. `input` is the form, filled in: values of their kinds, or
/// texts as a command line has them. Nothing is sent.
pub fn create_resource<'p>(
    plan: &'p Plan,
    resource_type: &str,
    input: &JsonMap<String, Json>,
) -> Result<Making<'p>, AskError> {
    let found = type_named(plan, resource_type)?;
    let creation = found.creation.as_ref().ok_or_else(|| {
        let instead = match &found.account {
            Some(_) => "; it has accounts: create one of them",
            None => "",
        };
        AskError::NotOffered {
            what: format!("creating a resource of `{resource_type}`"),
            reason: format!("`resource_types.{resource_type}` has no `create`{instead}"),
        }
    })?;
    let form = Filled::of(creation, input)?;
    let ingredients = Ingredients {
        plan,
        deed: Deed::Create,
        operation: "create-resource",
        subject: form.subject(found),
        change: &creation.create,
        inputs: form.inputs(plan),
        secrets: form.secrets(),
        find: creation.find.as_ref().map(|find| ("validate", find)),
    };
    Ok(Making::of(ingredients, Some((found, &creation.item))))
}

/// Prepares the deletion of a resource. Nothing is sent.
pub fn delete_resource(plan: &Plan, target: Target) -> Result<Making<'_>, AskError> {
    let named = target.id.resource_type.as_str();
    let found = type_named(plan, named)?;
    let change = found
        .deletion
        .as_ref()
        .ok_or_else(|| AskError::NotOffered {
            what: format!("deleting `{}`", target.name()),
            reason: format!("`resource_types.{named}` has no `delete`"),
        })?;
    let ingredients = Ingredients {
        plan,
        deed: Deed::Delete,
        operation: Deed::Delete.name(),
        subject: Subject::from([("resource", target.name())]),
        change,
        inputs: target.inputs(plan),
        secrets: Vec::new(),
        find: found.get.as_ref().map(|find| ("get", find)),
    };
    Ok(Making::of(ingredients, None))
}
