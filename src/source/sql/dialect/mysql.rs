//! `mysql`: MySQL and MariaDB.

mod decode;
mod encode;
mod session;

use std::sync::Arc;

use async_trait::async_trait;
use futures::TryStreamExt;
use secrecy::ExposeSecret;
use sqlx::error::DatabaseError;
use sqlx::mysql::{
    MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlRow,
    MySqlSslMode,
};
use sqlx::{AssertSqlSafe, Column, Executor, Row as _, SqlSafeStr, Statement as _};

use self::session::Setting;
use super::super::failure::{Class, Failure, Peer};
use super::super::lexer::Lexicon;
use super::super::pool::{Driver, Pooled};
use super::super::statement::{Row, Rows, Statement};
use super::super::target::{Param, Target};
use super::super::tls;
use super::{Database, Dialect, Registered, Server, quoted, with_params};
use crate::config::CompileContext;
use crate::expr::Map;
use crate::source::SourceError;

inventory::submit! { Registered(&MYSQL) }

/// How MySQL and MariaDB quote.
pub const LEXICON: Lexicon = Lexicon {
    backslash_escapes: true,
    escape_strings: false,
    double_quoted_strings: true,
    backticks: true,
    brackets: false,
    doubled_brackets: false,
    q_quotes: false,
    dollar_quotes: false,
    nested_comments: false,
    hash_comments: true,
    dashes_need_space: true,
    executable_comments: true,
    question_parameters: true,
    named_parameters: "",
};

/// The dialect.
pub static MYSQL: MySql = MySql;

/// MySQL and MariaDB.
#[derive(Debug)]
pub struct MySql;

impl Dialect for MySql {
    fn scheme(&self) -> &'static str {
        "mysql"
    }

    fn doc(&self) -> &'static str {
        "MySQL and MariaDB: `dsn: mysql://${USER}:${PASSWORD}@db.example:3306/app`. The port is 3306 unless written. Moments without a zone are UTC. TLS as the Go driver has it: `tls` is `true` (with certificate and host name checked), `skip-verify`, `preferred` (the default) or `false`; or as MySQL has it: `ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key`."
    }

    fn other_names(&self) -> &'static [&'static str] {
        &["mariadb", "maria", "mysql2"]
    }

    fn lexicon(&self) -> &'static Lexicon {
        &LEXICON
    }

    fn quote_identifier(&self, name: &str) -> String {
        quoted(name, '`')
    }

    fn server(&self, target: &Target, cx: &mut CompileContext) -> Option<Arc<dyn Server>> {
        let mut options = MySqlConnectOptions::new()
            .host(target.host.as_deref().unwrap_or("localhost"))
            .port(target.port.unwrap_or(3306))
            // `a || b` means what the server's own settings say, as in any other client.
            .pipes_as_concat(false)
            .no_engine_substitution(false);
        if let Some(user) = &target.user {
            options = options.username(user);
        }
        if let Some(password) = &target.password {
            options = options.password(password.expose_secret());
        }
        let params = tls::located(&target.params, cx);
        let (settings, params) = settings(params);
        let options = with_params("MySQL", options, &params, apply, cx)?;
        let options = checked(options, &params, cx);
        Some(Arc::new(Instance {
            options,
            settings,
            target: target.clone(),
        }))
    }
}

/// Parameters of other drivers that change nothing for the reader of a result: texts are always
/// UTF-8 here, moments are always read as moments, and always in UTC.
const WITHOUT_EFFECT: &[&str] = &[
    "parsetime",
    "charset",
    "collation",
    "loc",
    "time-zone",
    "timeout",
    "readtimeout",
    "writetimeout",
    "allownativepasswords",
    "allowoldpasswords",
    "allowfallbacktoplaintext",
    "checkconnliveness",
    "clientfoundrows",
    "columnswithalias",
    "interpolateparams",
    "maxallowedpacket",
    "multistatements",
    "rejectreadonly",
    "connectionattributes",
];

/// Parameters that say how much TLS there is.
const MODES: &[&str] = &["tls", "ssl-mode", "sslmode", "ssl-verify-server-cert"];

