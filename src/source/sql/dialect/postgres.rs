//! `postgres`: PostgreSQL, and systems that speak its protocol.

mod decode;
mod encode;
mod params;

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use sqlx::error::DatabaseError;
use sqlx::postgres::{
    PgArguments, PgConnectOptions, PgConnection, PgDatabaseError, PgErrorPosition, PgQueryResult,
    PgRow, PgStatement, PgTypeInfo,
};
use sqlx::{
    Arguments, AssertSqlSafe, Column, Either, Executor, Row as _, SqlSafeStr, Statement as _,
    TypeInfo,
};

use super::super::failure::{Class, Failure, Peer};
use super::super::lexer::Lexicon;
use super::super::pool::{Driver, Pooled, drain};
use super::super::statement::{Row, Rows, Statement};
use super::super::target::Target;
use super::super::tls;
use super::{Database, Dialect, Fold, Registered, Server, quoted, with_params};
use crate::config::CompileContext;
use crate::expr::Map;
use crate::source::{Described, SourceError, Typed};

inventory::submit! { Registered(&POSTGRES) }

/// How PostgreSQL quotes.
pub const LEXICON: Lexicon = Lexicon {
    backslash_escapes: false,
    escape_strings: true,
    double_quoted_strings: false,
    backticks: false,
    brackets: false,
    doubled_brackets: false,
    q_quotes: false,
    dollar_quotes: true,
    nested_comments: true,
    hash_comments: false,
    dashes_need_space: false,
    executable_comments: false,
    question_parameters: false,
    named_parameters: "",
};

static POSTGRES: Postgres = Postgres;

#[derive(Debug)]
struct Postgres;

impl Dialect for Postgres {
    fn scheme(&self) -> &'static str {
        "postgres"
    }

    fn doc(&self) -> &'static str {
        "PostgreSQL: `dsn: postgres://${USER}:${PASSWORD}@db.example:5432/app?sslmode=require`. The port is 5432 unless written. TLS as libpq has it: `sslmode` is `disable`, `prefer` (the default), `require`, `verify-ca` or `verify-full`; `sslrootcert`, `sslcert` and `sslkey` name PEM files."
    }

    fn other_names(&self) -> &'static [&'static str] {
        &["postgresql", "pg", "pgsql", "psql"]
    }

    fn lexicon(&self) -> &'static Lexicon {
        &LEXICON
    }

    fn mark(&self, index: usize) -> String {
        format!("${}", index + 1)
    }

    fn folds_names(&self) -> Option<Fold> {
        Some(Fold::Lower)
    }

    fn quote_identifier(&self, name: &str) -> String {
        quoted(name, '"')
    }

    fn longest_identifier(&self) -> Option<usize> {
        Some(63)
    }

    fn server(&self, target: &Target, cx: &mut CompileContext) -> Option<Arc<dyn Server>> {
        server(Flavour::Postgres, target, cx)
    }
}

/// PostgreSQL, or a system that grew out of it and speaks its protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// PostgreSQL itself.
    Postgres,
    /// Amazon Redshift: PostgreSQL 8.0, with shorter decimals and no infinite dates.
    Redshift,
}

impl Flavour {
    fn name(self) -> &'static str {
        match self {
            Flavour::Postgres => "PostgreSQL",
            Flavour::Redshift => "Redshift",
        }
    }

    fn port(self) -> u16 {
        match self {
            Flavour::Postgres => 5432,
            Flavour::Redshift => 5439,
        }
    }
}

/// Understands the settings of a connection.
pub fn server(
    flavour: Flavour,
    target: &Target,
    cx: &mut CompileContext,
) -> Option<Arc<dyn Server>> {
    // Nothing comes from files or variables that the connector file does not name.
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(target.host.as_deref().unwrap_or("localhost"))
        .port(target.port.unwrap_or(flavour.port()))
        .application_name("rolecall");
    if flavour == Flavour::Redshift {
        // It refuses to start with a setting that it does not know.
        options = options.extra_float_digits(None);
    }
    if let Some(user) = &target.user {
        options = options.username(user);
    }
    if let Some(password) = &target.password {
        options = options.password(password.expose_secret());
    }
    let written = tls::located(&target.params, cx);
    let options = with_params(flavour.name(), options, &written, params::apply, cx)?;
    let options = params::checked(options, &written, cx);
    Some(Arc::new(Cluster {
        flavour,
        options,
        target: target.clone(),
    }))
}

/// The databases of a server.
struct Cluster {
    flavour: Flavour,
    options: PgConnectOptions,
    target: Target,
}

/// Without the options: the driver shows the password among them.
impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cluster({:?})", self.target)
    }
}

impl Server for Cluster {
    fn database(&self, name: Option<&str>) -> Arc<dyn Database> {
        let target = &self.target;
        // Without a database the server takes the one named like the user.
        let name = name
            .or(target.database.as_deref())
            .unwrap_or_else(|| self.options.get_username());
        let host = target.host.as_deref().unwrap_or("localhost");
        let peer = Peer {
            system: format!("{host}:{}/{name}", self.options.get_port()),
            password: target.password.clone(),
            classify,
        };
        let options = self.options.clone().database(name);
        let name = name.to_owned();
        match self.flavour {
            Flavour::Postgres => Arc::new(Pooled::new(name, PostgresDriver, options, peer)),
            Flavour::Redshift => Arc::new(Pooled::new(name, RedshiftDriver, options, peer)),
        }
    }
}

