//! The actions of a connector as programs see them: names and words are those of the protocol.

use serde::Serialize;
use serde_json::Value as Json;

use super::answer::{MESSAGE, SUCCESS};
use crate::config::action::ArgumentType;
use crate::plan::{ActionPlan, Plan};

/// What an action takes and answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionSchema {
    /// Its id, by which it is run.
    pub name: String,
    /// What it takes.
    pub arguments: Vec<ActionValueSchema>,
    /// What it answers.
    pub return_types: Vec<ActionValueSchema>,
    /// The name shown to people.
    pub display_name: String,
    /// A sentence about it; may be empty.
    pub description: String,
    /// What it is about: `ACTION_TYPE_ACCOUNT_DISABLE` …
    pub action_type: Vec<String>,
}

/// A value that an action takes or answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionValueSchema {
    /// Its id.
    pub name: String,
    /// The name shown to people.
    pub display_name: String,
    /// A sentence about it; may be empty.
    pub description: String,
    /// The kind of value: `string`, `boolean`, `number`, `string_list` or `string_map`.
    pub r#type: &'static str,
    /// Whether it must be said; always false for what is answered.
    pub required: bool,
    /// Its value where nobody says another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
}

/// All actions of a connector, in the order of the file.
pub fn action_schemas(plan: &Plan) -> Vec<ActionSchema> {
    plan.actions.iter().map(schema).collect()
}

fn schema(action: &ActionPlan) -> ActionSchema {
    let arguments = action.arguments.iter().map(|argument| ActionValueSchema {
        name: argument.id.clone(),
        display_name: argument.name.clone(),
        description: argument.description.clone(),
        r#type: argument.argument_type.word(),
        required: argument.required,
        default: argument.default.as_ref().map(Json::from),
    });
    let usual = [
        (SUCCESS, ArgumentType::Boolean, "Success"),
        (MESSAGE, ArgumentType::String, "Message"),
    ];
    let usual = usual
        .into_iter()
        .filter(|(name, ..)| !action.returns.iter().any(|found| found.id == *name))
        .map(|(name, kind, display_name)| ActionValueSchema {
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            description: String::new(),
            r#type: kind.word(),
            required: false,
            default: None,
        });
    let returns = action.returns.iter().map(|found| ActionValueSchema {
        name: found.id.clone(),
        display_name: found.name.clone(),
        description: found.description.clone(),
        r#type: found.return_type.word(),
        required: false,
        default: None,
    });
    let kinds = action.kinds.iter();
    ActionSchema {
        name: action.id.clone(),
        arguments: arguments.collect(),
        return_types: usual.chain(returns).collect(),
        display_name: action.name.clone(),
        description: action.description.clone(),
        action_type: kinds
            .map(|kind| format!("ACTION_TYPE_{}", kind.to_uppercase()))
            .collect(),
    }
}