/// Applies a parameter. `None` when there is none of that name.
fn apply(
    options: MySqlConnectOptions,
    param: &Param,
) -> Result<Option<MySqlConnectOptions>, String> {
    let name = param.name.to_lowercase().replace('_', "-");
    let value = param.value.as_str();
    if let Some(file) = tls::File::named(&name) {
        let inline = tls::is_inline(value);
        return Ok(Some(match file {
            tls::File::Authority if inline => options.ssl_ca_from_pem(value.into()),
            tls::File::Certificate if inline => options.ssl_client_cert_from_pem(value),
            tls::File::Key if inline => options.ssl_client_key_from_pem(value),
            tls::File::Authority => options.ssl_ca(value),
            tls::File::Certificate => options.ssl_client_cert(value),
            tls::File::Key => options.ssl_client_key(value),
        }));
    }
    Ok(Some(match name.as_str() {
        // As the Go driver takes it: `true` checks the certificate and the host name.
        "tls" => options.ssl_mode(match value.to_lowercase().as_str() {
            "true" => MySqlSslMode::VerifyIdentity,
            "false" => MySqlSslMode::Disabled,
            "skip-verify" => MySqlSslMode::Required,
            "preferred" => MySqlSslMode::Preferred,
            _ => {
                return Err(
                    "`tls` is one of `true`, `false`, `skip-verify`, `preferred`".to_owned(),
                );
            }
        }),
        "ssl-mode" | "sslmode" => {
            let mode = match value.to_lowercase().replace('_', "-").as_str() {
                "disabled" | "disable" => MySqlSslMode::Disabled,
                "preferred" | "prefer" => MySqlSslMode::Preferred,
                "required" | "require" => MySqlSslMode::Required,
                "verify-ca" => MySqlSslMode::VerifyCa,
                "verify-identity" | "verify-full" => MySqlSslMode::VerifyIdentity,
                _ => {
                    return Err("`ssl-mode` is one of `disabled`, `preferred`, `required`, `verify-ca`, `verify-identity`".to_owned());
                }
            };
            options.ssl_mode(mode)
        }
        // Of the programs of MariaDB.
        "ssl-verify-server-cert" => match value.to_lowercase().as_str() {
            "1" | "true" | "on" => options.ssl_mode(MySqlSslMode::VerifyIdentity),
            "0" | "false" | "off" => options,
            _ => return Err("`ssl-verify-server-cert` is `true` or `false`".to_owned()),
        },
        "socket" => options.socket(value),
        "allowcleartextpasswords" => options.enable_cleartext_plugin(value == "true"),
        name if WITHOUT_EFFECT.contains(&name) => options,
        _ => return Ok(None),
    }))
}

/// How much of the server's certificate is checked where its authority is named, as the programs of
/// MySQL have it: `verify-ca` where no mode is written.
fn checked(
    options: MySqlConnectOptions,
    params: &[Param],
    cx: &mut CompileContext,
) -> MySqlConnectOptions {
    let authority = |param: &Param| tls::File::named(&param.name) == Some(tls::File::Authority);
    if !params.iter().any(authority) {
        return options;
    }
    let is_written = params.iter().any(|param| {
        let name = param.name.to_lowercase().replace('_', "-");
        MODES.contains(&name.as_str())
    });
    match options.get_ssl_mode() {
        MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity => options,
        _ if !is_written => options.ssl_mode(MySqlSslMode::VerifyCa),
        _ => {
            tls::unchecked_authority(params, "write `ssl-mode: verify-identity`", cx);
            options
        }
    }
}

/// Takes the variables of the session out of the parameters.
fn settings(params: Vec<Param>) -> (Vec<Setting>, Vec<Param>) {
    let is_known = |param: &Param| {
        // Whatever is wrong with its value, it is a parameter.
        !matches!(apply(MySqlConnectOptions::new(), param), Ok(None))
    };
    let (known, others): (Vec<_>, Vec<_>) = params.into_iter().partition(is_known);
    let (settings, rest): (Vec<_>, Vec<_>) = others
        .into_iter()
        .map(|param| (Setting::of(&param), param))
        .partition(|(setting, _)| setting.is_some());
    let settings = settings.into_iter().filter_map(|(setting, _)| setting);
    let rest = rest.into_iter().map(|(_, param)| param);
    (settings.collect(), known.into_iter().chain(rest).collect())
}