/// By SQLSTATE: its first two characters are the class of the error.
fn classify(error: &dyn DatabaseError) -> Class {
    let code = error.code();
    let code = code.as_deref().unwrap_or_default();
    match (code, code.get(..2).unwrap_or_default()) {
        (_, "28") => Class::Refused,
        // The database does not exist; the user may not connect to it.
        ("3D000" | "42501", _) => Class::Query { transient: false },
        // Too many connections, shutting down, starting up.
        ("53300" | "57P03", _) => Class::Unavailable { transient: true },
        // Shutdowns, connections that were lost, that an administrator ended, or that idled too long.
        ("57P01" | "57P02" | "57P05" | "25P03" | "25P04", _) | (_, "08") => Class::Ended,
        // Serialization failures and deadlocks, locks not granted.
        ("55P03", _) | (_, "40") => Class::Query { transient: true },
        _ => Class::Query { transient: false },
    }
}

#[derive(Debug)]
struct PostgresDriver;

#[async_trait]
impl Driver for PostgresDriver {
    type Db = sqlx::Postgres;

    fn position(error: &dyn DatabaseError) -> Option<usize> {
        match error.try_downcast_ref::<PgDatabaseError>()?.position()? {
            PgErrorPosition::Original(number) => Some(number),
            PgErrorPosition::Internal { .. } => None,
        }
    }

    async fn order(connection: &mut PgConnection, sql: &'static str) -> Result<(), sqlx::Error> {
        connection.execute(sqlx::raw_sql(sql)).await.map(drop)
    }

    async fn describe(
        connection: &mut PgConnection,
        statement: &Statement<'_>,
    ) -> Result<Described, Failure> {
        let asked = ask(connection, statement, false).await?;
        described(statement, &asked)
    }

    async fn run(
        connection: &mut PgConnection,
        statement: &Statement<'_>,
        rows: &mut Rows<'_>,
    ) -> Result<(), Failure> {
        let asked = ask(connection, statement, false).await?;
        run(Flavour::Postgres, connection, statement, asked, rows).await
    }

    async fn run_within(
        connection: &mut PgConnection,
        statement: &Statement<'_>,
        rows: &mut Rows<'_>,
    ) -> Result<(), Failure> {
        let asked = ask(connection, statement, true).await?;
        run(Flavour::Postgres, connection, statement, asked, rows).await
    }
}

#[derive(Debug)]
struct RedshiftDriver;

#[async_trait]
impl Driver for RedshiftDriver {
    type Db = sqlx::Postgres;

    async fn order(connection: &mut PgConnection, sql: &'static str) -> Result<(), sqlx::Error> {
        connection.execute(sqlx::raw_sql(sql)).await.map(drop)
    }

    async fn describe(
        connection: &mut PgConnection,
        statement: &Statement<'_>,
    ) -> Result<Described, Failure> {
        let asked = ask(connection, statement, false).await?;
        described(statement, &asked)
    }

    async fn run(
        connection: &mut PgConnection,
        statement: &Statement<'_>,
        rows: &mut Rows<'_>,
    ) -> Result<(), Failure> {
        let asked = ask(connection, statement, false).await?;
        run(Flavour::Redshift, connection, statement, asked, rows).await
    }
}

async fn run(
    flavour: Flavour,
    connection: &mut PgConnection,
    statement: &Statement<'_>,
    (asked, texts): Asked,
    rows: &mut Rows<'_>,
) -> Result<(), Failure> {
    // The server says what each parameter and each column is. What it speaks no binary form of,
    // or what we do not read in that form, goes as text and is cast by the server itself.
    let types = parameter_types(&asked)?;
    let key = key_index(statement, &asked)?;
    let sql = statement.sql(|index| match encode::cast(&types[index]) {
        Some(cast) => format!("(${}::text)::{cast}", index + 1),
        None => mark(index, &texts),
    });
    let sql = decode::readable(&sql, &asked)?;
    let prepared = prepare(connection, sql).await?;
    let mut arguments = PgArguments::default();
    for (parameter, kind) in statement.parameters.iter().zip(&types) {
        let bound = encode::bind(parameter, kind, flavour)?;
        arguments.add(bound).map_err(|error| {
            SourceError::Invalid(format!("`?<{}>` cannot be bound: {error}", parameter.name))
        })?;
    }
    let names: Vec<String> = asked
        .columns()
        .iter()
        .map(|c| c.name().to_owned())
        .collect();
    let steps = connection.fetch_many(prepared.query_with(arguments));
    drain(steps, rows, PgQueryResult::rows_affected, |row| {
        read(row, &names, key)
    })
    .await?;
    Ok(())
}

