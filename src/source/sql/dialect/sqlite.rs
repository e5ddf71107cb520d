//! `sqlite`: a database file, opened for reading only unless something is to be changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::error::DatabaseError;
use sqlx::sqlite::{Sqlite as SqliteDriver, SqliteConnectOptions, SqliteQueryResult};
use sqlx::sqlite::{SqliteArguments, SqliteColumn, SqliteConnection, SqliteRow, SqliteValueRef};
use sqlx::{
    Arguments, AssertSqlSafe, Column, Decode, Executor, Row as _, SqlSafeStr, Statement as _,
    TypeInfo, ValueRef,
};

use super::super::failure::{Class, Failure, Peer};
use super::super::lexer::Lexicon;
use super::super::pool::{Driver, Pooled, drain};
use super::super::row;
use super::super::statement::{Binding, Parameter, Row, Rows, Statement};
use super::super::target::Target;
use super::{Database, Dialect, Registered, Server, quoted};
use crate::config::CompileContext;
use crate::diagnostic::Diagnostic;
use crate::expr::{Map, Value, parse_time};
use crate::source::{Described, SourceError, Typed};

inventory::submit! { Registered(&SQLITE) }

/// How SQLite quotes.
pub const LEXICON: Lexicon = Lexicon {
    backslash_escapes: false,
    escape_strings: false,
    double_quoted_strings: false,
    backticks: true,
    brackets: true,
    doubled_brackets: false,
    q_quotes: false,
    dollar_quotes: false,
    nested_comments: false,
    hash_comments: false,
    dashes_need_space: false,
    executable_comments: false,
    question_parameters: true,
    named_parameters: ":@$",
};

static SQLITE: Sqlite = Sqlite;

#[derive(Debug)]
struct Sqlite;

impl Dialect for Sqlite {
    fn scheme(&self) -> &'static str {
        "sqlite"
    }

    fn doc(&self) -> &'static str {
        "A SQLite file: `dsn: sqlite:acme.db`. A relative path starts at the folder of the connector file. It is opened for reading only, unless `--provisioning` allows a change."
    }

    fn other_names(&self) -> &'static [&'static str] {
        &["sqlite3", "file"]
    }

    fn lexicon(&self) -> &'static Lexicon {
        &LEXICON
    }

    fn quote_identifier(&self, name: &str) -> String {
        quoted(name, '"')
    }

    fn is_file(&self) -> bool {
        true
    }

    fn server(&self, target: &Target, cx: &mut CompileContext) -> Option<Arc<dyn Server>> {
        let name = target.database.clone().unwrap_or_default();
        if name.is_empty() || name.starts_with(":memory:") {
            let problem = match name.is_empty() {
                true => "`connect` names no database file",
                false => "a database in memory is empty: there is nothing to read in it",
            };
            let at = cx.at(target.span);
            cx.note(
                Diagnostic::error("no-database-file", at, problem)
                    .help("name the file, as in `dsn: sqlite:acme.db`"),
            );
            return None;
        }
        let mut immutable = false;
        for param in &target.params {
            match (param.name.as_str(), param.value.as_str()) {
                ("immutable", value) => immutable = matches!(value, "1" | "true"),
                ("mode", "ro") => {}
                ("mode", _) => cx.warning(
                    "ignored-param",
                    param.span,
                    "the file is opened for reading only, whatever `mode` says",
                    "",
                ),
                (name, _) => {
                    let message = format!("SQLite has no parameter `{name}`: it is ignored");
                    cx.warning("ignored-param", param.span, message, "");
                }
            }
        }
        Some(Arc::new(Folder {
            folder: cx.folder(),
            name,
            immutable,
        }))
    }
}

/// Database files by their paths.
#[derive(Debug)]
struct Folder {
    folder: PathBuf,
    name: String,
    immutable: bool,
}

impl Server for Folder {
    fn database(&self, name: Option<&str>) -> Arc<dyn Database> {
        let name = name.unwrap_or(&self.name);
        let path = self.folder.join(name);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .read_only(true)
            .create_if_missing(false)
            .immutable(self.immutable)
            .busy_timeout(Duration::from_secs(10));
        let peer = Peer {
            system: path.display().to_string(),
            password: None,
            classify,
        };
        let writing = options.clone().read_only(false);
        let pooled = Pooled::new(name.to_owned(), File { path }, options, peer);
        Arc::new(pooled.writing_with(writing))
    }
}

/// Extended result codes carry the primary code in their low byte: 5 and 6 are locks held by
/// others, 10 is a disk error, 14 a file that cannot be opened, 26 one that is no database.
fn classify(error: &dyn DatabaseError) -> Class {
    let code = error.code().and_then(|code| code.parse::<u32>().ok());
    match code.map(|code| code & 0xff) {
        Some(5 | 6) => Class::Query { transient: true },
        Some(10 | 14 | 26) => Class::Unavailable { transient: false },
        _ => Class::Query { transient: false },
    }
}

#[derive(Debug)]
struct File {
    path: PathBuf,
}

#[async_trait]
impl Driver for File {
    type Db = SqliteDriver;

    // One that begins by reading cannot wait for its turn to write.
    const BEGIN: &'static str = "BEGIN IMMEDIATE";

    async fn before_connecting(&self) -> Result<(), SourceError> {
        match tokio::fs::metadata(&self.path).await {
            Ok(found) if found.is_file() => Ok(()),
            Ok(_) => Err(unreachable(&self.path, "this is no file")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(unreachable(&self.path, "there is no such file"))
            }
            // Whatever else is wrong, the driver says it.
            Err(_) => Ok(()),
        }
    }

