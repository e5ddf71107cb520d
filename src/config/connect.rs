//! `connect`: how to reach the system. Its shape decides the dialect of the whole file.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{Decode, Decoder, Dialect, Named, section};
use super::http::{PaginationConfig, RequestConfig};
use super::kind::Block;
use super::scalar::{EnvText, SecretText, TemplateText, Text};
use super::tree::{Node, NodeValue};
use crate::diagnostic::{Diagnostic, Location, SourceFile, Span};

/// The family of `connect.auth`; its kinds live in `source/http/auth`.
pub struct AuthFamily;

/// How to reach the system.
#[derive(Debug, Clone)]
pub enum ConnectConfig {
    /// A database.
    Sql(Box<SqlConnectConfig>),
    /// A REST API.
    Http(Box<HttpConnectConfig>),
}

section! {
    /// How to reach a database. Give a `dsn`, the structured fields, or both: the fields win over
    /// the parts of the DSN.
    pub struct SqlConnectConfig {
        /// The data source name, for example `postgres://${DB_USER}:${DB_PASSWORD}@db.example:5432/app`
        /// or `sqlite:acme.db`. Variables are filled in part by part, so a password may hold any
        /// character. A relative SQLite path starts at the folder of this file.
        pub dsn: Option<SecretDsn>,
        /// The database system: `postgres`, `redshift`, `mysql`, `sqlite`, and through ODBC `sqlserver`,
        /// `oracle`, `hdb`, `db2`, `vertica` and `odbc`.
        pub scheme: Option<EnvText>,
        /// Host name or address.
        pub host: Option<EnvText>,
        /// Port number.
        pub port: Option<EnvText>,
        /// Database name; for SQLite, the path of the file.
        pub database: Option<EnvText>,
        /// User name.
        pub user: Option<EnvText>,
        /// Password, any characters.
        pub password: Option<SecretText>,
        /// Further parameters of the connection, for example `sslmode: require`; through ODBC, keywords
        /// of the driver, and `driver` for its name.
        pub params: Named<EnvText>,
        /// Several databases of one server: every query runs in each of them.
        pub databases: Option<DatabasesConfig>,
    }
}

section! {
    /// Which databases of the server to read. Set one of the two.
    pub struct DatabasesConfig {
        /// Database names.
        pub r#static: Vec<Text>,
        /// A query whose first column lists the database names.
        pub discovery_query: Option<Text>,
    }
}

section! {
    /// How to reach a REST API.
    pub struct HttpConnectConfig {
        /// Where the API lives, for example `https://api.example.com/v1`. `${NAME}` is filled in
        /// from the environment.
        pub base_url: EnvText,
        /// How requests prove who is asking.
        pub auth: Option<Block<AuthFamily>>,
        /// Certificates of an API with an authority of its own, or that wants one of us. An addition
        /// of rolecall.
        pub tls: Option<TlsConfig>,
        /// Headers, query parameters and content type of every request.
        pub request_defaults: Option<RequestDefaultsConfig>,
        /// Requests made once per run, before every other, for example to look up a tenant. Their
        /// answers are `.pre_requests.<name>.body` in every request and every mapping. An addition
        /// of rolecall.
        pub pre_requests: Named<RequestConfig>,
        /// How listings are paged, unless a listing says otherwise.
        pub pagination: Option<PaginationConfig>,
    }
}

section! {
    /// Whom an API is trusted by, and the certificate that says who we are. Files are in PEM form; a
    /// relative path starts at the folder of the connector file, and in place of a path the content
    /// of such a file may stand there: `client_key: ${CLIENT_KEY}`.
    pub struct TlsConfig {
        /// The certificates of the authorities that may sign the API's, besides those that the
        /// machine trusts.
        pub ca_file: Option<EnvText>,
        /// The certificate that says who we are, with those between it and its authority.
        pub client_certificate: Option<EnvText>,
        /// Its private key.
        pub client_key: Option<SecretText>,
        /// Does not check the certificate of the API: for a trial, never for real credentials.
        pub insecure_skip_verify: Option<bool>,
    }
}

section! {
    /// What every request carries.
    pub struct RequestDefaultsConfig {
        /// The `Content-Type` of requests with a body.
        pub content_type: Option<Text>,
        /// Headers by name.
        pub headers: Named<TemplateText>,
        /// Query parameters by name.
        pub query_params: Named<TemplateText>,
    }
}

/// A DSN: text with variables that usually holds a password.
#[derive(Debug, Clone)]
pub struct SecretDsn(pub SecretText);

impl Decode for SecretDsn {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        SecretText::decode(node, decoder).map(Self)
    }
}

impl JsonSchema for SecretDsn {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Dsn".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// Fields that only a SQL, or only an HTTP `connect` has.
pub(crate) const SQL_FIELDS: &[&str] = &[
    "dsn",
    "scheme",
    "host",
    "port",
    "database",
    "user",
    "password",
    "databases",
    "params",
];
pub(crate) const HTTP_FIELDS: &[&str] =
    &["base_url", "auth", "tls", "request_defaults", "pagination"];

/// Tells the dialect of a file by the fields of its `connect`. Nothing else decides.
pub(super) fn dialect(
    root: &Node,
    file: &std::sync::Arc<SourceFile>,
) -> Result<Dialect, Diagnostic> {
    let at = |span| Location {
        file: file.clone(),
        span,
    };
    let start = Span::new(root.span.start, root.span.start);
    let Some(connect) = root
        .get("connect")
        .filter(|connect| connect.value != NodeValue::Null)
    else {
        return Err(Diagnostic::error("missing-field", at(start), "`connect` is missing")
            .help("say how to reach the system: `connect: {dsn: …}` for a database, `connect: {base_url: …}` for an API"));
    };
    if connect.as_map().is_none() {
        let message = format!(
            "`connect` is a mapping, but {} is written here",
            connect.describe()
        );
        return Err(Diagnostic::error("wrong-type", at(connect.span), message));
    }
    let has = |names: &'static [&'static str]| {
        names
            .iter()
            .copied()
            .find(|name| connect.get(name).is_some())
    };
    match (has(SQL_FIELDS), has(HTTP_FIELDS)) {
        (Some(_), None) => Ok(Dialect::Sql),
        (None, Some(_)) => Ok(Dialect::Http),
        (Some(sql), Some(http)) => Err(Diagnostic::error(
            "mixed-dialects",
            at(connect.span),
            format!("`connect` has `{sql}` of a database and `{http}` of an API"),
        )
        .help("describe one system per file")),
        (None, None) => Err(Diagnostic::error(
            "missing-field",
            at(connect.span),
            "`connect` says neither how to reach a database nor an API",
        )
        .help("write `dsn` or `scheme` for a database, `base_url` for an API")),
    }
}

impl Decode for ConnectConfig {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match decoder.dialect {
            Dialect::Sql => SqlConnectConfig::decode(node, decoder)
                .map(Box::new)
                .map(ConnectConfig::Sql),
            Dialect::Http => HttpConnectConfig::decode(node, decoder)
                .map(Box::new)
                .map(ConnectConfig::Http),
        }
    }
}

impl JsonSchema for ConnectConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ConnectConfig".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let sql = generator.subschema_for::<SqlConnectConfig>();
        let http = generator.subschema_for::<HttpConnectConfig>();
        json_schema!({ "anyOf": [sql, http] })
    }
}
