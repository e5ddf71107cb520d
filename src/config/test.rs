//! `tests`: what a listing shall make of records, or of answers, that are given.

use std::num::NonZeroU32;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{Decode, Decoder, Dialect, Named, OneOrMany, Placed, closed_set, section};
use super::scalar::Text;
use super::tree::{Node, NodeValue};
use crate::expr::Value;

section! {
    /// A test of one listing, which `rolecall test` runs without the system: what is given, and what
    /// it shall become. An addition of rolecall.
    pub struct TestConfig {
        /// What the listing shall do, in a few words, for example `a person who left is disabled`.
        pub name: Text,
        /// The resource type whose listing is tested.
        pub resource_type: Text,
        /// Which of its listings: `list`, `entitlements`, `grants`, or `static_entitlements`, which
        /// asks nobody.
        pub listing: TestedListing = TestedListing::List,
        /// Which entry of `entitlements` or `grants`, from 1, where there are several.
        pub entry: NonZeroU32 = NonZeroU32::MIN,
        /// What the system has. Either `records`, `exchanges` or `recording`.
        pub given: Placed<GivenConfig>,
        /// What shall come of it. What is not written is not compared.
        pub expect: Placed<ExpectConfig>,
    }
}

closed_set! {
    /// A listing of a resource type.
    pub enum TestedListing {
        /// Its resources.
        List = "list",
        /// The entitlements that are listed.
        Entitlements = "entitlements",
        /// Its grants.
        Grants = "grants",
        /// The entitlements that every resource of the type has.
        StaticEntitlements = "static_entitlements",
    }
}

section! {
    /// What the system has.
    pub struct GivenConfig {
        /// The records that the query or the request brings: its rows, or the items of the answer. In
        /// files of databases a moment without quotes (`2026-01-02T03:04:05Z`) is a timestamp, and
        /// one in quotes is text.
        pub records: Option<Vec<Data>>,
        /// What the API answers to which request: the paging and the paths are tested too.
        pub exchanges: Option<Vec<Placed<ExchangeConfig>>>,
        /// A folder that `--record` has written, relative to this file: its answers are given.
        pub recording: Option<Text>,
        /// The resource that entitlements or grants are listed for; several where one listing serves
        /// them all (`resource_id`).
        pub resource: OneOrMany<GivenResourceConfig>,
        /// The resource that it is in, or that a `list` with `parent_type` runs for.
        pub parent_resource: Option<GivenResourceConfig>,
        /// Values of environment variables, by name. Others have a stand-in: a test does not depend on
        /// where it runs.
        pub variables: Named<Text>,
    }
}

section! {
    /// A resource that a listing runs for.
    pub struct GivenResourceConfig {
        /// Its id.
        pub id: Text,
        /// Its name. Not written: the id.
        pub display_name: Option<Text>,
        /// A sentence about it.
        pub description: Option<Text>,
        /// Of an account: its e-mail address.
        pub email: Option<Text>,
        /// Of an account: the name used to sign in.
        pub login: Option<Text>,
        /// Attributes by name.
        pub profile: Named<Text>,
    }
}

section! {
    /// A request that is expected, and the answer to it: an exchange of a recording may be pasted
    /// here. Credentials are not asked for in tests, so tokens need no exchange.
    pub struct ExchangeConfig {
        /// Method and target, for example `GET /v1/users?limit=2`. The order of query parameters does
        /// not count, nor whether characters are percent-encoded.
        pub ask: Text,
        /// The body of the request, in any form of YAML. Not written: any.
        pub sent: Option<Data>,
        /// Headers of the request. Only those count that say what is asked for where one URL serves
        /// for everything: `SOAPAction` and `X-Amz-Target`.
        pub with: Named<Text>,
        /// The status of the answer.
        pub answer: u16 = 200,
        /// Headers of the answer, by name.
        pub headers: Named<OneOrMany<Text>>,
        /// The body of the answer, as JSON or in any form of YAML.
        pub json: Option<Data>,
        /// The body of the answer, as text.
        pub text: Option<Text>,
        /// The body of the answer, in base64.
        pub base64: Option<Text>,
        /// Of a recording; does not count.
        pub at_ms: Option<i64>,
        /// Of a recording; does not count.
        pub took_ms: Option<i64>,
    }
}

