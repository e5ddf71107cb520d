//! `actions` → what can be done besides granting and revoking.

use super::connection::Connection;
use super::lint::not_yet;
use super::statements::Statements;
use super::variables::ACTION;
use crate::config::action::{ActionConfig, ArgumentConfig, ArgumentType, SqlActionConfig};
use crate::config::decode::Reserved;
use crate::config::scalar::Text;
use crate::config::{CompileContext, ConnectorConfig, Key, Node, NodeValue};
use crate::diagnostic::{Diagnostic, list, nearest};
use crate::expr::{Map, Value};
use crate::source::sql::{Known, SqlStatement};

/// What somebody can run by name.
#[derive(Debug)]
pub struct ActionPlan {
    /// Its id.
    pub id: String,
    /// The name shown to people.
    pub name: String,
    /// A sentence about it; may be empty.
    pub description: String,
    /// What it is about.
    pub kinds: Vec<&'static str>,
    /// What whoever runs it says.
    pub arguments: Vec<ArgumentPlan>,
    /// What it runs, in order.
    pub statements: Vec<SqlStatement>,
    /// Whether all of it is one transaction.
    pub in_transaction: bool,
}

/// What whoever runs an action says.
#[derive(Debug)]
pub struct ArgumentPlan {
    /// Its name in queries.
    pub id: String,
    /// The name shown to people.
    pub name: String,
    /// A sentence about it; may be empty.
    pub description: String,
    /// The kind of value.
    pub argument_type: ArgumentType,
    /// Its value where nobody says another.
    pub default: Option<Value>,
    /// Whether it must be said.
    pub required: bool,
}

/// What an action can be about.
const KINDS: [&str; 6] = [
    "unspecified",
    "dynamic",
    "account",
    "account_update_profile",
    "account_disable",
    "account_enable",
];

/// Compiles the actions of a file; every mistake is noted.
pub(super) fn compile(
    config: &ConnectorConfig,
    connection: Option<&Connection>,
    cx: &mut CompileContext,
) -> Vec<ActionPlan> {
    let Some(actions) = &config.actions else {
        return Vec::new();
    };
    not_yet("actions", actions.span, cx);
    let compiled = actions.iter().filter_map(|(key, action)| match action {
        ActionConfig::Sql(action) => sql_action(key, action, connection, cx),
        ActionConfig::Http(_) => None,
    });
    compiled.collect()
}

fn sql_action(
    key: &Key,
    config: &SqlActionConfig,
    connection: Option<&Connection>,
    cx: &mut CompileContext,
) -> Option<ActionPlan> {
    let id = &key.text;
    if config.name.text.is_empty() {
        cx.error::<()>(
            "missing-field",
            config.name.span,
            format!("`actions.{id}.name` is empty"),
        );
    }
    let arguments: Vec<_> = config
        .arguments
        .iter()
        .map(|(key, argument)| self::argument(id, key, argument, cx))
        .collect();
    let names: Vec<String> = config
        .arguments
        .iter()
        .map(|(key, _)| key.text.clone())
        .collect();
    let known = Known {
        values: &names,
        members: Some(("input", &names)),
        ..Known::variables(ACTION)
    };
    let kinds = kinds(&config.action_type, cx);
    let failed = |field: &str| cx.is_failed(&format!("actions.{id}.{field}"));
    let unread = failed("query") || failed("queries");
    let mut statements = Statements::of(connection, &config.vars, known, cx);
    let compiled = match (&config.query, config.queries.as_slice()) {
        (Some(query), []) => statements.one(query).map(|query| vec![query]),
        (None, queries @ [_, ..]) => statements.all(queries),
        (Some(query), queries) => {
            statements.one(query);
            statements.all(queries);
            let at = statements.cx.at(query.0.span);
            let message = format!("action `{id}` has both `query` and `queries`");
            statements.cx.note(
                Diagnostic::error("conflicting-fields", at, message)
                    .help("write all of its statements under `queries`"),
            );
            None
        }
        (None, []) if unread => None,
        (None, []) => {
            let at = statements.cx.at(key.span);
            let message = format!("action `{id}` needs `query` or `queries`");
            statements.cx.note(
                Diagnostic::error("missing-field", at, message)
                    .help("write the statement that it runs"),
            );
            return None;
        }
    };
    statements.finish();
    Some(ActionPlan {
        id: id.clone(),
        name: config.name.text.clone(),
        description: text(&config.description),
        kinds,
        arguments: arguments.into_iter().collect::<Option<_>>()?,
        statements: compiled?,
        in_transaction: !config.no_transaction,
    })
}

