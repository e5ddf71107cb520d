//! `actions` → what can be done besides granting and revoking.

use super::change::{ChangePlan, queries, requests};
use super::connection::Connection;
use super::side::Side;
use super::statements::Statements;
use super::variables::{ACTION, REQUEST, RETURNS};
use crate::config::action::{
    ActionConfig, ArgumentConfig, ArgumentType, KnownActionConfig, ReturnConfig,
};
use crate::config::decode::Reserved;
use crate::config::scalar::Text;
use crate::config::{Bare, CompileContext, ConnectorConfig, Dialect, Key, Node, NodeValue};
use crate::diagnostic::{Diagnostic, list, nearest};
use crate::expr::{Expression, Map, Value};
use crate::source::sql::Known;

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
    /// What it does.
    pub change: ChangePlan,
    /// What it answers.
    pub returns: Vec<ReturnPlan>,
}

/// A value that an action answers.
#[derive(Debug)]
pub struct ReturnPlan {
    /// Its id.
    pub id: String,
    /// The name shown to people.
    pub name: String,
    /// A sentence about it; may be empty.
    pub description: String,
    /// The kind of value.
    pub return_type: ArgumentType,
    /// The value.
    pub value: Expression,
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
    let compiled = actions.iter().filter_map(|(key, action)| match action {
        ActionConfig::Known(action) => known_action(key, action, connection, cx),
        ActionConfig::Unknown(_) => {
            cx.warning(
                "no-effect",
                key.span,
                format!("action `{}` says nothing that can be run", key.text),
                "write the request that it makes: `request: {method: POST, url: …}`",
            );
            None
        }
    });
    compiled.collect()
}

fn known_action(
    key: &Key,
    config: &KnownActionConfig,
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
    let path = format!("actions.{id}");
    let side = Side::action(config, &path, key.span);
    side.check_dialect(cx);
    let change = match cx.dialect {
        Dialect::Http => {
            let plan = requests(&side, ACTION.and(REQUEST), connection, cx);
            plan.map(|plan| ChangePlan::Http(Box::new(plan)))
        }
        Dialect::Sql => by_queries(&side, config, known, connection, cx),
    };
    let returns: Vec<_> = config
        .returns
        .iter()
        .map(|(key, config)| returned(key, config, cx))
        .collect();
    Some(ActionPlan {
        id: id.clone(),
        name: config.name.text.clone(),
        description: text(&config.description),
        kinds,
        arguments: arguments.into_iter().collect::<Option<_>>()?,
        change: change?,
        returns: returns.into_iter().collect::<Option<_>>()?,
    })
}

fn by_queries(
    side: &Side,
    config: &KnownActionConfig,
    known: Known<'_>,
    connection: Option<&Connection>,
    cx: &mut CompileContext,
) -> Option<ChangePlan> {
    let failed = |field: &str| cx.is_failed(&format!("{}.{field}", side.path));
    let unread = failed("query") || failed("queries");
    if side.queries.is_empty() {
        if !unread && side.request.is_none() {
            let at = cx.at(side.span);
            let message = format!("`{}` needs `query` or `queries`", side.path);
            let missing = Diagnostic::error("missing-field", at, message);
            cx.note(missing.help("write the statement that it runs"));
        }
        return None;
    }
    let mut statements = Statements::of(connection, &config.vars, known, cx);
    let compiled = queries(side, connection, &mut statements);
    statements.finish();
    if let (Some(query), [_, ..]) = (&config.query, config.change.queries.as_slice()) {
        let at = cx.at(query.0.span);
        let message = format!("`{}` has both `query` and `queries`", side.path);
        let both = Diagnostic::error("conflicting-fields", at, message);
        cx.note(both.help("write all of its statements under `queries`"));
        return None;
    }
    Some(ChangePlan::Sql(Box::new(compiled?)))
}

fn returned(key: &Key, config: &ReturnConfig, cx: &mut CompileContext) -> Option<ReturnPlan> {
    let bare = match cx.dialect {
        Dialect::Sql => Bare::Cel,
        Dialect::Http => Bare::Literal,
    };
    let value = cx.expression(&config.value, bare, RETURNS);
    Some(ReturnPlan {
        id: key.text.clone(),
        name: config
            .name
            .as_ref()
            .map_or_else(|| key.text.clone(), |name| name.text.clone()),
        description: text(&config.description),
        return_type: match &config.r#type {
            Some(written) => written.0?,
            None => ArgumentType::String,
        },
        value: value?,
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
        let meant = nearest(&word.text, KINDS.into_iter());
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("write one of {}", list(&KINDS)),
        };
        let fix = meant.and_then(|meant| cx.rewrite(word, meant));
        let message = format!("there is no `action_type` `{}`: it is left out", word.text);
        let unknown = Diagnostic::warning("unknown-word", cx.at(word.span), message);
        cx.note(unknown.help(help).fix_if(fix));
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