/// What the server says of a query.
fn described(statement: &Statement<'_>, (asked, _): &Asked) -> Result<Described, Failure> {
    key_index(statement, asked)?;
    // Columns of types that cannot be read are a mistake of the query.
    decode::readable(&statement.sql(|index| mark(index, &[])), asked)?;
    let columns = asked.columns().iter().map(|column| Typed {
        name: column.name().to_owned(),
        type_name: TypeInfo::name(column.type_info()).to_owned(),
    });
    let types = parameter_types(asked)?;
    let parameters = statement.parameters.iter().zip(&types);
    Ok(Described::Known {
        columns: columns.collect(),
        parameters: parameters
            .map(|(parameter, kind)| Typed {
                name: parameter.name.clone(),
                type_name: TypeInfo::name(kind).to_owned(),
            })
            .collect(),
    })
}

/// A query that the server has looked at, and the parameters that are text because nothing says
/// otherwise.
type Asked = (PgStatement, Vec<usize>);

/// Prepares the query as it is. A parameter that nothing gives a type, as in `?<x> IS NULL`, is
/// text, which the server leaves to whoever asks. `within` a transaction, which a question that fails
/// would end, it goes back to before the question.
async fn ask(
    connection: &mut PgConnection,
    statement: &Statement<'_>,
    within: bool,
) -> Result<Asked, Failure> {
    let within = within && !statement.parameters.is_empty();
    let mut texts: Vec<usize> = Vec::new();
    if within {
        PostgresDriver::order(connection, "SAVEPOINT rolecall").await?;
    }
    loop {
        let sql = statement.sql(|index| mark(index, &texts));
        let error = match prepare(connection, sql.clone()).await {
            Ok(prepared) => {
                if within {
                    PostgresDriver::order(connection, "RELEASE SAVEPOINT rolecall").await?;
                }
                return Ok((prepared, texts));
            }
            Err(error) => error,
        };
        match untyped(&error).filter(|index| !texts.contains(index)) {
            Some(index) => texts.push(index),
            None => return Err(explained(error, sql)),
        }
        if within {
            PostgresDriver::order(connection, "ROLLBACK TO SAVEPOINT rolecall").await?;
        }
    }
}

fn mark(index: usize, texts: &[usize]) -> String {
    let cast = if texts.contains(&index) { "::text" } else { "" };
    format!("${}{cast}", index + 1)
}

/// The driver knows no types of the server's own bookkeeping and fails on its description of them.
fn explained(error: sqlx::Error, sql: String) -> Failure {
    match &error {
        sqlx::Error::ColumnDecode { index, .. } if index.contains("typtype") => {
            Failure::Source(SourceError::Invalid(
                "a column of the query is of a multirange type, which cannot be read; cast it to text in the query: `the_column::text`".to_owned(),
            ))
        }
        sqlx::Error::ColumnDecode { index, .. } if index.contains("typcategory") => {
            Failure::Source(SourceError::Invalid(
                "a column of the query is of a type that only the server uses, such as pg_node_tree; name the columns that are needed instead of `*`".to_owned(),
            ))
        }
        // Redshift does not even have the bookkeeping that the driver asks for.
        sqlx::Error::Database(database) if database.message().contains("typcategory") => {
            Failure::Source(SourceError::Invalid(
                "a column of the query is of a type that cannot be read; cast it to varchar in the query".to_owned(),
            ))
        }
        _ => Failure::Sent { error, sql },
    }
}

/// The parameter that the server knows no type for, when that is the error.
fn untyped(error: &sqlx::Error) -> Option<usize> {
    let error = error.as_database_error()?;
    let (_, number) = error.message().split_once('$')?;
    let digits = number
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(number.len());
    let number: usize = number[..digits].parse().ok()?;
    (error.code().as_deref() == Some("42P18")).then(|| number.checked_sub(1))?
}

async fn prepare(connection: &mut PgConnection, sql: String) -> Result<PgStatement, sqlx::Error> {
    connection.prepare(AssertSqlSafe(sql).into_sql_str()).await
}

fn parameter_types(statement: &PgStatement) -> Result<Vec<PgTypeInfo>, SourceError> {
    match statement.parameters() {
        Some(Either::Left(types)) => Ok(types.to_vec()),
        _ => Err(SourceError::Invalid(
            "the server does not say what the parameters of the query are".to_owned(),
        )),
    }
}

fn key_index(statement: &Statement<'_>, asked: &PgStatement) -> Result<Option<usize>, SourceError> {
    let names: Vec<&str> = asked.columns().iter().map(Column::name).collect();
    statement.key_index(&names)
}

fn read(row: &PgRow, names: &[String], key: Option<usize>) -> Result<Row, Failure> {
    let mut fields = Map::new();
    let mut key_value = None;
    for (index, name) in names.iter().enumerate() {
        let value = decode::value(&row.try_get_raw(index)?).map_err(|reason| {
            SourceError::Invalid(format!("the column `{name}` cannot be read: {reason}"))
        })?;
        if key == Some(index) {
            key_value = Some(value.clone());
        }
        fields.insert(name.clone(), value);
    }
    Ok(Row {
        fields,
        key: key_value,
    })
}
