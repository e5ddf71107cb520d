//! What an action answers: that it worked or why it did not, and what `returns` brings.

use serde_json::{Map as JsonMap, Value as Json};

use super::super::outcome::Verdict;
use super::super::run::Finished;
use super::invoke::Invocation;
use crate::config::action::ArgumentType;
use crate::expr::{Inputs, Map, Scope, Value, to_text};
use crate::plan::ReturnPlan;

/// Whether it worked.
pub(super) const SUCCESS: &str = "success";
/// A sentence about that.
pub(super) const MESSAGE: &str = "message";
/// Why it did not work.
const ERROR: &str = "error";

/// Puts the answer into the outcome.
pub(super) fn put(invocation: &Invocation<'_>, finished: &mut Finished) {
    let outcome = &mut finished.outcome;
    let mut result = JsonMap::new();
    result.insert(SUCCESS.to_owned(), outcome.verdict.is_so().into());
    if !outcome.verdict.is_so() {
        result.insert(ERROR.to_owned(), outcome.message.as_str().into());
        outcome.result = Some(Json::Object(result));
        return;
    }
    let message = match outcome.verdict {
        Verdict::AlreadySo => "Nothing was left to do",
        _ => "Action completed successfully",
    };
    result.insert(MESSAGE.to_owned(), message.into());
    let inputs = inputs(&invocation.prepared.inputs, &finished.brought);
    let scope = Scope::new(&inputs, None);
    let mut problems = Vec::new();
    for returned in &invocation.action.returns {
        match value(returned, &scope) {
            Ok(value) => {
                result.insert(returned.id.clone(), value);
            }
            Err(problem) => problems.push(format!("`returns.{}` {problem}", returned.id)),
        }
    }
    if !problems.is_empty() {
        // The change stands: only what is told of it lacks something.
        let problems = problems.join("; ");
        outcome.message = format!(
            "{}, but its answer lacks something: {problems}",
            outcome.message
        );
        result.insert(ERROR.to_owned(), problems.into());
    }
    outcome.result = Some(Json::Object(result));
}

/// What `returns` may use: a run without an answer or a row has empty ones.
fn inputs(given: &Inputs, brought: &Inputs) -> Inputs {
    let mut inputs = Inputs::new();
    for name in ["response", "headers", "row"] {
        let found = brought.get(name).filter(|value| **value != Value::Null);
        let found = found.cloned().unwrap_or(Value::Map(Map::new()));
        inputs.set(name, found);
    }
    for name in ["input", "vars"] {
        let found = given.get(name).cloned();
        inputs.set(name, found.unwrap_or(Value::Map(Map::new())));
    }
    inputs
}

/// The value that is answered, of its kind; null is of every kind.
fn value(returned: &ReturnPlan, scope: &Scope<'_>) -> Result<Json, String> {
    let value = returned.value.value(scope);
    let value = value.map_err(|error| format!("has no value: {error}"))?;
    let kind = returned.return_type;
    of_kind(kind, &value).ok_or_else(|| {
        format!(
            "comes to a value of the type `{}`, not `{}`",
            value.type_name(),
            kind.word()
        )
    })
}

fn of_kind(kind: ArgumentType, value: &Value) -> Option<Json> {
    if *value == Value::Null {
        return Some(Json::Null);
    }
    match (kind, value) {
        (ArgumentType::String, Value::List(_) | Value::Map(_)) => None,
        (ArgumentType::String, value) => Some(to_text(value).ok()??.into()),
        (ArgumentType::Boolean, Value::Bool(value)) => Some((*value).into()),
        (ArgumentType::Number, Value::Int(_) | Value::UInt(_)) => Some(value.into()),
        (ArgumentType::Number, Value::Float(number)) => number.is_finite().then(|| value.into()),
        // Decimals of databases are text, digit for digit.
        (ArgumentType::Number, Value::Text(text)) => {
            let number: serde_json::Number = serde_json::from_str(text).ok()?;
            Some(Json::Number(number))
        }
        (ArgumentType::StringList, Value::List(items)) => items
            .iter()
            .map(|item| of_kind(ArgumentType::String, item))
            .collect(),
        (ArgumentType::StringMap, Value::Map(map)) => {
            let entries = map
                .iter()
                .map(|(name, value)| Some((name.clone(), of_kind(ArgumentType::String, value)?)));
            entries.collect::<Option<_>>().map(Json::Object)
        }
        _ => None,
    }
}
