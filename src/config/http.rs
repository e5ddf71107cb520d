//! What listings of an API need: `request`, `response`, `pagination`, and how failures are met.

use std::num::NonZeroU32;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{Decode, Decoder, Dialect, Named, OneOrMany, Reserved, closed_set, section};
use super::error_handling::ErrorHandlingConfig;
use super::kind::Block;
use super::mapping::{EntitlementMappingConfig, GrantMappingConfig, ResourceMappingConfig};
use super::scalar::{DurationText, ExprText, PathText, TemplateText, Text};
use super::tree::{Node, NodeValue};

/// The family of `pagination` in HTTP files; its kinds live in `source/http/pagination`.
pub struct HttpPaginationFamily;

/// The family of `response.decoder`; its kinds live in `source/http/answer/decoder`.
pub struct DecoderFamily;

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
        /// Of a pre-request: asks again until this is true of the answer, for example
        /// `cel: response.body.state == 'done'`: a job that has to be waited for. A listing that waits
        /// for a job cannot be gone on with by a later run, which makes a new one. An addition of
        /// rolecall.
        pub until: Option<ExprText>,
        /// With `until`: the wait before each further attempt. Not written: `5s`. An addition of
        /// rolecall.
        pub every: Option<DurationText>,
        /// With `until`: after so long the listing fails. Not written: `30m`. An addition of rolecall.
        pub at_most: Option<DurationText>,
        /// Requests made when the listing has come to its end, for example to delete the job that made
        /// it; any method may be used. A failure of theirs is logged and changes nothing. An addition
        /// of rolecall.
        pub after_requests: Named<RequestConfig>,
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
        /// What the body is written in. Not written: JSON, whatever the content type says. A body that
        /// is a gzip or zip file is unpacked first; of a zip, every file in it is read. An addition of
        /// rolecall.
        pub decoder: Option<Block<DecoderFamily>>,
        /// The items are the values of an object rather than of a list: each becomes one item that
        /// has its key under this name, for example `items_key: name`. A value that is no object
        /// itself is under `value`. An addition of rolecall.
        pub items_key: Option<Text>,
        /// Path of the names of columns in the answer, where each item is a list of values, for
        /// example `schema.fields[*].name`: it becomes an object. An addition of rolecall.
        pub columns_path: Option<PathText>,
        /// The names of columns, where the answer does not have them. `first_row` alone: the first
        /// item of each answer has them. An addition of rolecall.
        pub columns: OneOrMany<Text>,
        /// Path of a list in each item. An item becomes as many records as the list has entries, each
        /// with that entry in place of the list: a listing of groups with their members in it becomes
        /// one of memberships, `item.id` the group and `item.members.id` the member. An item whose
        /// list is empty or missing becomes no record. A list that only `detail` brings is unwound there.
        /// An addition of rolecall.
        pub unwind: Option<PathText>,
        /// Finds what belongs to an item elsewhere in the answer, by name: side-loaded users,
        /// `included` of JSON:API. What is found is `item.<name>`. An addition of rolecall.
        pub lookups: Named<LookupConfig>,
        /// Asks for each item once more, where the list does not have all of it. An addition of
        /// rolecall.
        pub detail: Option<Box<DetailConfig>>,
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

section! {
    /// Finds what belongs to an item elsewhere in the same answer.
    pub struct LookupConfig {
        /// Path of the list to search, for example `included`.
        pub path: PathText,
        /// What an entry of the list is known by, for example `cel: item.id`, or
        /// `cel: item.type + ':' + item.id`; `item` is the entry.
        pub key: ExprText,
        /// What is looked for, for example `cel: item.role_id`; `item` is the item. A list of keys
        /// brings the list of entries that were found; null brings null.
        pub of: ExprText,
    }
}

section! {
    /// A request for each item, whose answer completes it.
    pub struct DetailConfig {
        /// The request; `item` is what the list has of it, which may be a bare id:
        /// `url: "tmpl:/users/{{ .item.id }}"`. With `batch`, `items` is a list of them.
        pub request: RequestConfig,
        /// Path of the object in the answer. Not written: the whole answer. What it has replaces what
        /// the item has under the same names; a bare item is kept under `item`, and a list that
        /// answers under `items`.
        pub path: Option<PathText>,
        /// Asks for so many items at once. The answer has a list at `path`, and its entries become
        /// the items. Not written: each by itself.
        pub batch: Option<NonZeroU32>,
        /// Path of a list in each item as the answer completed it: the item becomes as many records
        /// as the list has entries, as with `unwind` of the response, which comes before. Users whose
        /// roles only their own answers have become memberships: `unwind: roles`.
        pub unwind: Option<PathText>,
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
        /// How long one request may take, its whole answer included, for example `30s`; `0s` is no
        /// limit. Not written: as long as the answer keeps coming, see `read_timeout`.
        pub timeout: Option<DurationText>,
        /// How long connecting may take, for example `5s`; `0s` is no limit. Not written: `15s`. An
        /// addition of rolecall.
        pub connect_timeout: Option<DurationText>,
        /// How long the API may be silent: until its answer begins, and between two parts of it, for
        /// example `2m`; `0s` is no limit. Not written: `60s`, or no limit of its own where `timeout`
        /// is written. An addition of rolecall.
        pub read_timeout: Option<DurationText>,
        /// Headers of every request.
        pub headers: Named<TemplateText>,
        /// When and how often requests are tried again.
        pub retry: Option<RetryConfig>,
        /// How many requests may be under way at a time, at least 1. Fewer are while the API answers
        /// that it is overloaded (429, 503, no answer in time). Not written: as many as the sync has
        /// listings side by side (`--concurrency`). An addition of rolecall.
        pub max_concurrency: Option<NonZeroU32>,
        /// How many requests may be sent in a time, by all listings together. An addition of
        /// rolecall.
        pub rate_limit: Option<RateLimitConfig>,
    }
}

section! {
    /// How many requests may be sent in a time, for example `{requests: 100, per: 1m}`. An addition
    /// of rolecall.
    pub struct RateLimitConfig {
        /// So many requests at most, at least 1 …
        pub requests: NonZeroU32,
        /// … in any span of this time, for example `1s` or `1m`.
        pub per: DurationText,
        /// How many of them may go at once; the rest is spread over the time. Not written: all of
        /// them.
        pub burst: Option<u32>,
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