section! {
    /// What shall come of what is given. Lists are compared in their order; fields that are not
    /// written are not compared, and empty text means that there is nothing.
    pub struct ExpectConfig {
        /// The resources.
        pub resources: Option<Vec<Placed<ExpectedResourceConfig>>>,
        /// The entitlements.
        pub entitlements: Option<Vec<Placed<ExpectedEntitlementConfig>>>,
        /// The grants.
        pub grants: Option<Vec<Placed<ExpectedGrantConfig>>>,
        /// The requests, in their order, each with method and target.
        pub requests: Option<Vec<Text>>,
        /// Codes of what the sync finds odd, for example `paging-loop`: these and no others. Not
        /// written: nothing by which the listing might lack something.
        pub findings: Option<Vec<Text>>,
        /// The listing fails, and the message has this in it.
        pub error: Option<Text>,
    }
}

section! {
    /// A resource that is expected.
    pub struct ExpectedResourceConfig {
        /// Its id.
        pub id: Option<Text>,
        /// Its name.
        pub display_name: Option<Text>,
        /// A sentence about it.
        pub description: Option<Text>,
        /// The id of the resource it is in.
        pub parent_id: Option<Text>,
        /// `user`, `group`, `role`, `app`, `secret` or `agent`.
        pub r#trait: Option<Text>,
        /// Of an account: the primary e-mail address.
        pub email: Option<Text>,
        /// Of an account: every e-mail address, the primary one first.
        pub emails: Option<Vec<Text>>,
        /// Of an account: the name used to sign in.
        pub login: Option<Text>,
        /// Of an account: other names that sign in to it.
        pub login_aliases: Option<Vec<Text>>,
        /// `enabled`, `disabled`, `deleted`, or `unspecified`; of an agent `ready` for `enabled`.
        pub status: Option<Text>,
        /// Of an account: the system's own words about its status.
        pub status_details: Option<Text>,
        /// `human`, `service`, `system` or `unspecified`.
        pub account_type: Option<Text>,
        /// Of an account: the last time somebody signed in, in any form that mappings read.
        pub last_login: Option<Text>,
        /// Of an account: numbers the employer knows the person by.
        pub employee_ids: Option<Vec<Text>>,
        /// Of an application: where people find help about it.
        pub help_url: Option<Text>,
        /// Of a credential: `static_secret`, `asymmetric_key`, `certificate` or `unspecified`.
        pub credential_type: Option<Text>,
        /// Of a credential: what the platform calls it.
        pub credential_detail: Option<Text>,
        /// Of a credential: when it stops working.
        pub expires_at: Option<Text>,
        /// Of a credential: when it was last used.
        pub last_used_at: Option<Text>,
        /// Of an agent: the identity it acts as, `type:id`.
        pub identity: Option<Text>,
        /// Of the identity of a machine: `app_registration`, `assumable_role`, `managed_identity` or
        /// `unspecified`.
        pub nhi_type: Option<Text>,
        /// Of the identity of a machine: what the platform calls it.
        pub nhi_detail: Option<Text>,
        /// Attributes by name; those that are not written are not compared.
        pub profile: Named<Text>,
    }
}

section! {
    /// An entitlement that is expected.
    pub struct ExpectedEntitlementConfig {
        /// Its id on the resource, for example `member`.
        pub id: Option<Text>,
        /// The id of the resource it is on.
        pub resource_id: Option<Text>,
        /// Its name.
        pub display_name: Option<Text>,
        /// A sentence about it.
        pub description: Option<Text>,
        /// The short name of the permission.
        pub slug: Option<Text>,
        /// `assignment`, `permission`, `ownership` or `unspecified`.
        pub purpose: Option<Text>,
        /// Types of principal that can hold it.
        pub grantable_to: Option<Vec<Text>>,
        /// Whether it can be neither granted nor revoked.
        pub immutable: Option<bool>,
        /// The set of which a principal holds at most one.
        pub exclusion_group: Option<Text>,
    }
}

