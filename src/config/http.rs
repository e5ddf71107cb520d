//! What listings of an API need: `request`, `response`, `pagination`, and how failures are met.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{Decode, Decoder, Dialect, Named, OneOrMany, Reserved, closed_set, section};
use super::error_handling::ErrorHandlingConfig;
use super::kind::Block;
use super::mapping::{EntitlementMappingConfig, GrantMappingConfig, ResourceMappingConfig};
use super::scalar::{DurationText, ExprText, PathText, TemplateText, Text};
use super::tree::{Node, NodeValue};

/// The family of `pagination` in HTTP files; its kinds live in `source/http/pagination`.
pub struct HttpPaginationFamily;

/// The family of `pagination` in SQL files; its kinds live in `source/sql/pagination`.
pub struct SqlPaginationFamily;

/// How a listing is paged: one strategy of the file's dialect.
#[derive(Debug, Clone)]
pub enum PaginationConfig {
    /// Of a query.
    Sql(Block<SqlPaginationFamily>),
    /// Of an API.
    Http(Block<HttpPaginationFamily>),
}

impl Decode for PaginationConfig {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match decoder.dialect {
            Dialect::Sql => Block::decode(node, decoder).map(PaginationConfig::Sql),
            Dialect::Http => Block::decode(node, decoder).map(PaginationConfig::Http),
        }
    }
}

impl JsonSchema for PaginationConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PaginationConfig".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let sql = generator.subschema_for::<Block<SqlPaginationFamily>>();
        let http = generator.subschema_for::<Block<HttpPaginationFamily>>();
        json_schema!({ "anyOf": [sql, http] })
    }
}

section! {
    /// One request to an API.
    pub struct RequestConfig {
        /// The HTTP method: `GET` when not written, or `POST`; with `graphql`, `POST` when not
        /// written.
        pub method: Option<Text>,
        /// Path or URL, joined to `base_url`. After `tmpl:` a template, for example
        /// `tmpl:/groups/{{ .resource.id }}/members`: each inserted value is percent-encoded as one
        /// segment, unless it goes through `raw`. A URL on another host is asked without the
        /// credentials and headers of `connect`.
        pub url: TemplateText,
        /// Headers by name. They win over those of `request_defaults`, and those over
        /// `http.headers`. In literal text `${NAME}` is filled in from the environment; what is null
        /// is not sent.
        pub headers: Named<TemplateText>,
        /// Query parameters by name, in the same way; they also win over those of the `url`.
        pub query_params: Named<TemplateText>,
        /// The body, literal or a template. What a template inserts is escaped for the content
        /// type: in JSON (the default) inside quotes as text, elsewhere as a JSON value; in a form
        /// percent-encoded, in XML with entities. Written as a mapping or a list, which is an
        /// addition of rolecall, the body is sent as JSON: in it `cel:` keeps the type of its value
        /// and `tmpl:` makes text.
        pub body: Option<BodyConfig>,
        /// The body as fields of a form, by name; what is null is not sent. An addition of rolecall.
        pub form: Named<TemplateText>,
        /// The body as a GraphQL query. An addition of rolecall.
        pub graphql: Option<GraphqlRequestConfig>,
        /// Requests made before this one, in order, once per listing and resource. Their answers
        /// are `.pre_requests.<name>.body`, `.headers` and `.status_code` in the templates of this
        /// request and of those after them, and `pre_requests.<name>.body` in the mapping.
        pub pre_requests: Named<RequestConfig>,
        /// How failures of this request are met.
        pub error_handling: Option<ErrorHandlingConfig>,
    }
}

section! {
    /// A GraphQL query, sent as JSON by `POST`. An addition of rolecall.
    pub struct GraphqlRequestConfig {
        /// The query, which declares the variables it uses.
        pub query: TemplateText,
        /// Values of the variables by name, in any form of YAML: `cel:` keeps the type of its value,
        /// `tmpl:` makes text.
        pub variables: Named<Reserved>,
        /// Which operation of the query is meant, where it has several.
        pub operation_name: Option<Text>,
    }
}

/// The body of a request.
#[derive(Debug, Clone)]
pub enum BodyConfig {
    /// Text of any type.
    Text(TemplateText),
    /// A mapping or a list, which becomes JSON.
    Tree(Node),
}

impl Decode for BodyConfig {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match node.value {
            NodeValue::Map(_) | NodeValue::List(_) => Some(BodyConfig::Tree(node.clone())),
            _ => TemplateText::decode(node, decoder).map(BodyConfig::Text),
        }
    }
}

impl JsonSchema for BodyConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BodyConfig".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = generator.subschema_for::<TemplateText>();
        json_schema!({ "anyOf": [text, { "type": ["object", "array"] }] })
    }
}

section! {
    /// Where the items of an answer are, and what they become.
    pub struct ResponseConfig {
        /// Path of the list of items in the answer. Absent or `items`: a bare list is found too.
        pub items_path: Option<PathText>,
        /// What it means when `items_path` matches nothing: `error` (the default) or `empty`, for
        /// APIs that leave an empty list out. An addition of rolecall.
        pub items_missing: Option<ItemsMissing>,
        /// What the items become. Follows from the mapping that is written.
        pub mapping_type: Option<MappingType>,
        /// Skips the items for which this is true.
        pub skip_if: Option<ExprText>,
        /// What each item becomes in `list`.
        pub resource_mapping: Option<ResourceMappingConfig>,
        /// What each item becomes in `entitlements`.
        pub entitlement_mapping: OneOrMany<EntitlementMappingConfig>,
        /// What each item becomes in `grants`.
        pub grant_mapping: OneOrMany<GrantMappingConfig>,
    }
}

closed_set! {
    /// What items become.
    pub enum MappingType {
        /// Resources.
        Resource = "resource",
        /// Entitlements.
        Entitlement = "entitlement",
        /// Grants.
        Grant = "grant",
    }
}

closed_set! {
    /// What it means when the path of the items matches nothing.
    pub enum ItemsMissing {
        /// The listing fails: most often the path is wrong.
        Error = "error",
        /// The listing is empty: this API leaves an empty list out.
        Empty = "empty",
    }
}

section! {
    /// The HTTP client.
    pub struct HttpClientConfig {
        /// How long one request may take, its answer included, for example `30s`. Not written:
        /// `60s`; `0s` is no limit.
        pub timeout: Option<DurationText>,
        /// Headers of every request.
        pub headers: Named<TemplateText>,
        /// When and how often requests are tried again.
        pub retry: Option<RetryConfig>,
    }
}

section! {
    /// When and how often requests are tried again.
    pub struct RetryConfig {
        /// Attempts in all, the first one included. Not written: 5.
        pub max_attempts: Option<u32>,
        /// The longest wait before the second attempt; it doubles from then on. Not written:
        /// `500ms`. A wait that the API asks for (`Retry-After`) is obeyed instead, up to five
        /// minutes.
        pub initial_backoff: Option<DurationText>,
        /// The longest wait before any attempt. Not written: `30s`.
        pub max_backoff: Option<DurationText>,
    }
}