fn text(written: &Option<Text>) -> String {
    written
        .as_ref()
        .map(|text| text.text.clone())
        .unwrap_or_default()
}

/// What an action is about. Unknown words are left out, as the connectors do.
fn kinds(written: &[Text], cx: &mut CompileContext) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    for word in written {
        if let Some(kind) = KINDS.into_iter().find(|kind| *kind == word.text) {
            kinds.push(kind);
            continue;
        }
        let help = match nearest(&word.text, KINDS.into_iter()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("write one of {}", list(&KINDS)),
        };
        let message = format!("there is no `action_type` `{}`: it is left out", word.text);
        cx.warning("unknown-word", word.span, message, &help);
    }
    kinds
}

fn argument(
    action: &str,
    key: &Key,
    config: &ArgumentConfig,
    cx: &mut CompileContext,
) -> Option<ArgumentPlan> {
    let id = &key.text;
    let path = format!("actions.{action}.arguments.{id}");
    if config.r#type.is_none() {
        let at = cx.at(key.span);
        cx.note(
            Diagnostic::error("missing-field", at, format!("`{path}` needs `type`"))
                .help(format!("write one of {}", list(ArgumentType::WORDS))),
        );
    }
    // A word that is no type was noted; the argument is there all the same.
    let argument_type = config.r#type.as_ref()?.0?;
    let default = match &config.default {
        Some(Reserved(node)) => {
            let value = default(node, argument_type, cx);
            if cx.is_masked(node.span) {
                cx.warning(
                    "plain-secret",
                    node.span,
                    "a secret is written here as plain text",
                    "leave the default out: whoever runs the action says it",
                );
            }
            if config.required {
                let at = cx.at(node.span);
                let message = format!(
                    "the argument `{id}` of action `{action}` is `required` and has a default"
                );
                cx.note(
                    Diagnostic::error("conflicting-fields", at, message)
                        .help("remove `required` or `default`"),
                );
            }
            Some(value?)
        }
        None => None,
    };
    Some(ArgumentPlan {
        id: id.clone(),
        name: match text(&config.name) {
            name if name.is_empty() => id.clone(),
            name => name,
        },
        description: text(&config.description),
        argument_type,
        default,
        required: config.required,
    })
}

/// The value of `default`, of the argument's type.
fn default(node: &Node, argument_type: ArgumentType, cx: &mut CompileContext) -> Option<Value> {
    let scalar = |node: &Node| match &node.value {
        NodeValue::Scalar { text, .. } => Some(Value::Text(text.clone())),
        _ => None,
    };
    let value = match (argument_type, &node.value) {
        (ArgumentType::String, _) => scalar(node),
        (ArgumentType::Boolean, NodeValue::Scalar { text, .. }) => {
            match text.to_lowercase().as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            }
        }
        (ArgumentType::Number, NodeValue::Scalar { text, .. }) => number(text),
        (ArgumentType::StringList, NodeValue::List(items)) => {
            let items: Option<Vec<Value>> = items.iter().map(scalar).collect();
            items.map(Value::List)
        }
        (ArgumentType::StringMap, NodeValue::Map(entries)) => {
            let entries = entries
                .iter()
                .map(|(key, value)| Some((key.text.clone(), scalar(value)?)));
            entries.collect::<Option<Map>>().map(Value::Map)
        }
        _ => None,
    };
    if value.is_none() {
        let expected = match argument_type {
            ArgumentType::String => "text",
            ArgumentType::Boolean => "`true` or `false`",
            ArgumentType::Number => "a number",
            ArgumentType::StringList => "a list of texts",
            ArgumentType::StringMap => "a mapping of texts",
        };
        // What is written may be a secret and is not quoted.
        let message =
            format!("the default is no value of the argument's type, which is {expected}");
        let at = cx.at(node.span);
        let help = format!("write {expected}, or change `type`");
        cx.note(Diagnostic::error("wrong-type", at, message).help(help));
    }
    value
}

fn number(text: &str) -> Option<Value> {
    let whole = text.parse::<i64>().ok().map(Value::Int);
    let fraction = || text.parse::<f64>().ok().filter(|number| number.is_finite());
    whole.or_else(|| fraction().map(Value::Float))
}