/// The databases of a server.
struct Instance {
    options: MySqlConnectOptions,
    settings: Vec<Setting>,
    target: Target,
}

/// Without the options: the driver shows the password among them.
impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Instance({:?})", self.target)
    }
}

impl Server for Instance {
    fn database(&self, name: Option<&str>) -> Arc<dyn Database> {
        let target = &self.target;
        let name = name.or(target.database.as_deref()).unwrap_or_default();
        let host = target.host.as_deref().unwrap_or("localhost");
        let separator = if name.is_empty() { "" } else { "/" };
        let peer = Peer {
            system: format!("{host}:{}{separator}{name}", self.options.get_port()),
            password: target.password.clone(),
            classify,
        };
        let options = match name.is_empty() {
            true => self.options.clone(),
            false => self.options.clone().database(name),
        };
        let driver = MySqlDriver {
            settings: self.settings.clone(),
        };
        Arc::new(Pooled::new(name.to_owned(), driver, options, peer))
    }
}

fn classify(error: &dyn DatabaseError) -> Class {
    let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() else {
        return Class::Query { transient: false };
    };
    match error.number() {
        // Wrong user, password or authentication plugin; passwords that expired.
        1045 | 1698 | 1251 | 1862 | 1820 => Class::Refused,
        // Too many connections, by server and by user; shutting down.
        1040 | 1203 | 1226 | 1053 => Class::Unavailable { transient: true },
        // Lock wait timeout and deadlock, lost connections, a query that was killed.
        1205 | 1213 | 1927 | 2006 | 2013 | 1317 => Class::Query { transient: true },
        _ => Class::Query { transient: false },
    }
}

#[derive(Debug)]
struct MySqlDriver {
    settings: Vec<Setting>,
}

#[async_trait]
impl Driver for MySqlDriver {
    type Db = sqlx::MySql;

    async fn after_connecting(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        for setting in &self.settings {
            setting.apply(connection).await?;
        }
        Ok(())
    }

    async fn run(
        connection: &mut MySqlConnection,
        statement: &Statement<'_>,
        rows: &mut Rows<'_>,
    ) -> Result<(), Failure> {
        let sql = statement.sql(|_| "?".to_owned());
        let prepared = connection
            .prepare(AssertSqlSafe(sql.clone()).into_sql_str())
            .await
            .map_err(|error| Failure::Sent { error, sql })?;
        let names: Vec<&str> = prepared.columns().iter().map(Column::name).collect();
        let key = statement.key_index(&names)?;
        let key_type = key.map(|index| prepared.columns()[index].type_info());
        for least in encode::least_texts(statement, key_type) {
            let mut arguments = MySqlArguments::default();
            for parameter in &statement.parameters {
                encode::bind(&mut arguments, parameter, key_type, least)?;
            }
            let mut stream = prepared.query_with(arguments).fetch(&mut *connection);
            while let Some(row) = stream.try_next().await? {
                if !rows.push(read(&row, key)?).await {
                    break;
                }
            }
            // Only the first page of a cursor has more than one least value to try.
            if !rows.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

fn read(row: &MySqlRow, key: Option<usize>) -> Result<Row, Failure> {
    let mut fields = Map::new();
    let mut key_value = None;
    for (index, column) in row.columns().iter().enumerate() {
        let value = decode::value(row.try_get_raw(index)?).map_err(|reason| {
            SourceError::Invalid(format!(
                "the column `{}` cannot be read: {reason}",
                column.name()
            ))
        })?;
        if key == Some(index) {
            key_value = Some(value.clone());
        }
        fields.insert(column.name().to_owned(), value);
    }
    Ok(Row {
        fields,
        key: key_value,
    })
}