    async fn order(
        connection: &mut SqliteConnection,
        sql: &'static str,
    ) -> Result<(), sqlx::Error> {
        connection.execute(sqlx::raw_sql(sql)).await.map(drop)
    }

    async fn describe(
        connection: &mut SqliteConnection,
        statement: &Statement<'_>,
    ) -> Result<Described, Failure> {
        let sql = statement.sql(|_| "?".to_owned());
        let prepared = connection
            .prepare(AssertSqlSafe(sql.clone()).into_sql_str())
            .await
            .map_err(|error| Failure::Sent { error, sql })?;
        let names: Vec<&str> = prepared.columns().iter().map(Column::name).collect();
        statement.key_index(&names)?;
        let columns = prepared.columns().iter();
        Ok(Described::Known {
            columns: columns.map(typed).collect(),
            // They are of whatever type the value is.
            parameters: Vec::new(),
        })
    }

    async fn run(
        connection: &mut SqliteConnection,
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
        let key_type = key.map(|index| declared(&prepared.columns()[index]));
        let mut arguments = SqliteArguments::default();
        for parameter in &statement.parameters {
            bind(&mut arguments, parameter, key_type.as_deref())?;
        }
        let steps = connection.fetch_many(prepared.query_with(arguments));
        drain(steps, rows, SqliteQueryResult::rows_affected, |row| {
            read(row, key)
        })
        .await?;
        Ok(())
    }
}

fn unreachable(path: &Path, reason: &str) -> SourceError {
    SourceError::Unreachable {
        system: path.display().to_string(),
        reason: reason.to_owned(),
        transient: false,
    }
}

fn typed(column: &SqliteColumn) -> Typed {
    Typed {
        name: column.name().to_owned(),
        type_name: declared(column),
    }
}

/// The declared type of a column, as far as the driver tells it; `NULL` for expressions.
fn declared(column: &SqliteColumn) -> String {
    column.type_info().name().to_uppercase()
}

fn bind(
    arguments: &mut SqliteArguments,
    parameter: &Parameter,
    key_type: Option<&str>,
) -> Result<(), SourceError> {
    let value = match &parameter.binding {
        Binding::Value(value) | Binding::Key(value) => value.clone(),
        // Any number is less than any text, but a column of texts makes a text of the number
        // first. Minus infinity is less than every number, and than every text elsewhere.
        Binding::Least => match key_type {
            Some("TEXT") => Value::from(""),
            _ => Value::Float(f64::NEG_INFINITY),
        },
    };
    let added = match value {
        Value::Null => arguments.add(None::<i64>),
        Value::Bool(value) => arguments.add(i64::from(value)),
        Value::Int(value) => arguments.add(value),
        Value::UInt(value) => match i64::try_from(value) {
            Ok(value) => arguments.add(value),
            Err(_) => arguments.add(value.to_string()),
        },
        Value::Float(value) => arguments.add(value),
        Value::Text(text) => arguments.add(text),
        Value::Bytes(bytes) => arguments.add(bytes),
        Value::Timestamp(at) => arguments.add(row::moment_text(at.with_timezone(&chrono::Utc))),
        Value::Duration(length) => arguments.add(length.as_seconds_f64()),
        value @ (Value::List(_) | Value::Map(_)) => arguments.add(row::json_text(&value)),
    };
    added.map_err(|error| {
        SourceError::Invalid(format!("`?<{}>` cannot be bound: {error}", parameter.name))
    })
}

fn read(row: &SqliteRow, key: Option<usize>) -> Result<Row, Failure> {
    let mut fields = Map::new();
    let mut key_value = None;
    for (index, column) in row.columns().iter().enumerate() {
        let stored = stored(row.try_get_raw(index)?).map_err(|error| {
            SourceError::Invalid(format!(
                "the column `{}` cannot be read: {error}",
                column.name()
            ))
        })?;
        if key == Some(index) {
            // Not as shown: a date that is stored as text is compared as that text.
            key_value = Some(stored.clone());
        }
        fields.insert(column.name().to_owned(), shown(stored, &declared(column)));
    }
    Ok(Row {
        fields,
        key: key_value,
    })
}

/// The value in its storage class.
fn stored(value: SqliteValueRef<'_>) -> Result<Value, sqlx::error::BoxDynError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let class = value.type_info().name().to_owned();
    Ok(match class.as_str() {
        "INTEGER" => Value::Int(<i64 as Decode<SqliteDriver>>::decode(value)?),
        "REAL" => Value::Float(<f64 as Decode<SqliteDriver>>::decode(value)?),
        "TEXT" => {
            let bytes = <Vec<u8> as Decode<SqliteDriver>>::decode(value)?;
            // SQLite does not check that a text is one.
            String::from_utf8(bytes)
                .map_or_else(|error| Value::Bytes(error.into_bytes()), Value::Text)
        }
        _ => Value::Bytes(<Vec<u8> as Decode<SqliteDriver>>::decode(value)?),
    })
}

/// The value as its declared type means it. SQLite has neither truth values nor dates of its own.
fn shown(stored: Value, declared: &str) -> Value {
    match (declared, &stored) {
        ("BOOLEAN", Value::Int(0)) => Value::Bool(false),
        ("BOOLEAN", Value::Int(1)) => Value::Bool(true),
        ("DATETIME" | "DATE", Value::Text(text)) if text.contains('-') => {
            match parse_time(&stored) {
                Ok(Some(at)) => Value::Timestamp(at.fixed_offset()),
                _ => stored,
            }
        }
        _ => stored,
    }
}
