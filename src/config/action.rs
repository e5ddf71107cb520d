//! `actions.<id>`: what can be done besides granting and revoking.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::change::ChangeConfig;
use super::decode::{Decode, Decoder, Dialect, Named, Reserved, Tolerant, closed_set, section};
use super::scalar::{ExprText, SqlText, Text};
use super::tree::Node;

/// An action. What one of an API looks like in files of baton-http is documented nowhere, so one
/// that is not written in our way is kept as it is.
#[derive(Debug, Clone)]
pub enum ActionConfig {
    /// Statements or requests.
    Known(Box<KnownActionConfig>),
    /// Of an API, in another way.
    Unknown(Reserved),
}

impl Decode for ActionConfig {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let fields = node.as_map().unwrap_or_default();
        let ours = |key: &str| ["request", "requests"].contains(&key);
        match decoder.dialect {
            Dialect::Http if !fields.iter().any(|(key, _)| ours(&key.text)) => {
                Reserved::decode(node, decoder).map(ActionConfig::Unknown)
            }
            _ => Box::decode(node, decoder).map(ActionConfig::Known),
        }
    }
}

impl JsonSchema for ActionConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ActionConfig".into()
    }

    /// The fields of an action of a database; an action of an API may have others.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = KnownActionConfig::json_schema(generator);
        schema.remove("required");
        schema.remove("additionalProperties");
        schema
    }
}

section! {
    /// Statements or requests that somebody runs by name.
    pub struct KnownActionConfig {
        /// The name shown to people.
        pub name: Text,
        /// A sentence about it.
        pub description: Option<Text>,
        /// What it is about: `unspecified`, `dynamic`, `account`, `account_update_profile`,
        /// `account_disable` or `account_enable`.
        pub action_type: Vec<Text>,
        /// What whoever runs it says, by name: values of the queries (`?<name>`), and
        /// `input.name` in `vars`.
        pub arguments: Named<ArgumentConfig>,
        /// Further values for the placeholders, by name. One with the name of an argument is taken
        /// in its place.
        pub vars: Named<ExprText>,
        /// The statement. It must change one row.
        pub query: Option<SqlText>,
        /// What the action answers, by name, for example `user_id: cel:response.body.id`:
        /// expressions over `input`, `response` (the last answer of an API) and `row` (the first row
        /// that the last statement brought). An addition of rolecall.
        pub returns: Named<ReturnConfig>,
        => pub change: ChangeConfig
    }
}

section! {
    /// A value that an action answers. An addition of rolecall.
    pub struct ReturnConfig {
        /// The name shown to people. Not written: the key.
        pub name: Option<Text>,
        /// A sentence about it.
        pub description: Option<Text>,
        /// The kind of value. Not written: `string`.
        pub r#type: Option<Tolerant<ArgumentType>>,
        /// The value.
        pub value: ExprText,
    }
}

section! {
    /// What whoever runs an action says.
    pub struct ArgumentConfig {
        /// The name shown to people. Not written: the key.
        pub name: Option<Text>,
        /// A sentence about it.
        pub description: Option<Text>,
        /// The kind of value. Required.
        pub r#type: Option<Tolerant<ArgumentType>>,
        /// Its value where nobody says another: text, a number, a truth value, a list of texts or a
        /// mapping of texts, as `type` says.
        pub default: Option<Reserved>,
        /// Whether it must be said. One that is not, and that has no default, is null.
        pub required: bool = false,
    }
}

closed_set! {
    /// The kind of value of an argument.
    pub enum ArgumentType {
        /// Text.
        String = "string",
        /// True or false.
        Boolean = "boolean",
        /// A number.
        Number = "number",
        /// A list of texts.
        StringList = "string_list",
        /// Texts by name.
        StringMap = "string_map",
    }
}

impl ArgumentType {
    /// The word as files write it.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}
