//! What somebody says to an action → values of the kinds that its arguments have.

use serde_json::{Map as JsonMap, Value as Json};

use super::super::ask::AskError;
use crate::config::action::ArgumentType;
use crate::diagnostic::{list, nearest};
use crate::expr::{Map, Value};
use crate::plan::{ActionPlan, ArgumentPlan};

/// The value of each argument, in the order of the file; `None` where it was left out and has no
/// default. Every mistake is reported, none with the value itself: it may be secret.
pub(super) fn read(
    action: &ActionPlan,
    given: &JsonMap<String, Json>,
) -> Result<Vec<(String, Option<Value>)>, AskError> {
    let mut mistakes: Vec<String> = given
        .keys()
        .filter(|name| !action.arguments.iter().any(|known| known.id == **name))
        .map(|name| unknown(action, name))
        .collect();
    let mut values = Vec::new();
    for argument in &action.arguments {
        match value(argument, given.get(&argument.id)) {
            Ok(value) => values.push((argument.id.clone(), value)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    match mistakes.is_empty() {
        true => Ok(values),
        false => Err(AskError::Argument(mistakes.join("; "))),
    }
}

fn unknown(action: &ActionPlan, name: &str) -> String {
    let known = action.arguments.iter().map(|known| known.id.as_str());
    let hint = match (nearest(name, known.clone()), action.arguments.as_slice()) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, []) => "it takes none".to_owned(),
        (None, _) => format!("it takes {}", list(&known.collect::<Vec<_>>())),
    };
    format!(
        "the action `{}` has no argument `{name}`: {hint}",
        action.id
    )
}

fn value(argument: &ArgumentPlan, given: Option<&Json>) -> Result<Option<Value>, String> {
    let given = given.filter(|given| !given.is_null());
    let Some(given) = given else {
        return match (&argument.default, argument.required) {
            (Some(default), _) => Ok(Some(default.clone())),
            (None, true) => Err(format!("the argument `{}` is missing", argument.id)),
            (None, false) => Ok(None),
        };
    };
    match of_kind(argument.argument_type, given) {
        Some(value) => Ok(Some(value)),
        None => Err(format!(
            "the argument `{}` is {}, and must be {}",
            argument.id,
            found(given),
            expected(argument.argument_type)
        )),
    }
}

/// A value of JSON, or the text of one, as a value of this kind.
fn of_kind(kind: ArgumentType, given: &Json) -> Option<Value> {
    let text = given.as_str();
    match kind {
        ArgumentType::String => text.map(Value::from),
        ArgumentType::Boolean => match (given, text) {
            (Json::Bool(value), _) => Some(Value::Bool(*value)),
            (_, Some("true")) => Some(Value::Bool(true)),
            (_, Some("false")) => Some(Value::Bool(false)),
            _ => None,
        },
        ArgumentType::Number => match (given, text) {
            (Json::Number(_), _) => Some(Value::from(given.clone())),
            (_, Some(text)) => number(text),
            _ => None,
        },
        ArgumentType::StringList => texts(&parsed(given)),
        ArgumentType::StringMap => texts_by_name(&parsed(given)),
    }
}

/// A list or a map that a command line has as JSON text.
fn parsed(given: &Json) -> Json {
    let read = given
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    read.unwrap_or_else(|| given.clone())
}

fn number(text: &str) -> Option<Value> {
    let number: serde_json::Number = serde_json::from_str(text.trim()).ok()?;
    Some(Value::from(Json::Number(number)))
}

fn texts(given: &Json) -> Option<Value> {
    let items = given.as_array()?.iter();
    let items: Option<Vec<_>> = items.map(|item| item.as_str().map(Value::from)).collect();
    items.map(Value::List)
}

fn texts_by_name(given: &Json) -> Option<Value> {
    let entries = given.as_object()?.iter();
    let entries = entries.map(|(name, value)| Some((name.clone(), Value::from(value.as_str()?))));
    entries.collect::<Option<Map>>().map(Value::Map)
}

fn expected(kind: ArgumentType) -> &'static str {
    match kind {
        ArgumentType::String => "text",
        ArgumentType::Boolean => "`true` or `false`",
        ArgumentType::Number => "a number",
        ArgumentType::StringList => "a list of texts, for example `[\"a\", \"b\"]`",
        ArgumentType::StringMap => "texts by name, for example `{\"a\": \"b\"}`",
    }
}

fn found(given: &Json) -> &'static str {
    match given {
        Json::Null => "nothing",
        Json::Bool(_) => "a truth value",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a mapping",
    }
}
