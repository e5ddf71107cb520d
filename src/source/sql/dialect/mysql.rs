//! `mysql`: MySQL and MariaDB.

mod decode;
mod encode;
mod params;
mod session;

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use sqlx::error::DatabaseError;
use sqlx::mysql::{
    MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlQueryResult,
    MySqlRow,
};
use sqlx::{AssertSqlSafe, Column, Executor, Row as _, SqlSafeStr, Statement as _, TypeInfo};

use self::session::Setting;
use super::super::failure::{Class, Failure, Peer};
use super::super::lexer::Lexicon;
use super::super::pool::{Driver, Pooled, drain};
use super::super::statement::{Row, Rows, Statement};
use super::super::target::Target;
use super::super::tls;
use super::{Database, Dialect, Registered, Server, quoted, with_params};
use crate::config::CompileContext;
use crate::expr::Map;
use crate::source::{Described, SourceError, Typed};

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
        let written = tls::located(&target.params, cx);
        let (settings, written) = params::settings(written);
        let options = with_params("MySQL", options, &written, params::apply, cx)?;
        let options = params::checked(options, &written, cx);
        Some(Arc::new(Instance {
            options,
            settings,
            target: target.clone(),
        }))
    }
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
        // Too many connections, by server and by user.
        1040 | 1203 | 1226 => Class::Unavailable { transient: true },
        // Shutting down, connections that were killed, lost, or idle for too long.
        1053 | 1152 | 1927 | 2006 | 2013 | 4031 => Class::Ended,
        // Lock wait timeout and deadlock, a query that was killed.
        1205 | 1213 | 1317 => Class::Query { transient: true },
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

    // A server may be set up to keep nothing without `COMMIT`.
    const ALONE: &'static str = "SET autocommit = 1";
    const DEFINITIONS_COMMIT: bool = true;

    async fn after_connecting(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        for setting in &self.settings {
            setting.apply(connection).await?;
        }
        Ok(())
    }

    async fn order(connection: &mut MySqlConnection, sql: &'static str) -> Result<(), sqlx::Error> {
        connection.execute(sqlx::raw_sql(sql)).await.map(drop)
    }

    async fn describe(
        connection: &mut MySqlConnection,
        statement: &Statement<'_>,
    ) -> Result<Described, Failure> {
        let sql = statement.sql(|_| "?".to_owned());
        let prepared = match connection
            .prepare(AssertSqlSafe(sql.clone()).into_sql_str())
            .await
        {
            Ok(prepared) => prepared,
            Err(error) if is_not_preparable(&error) => {
                return Ok(Described::not(
                    "this server does not prepare such statements",
                ));
            }
            Err(error) => return Err(Failure::Sent { error, sql }),
        };
        let names: Vec<&str> = prepared.columns().iter().map(Column::name).collect();
        statement.key_index(&names)?;
        let columns = prepared.columns().iter().map(|column| Typed {
            name: column.name().to_owned(),
            type_name: TypeInfo::name(column.type_info()).to_owned(),
        });
        Ok(Described::Known {
            columns: columns.collect(),
            // The server says only how many there are.
            parameters: Vec::new(),
        })
    }

    async fn run(
        connection: &mut MySqlConnection,
        statement: &Statement<'_>,
        rows: &mut Rows<'_>,
    ) -> Result<(), Failure> {
        let sql = statement.sql(|_| "?".to_owned());
        let prepared = match connection
            .prepare(AssertSqlSafe(sql.clone()).into_sql_str())
            .await
        {
            Ok(prepared) => prepared,
            Err(error) if statement.parameters.is_empty() && is_not_preparable(&error) => {
                return plainly(connection, sql, rows).await;
            }
            Err(error) => return Err(Failure::Sent { error, sql }),
        };
        let names: Vec<&str> = prepared.columns().iter().map(Column::name).collect();
        let key = statement.key_index(&names)?;
        let key_type = key.map(|index| prepared.columns()[index].type_info());
        for least in encode::least_texts(statement, key_type) {
            let mut arguments = MySqlArguments::default();
            for parameter in &statement.parameters {
                encode::bind(&mut arguments, parameter, key_type, least)?;
            }
            let steps = (&mut *connection).fetch_many(prepared.query_with(arguments));
            drain(steps, rows, MySqlQueryResult::rows_affected, |row| {
                read(row, key)
            })
            .await?;
            // Only the first page of a cursor has more than one least value to try.
            if !rows.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

/// Some statements cannot be prepared, such as those about roles on older servers.
fn is_not_preparable(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    let error = error.and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    error.is_some_and(|error| error.number() == 1295)
}

/// Runs a statement without values as it is.
async fn plainly(
    connection: &mut MySqlConnection,
    sql: String,
    rows: &mut Rows<'_>,
) -> Result<(), Failure> {
    let steps = connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(sql)));
    drain(steps, rows, MySqlQueryResult::rows_affected, |row| {
        read(row, None)
    })
    .await?;
    Ok(())
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
