//! A new password for an account that there is.

use super::ask::AskError;
use super::hand_over::HandOver;
use super::making::{Ingredients, Making};
use super::outcome::Subject;
use super::prepared::Deed;
use super::target::{Target, type_named};
use super::wish::{Password, PasswordWish};
use crate::expr::{Map, Value};
use crate::plan::Plan;

/// Prepares a new password for an account. Nothing is sent.
pub fn rotate_credential(
    plan: &Plan,
    target: Target,
    password: PasswordWish,
    hand_over: HandOver,
) -> Result<Making<'_>, AskError> {
    let named = target.id.resource_type.as_str();
    let found = type_named(plan, named)?;
    let rotation = found
        .rotation
        .as_ref()
        .ok_or_else(|| AskError::NotOffered {
            what: format!("a new password for `{}`", target.name()),
            reason: format!("`resource_types.{named}` has no `credential_rotation`"),
        })?;
    let password = Password::choose(&rotation.credentials, password)?;
    let inputs = target.inputs(plan);
    let ingredients = Ingredients {
        plan,
        deed: Deed::Rotate,
        operation: Deed::Rotate.name(),
        subject: Subject::from([("resource", target.name())]),
        change: &rotation.update,
        inputs: inputs
            .with("password", Value::Null)
            .with("credentials", Value::Map(Map::new())),
        secrets: Vec::new(),
        find: None,
    };
    let description = "the new password of an account";
    Making::with_password(ingredients, None, password, description, hand_over)
}
