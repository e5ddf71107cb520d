//! `actions.<id>`: what can be done besides granting and revoking.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::decode::{Decode, Decoder, Dialect, Named, Reserved, Tolerant, closed_set, section};
use super::scalar::{ExprText, SqlText, Text};
use super::tree::Node;

/// An action, by the dialect of the file. What one of an API looks like is documented nowhere, so
/// it is kept as it is written.
#[derive(Debug, Clone)]
pub enum ActionConfig {
    /// Of a database.
    Sql(Box<SqlActionConfig>),
    /// Of an API.
    Http(Reserved),
}

impl Decode for ActionConfig {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match decoder.dialect {
            Dialect::Sql => Box::decode(node, decoder).map(ActionConfig::Sql),
            Dialect::Http => Reserved::decode(node, decoder).map(ActionConfig::Http),
        }
    }
}

impl JsonSchema for ActionConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ActionConfig".into()
    }

    /// The fields of an action of a database; an action of an API may have others.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = SqlActionConfig::json_schema(generator);
        schema.remove("required");
        schema.remove("additionalProperties");
        schema
    }
}

section! {
    /// Statements that somebody runs by name.
    pub struct SqlActionConfig {
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
        /// Several statements, run in order.
        pub queries: Vec<SqlText>,
        /// Runs the queries without a transaction around them.
        pub no_transaction: bool = false,
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