section! {
    /// A grant that is expected.
    pub struct ExpectedGrantConfig {
        /// The id of whoever holds it.
        pub principal_id: Option<Text>,
        /// The type of whoever holds it.
        pub principal_type: Option<Text>,
        /// The entitlement's id on the resource, for example `member`.
        pub entitlement_id: Option<Text>,
        /// The id of the resource it is on.
        pub resource_id: Option<Text>,
        /// Full ids of the entitlements whose holders hold this one too; an empty list: it brings no
        /// others.
        pub expandable: Option<Vec<Text>>,
        /// Whether only those count who hold these directly.
        pub shallow: Option<bool>,
        /// Who holds it in another system: an id, `user.email=ada@example.com` for those with such an
        /// attribute, or `user` for all.
        pub external_match: Option<Text>,
    }
}

/// Data of any form, as the system brings it.
#[derive(Debug, Clone)]
pub struct Data(pub Node);

impl Decode for Data {
    fn decode(node: &Node, _: &mut Decoder) -> Option<Self> {
        Some(Data(node.clone()))
    }
}

impl JsonSchema for Data {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Data".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "Data of any form." })
    }
}

impl Data {
    /// The data as a record has it. A database brings timestamps: there, a moment without quotes is
    /// one.
    pub fn value(&self, dialect: Dialect) -> Value {
        value(&self.0, dialect)
    }

    /// The data as JSON: what is in quotes is text, and a bare word is what YAML takes it for.
    pub fn json(&self) -> serde_json::Value {
        json(&self.0)
    }
}

fn value(node: &Node, dialect: Dialect) -> Value {
    match &node.value {
        NodeValue::Scalar {
            text,
            quoted: false,
        } if dialect == Dialect::Sql => match chrono::DateTime::parse_from_rfc3339(text) {
            Ok(moment) => Value::Timestamp(moment),
            Err(_) => Value::from(plain(text)),
        },
        NodeValue::Null | NodeValue::Scalar { .. } => Value::from(json(node)),
        NodeValue::List(items) => {
            Value::List(items.iter().map(|item| value(item, dialect)).collect())
        }
        NodeValue::Map(entries) => {
            let fields = entries.iter();
            Value::Map(
                fields
                    .map(|(key, node)| (key.text.clone(), value(node, dialect)))
                    .collect(),
            )
        }
    }
}

fn json(node: &Node) -> serde_json::Value {
    use serde_json::Value as Json;
    match &node.value {
        NodeValue::Null => Json::Null,
        NodeValue::Scalar { text, quoted: true } => Json::from(text.as_str()),
        NodeValue::Scalar {
            text,
            quoted: false,
        } => plain(text),
        NodeValue::List(items) => items.iter().map(json).collect(),
        NodeValue::Map(entries) => {
            let fields = entries.iter();
            Json::Object(
                fields
                    .map(|(key, value)| (key.text.clone(), json(value)))
                    .collect(),
            )
        }
    }
}

/// A word without quotes, by the core schema of YAML 1.2: `no` is text, `0012` is a number.
fn plain(text: &str) -> serde_json::Value {
    use serde_json::Value as Json;
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Json::Null,
        "true" | "True" | "TRUE" => return Json::Bool(true),
        "false" | "False" | "FALSE" => return Json::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Json::from(text);
    }
    if let Ok(number) = text.parse::<i64>() {
        return Json::from(number);
    }
    if let Ok(number) = text.parse::<u64>() {
        return Json::from(number);
    }
    let based = |prefix, base| {
        let digits = text.strip_prefix(prefix)?;
        u64::from_str_radix(digits, base).ok()
    };
    if let Some(number) = based("0x", 16).or_else(|| based("0o", 8)) {
        return Json::from(number);
    }
    let decimal = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    match text.parse::<f64>() {
        Ok(number) if text.chars().all(decimal) => Json::from(number),
        _ => Json::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_words_are_what_yaml_takes_them_for() {
        let cases = [
            ("1", "1"),
            ("-7", "-7"),
            ("0012", "12"),
            ("0x1F", "31"),
            ("1.50", "1.5"),
            ("18446744073709551615", "18446744073709551615"),
            ("true", "true"),
            ("no", "\"no\""),
            ("~", "null"),
            ("2026-01-02", "\"2026-01-02\""),
            ("1.2.3", "\"1.2.3\""),
            ("e5", "\"e5\""),
            (".", "\".\""),
            ("inf", "\"inf\""),
            ("ada", "\"ada\""),
        ];
        for (written, expected) in cases {
            assert_eq!(plain(written).to_string(), expected, "{written}");
        }
    }
}
