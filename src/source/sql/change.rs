//! A query that changes the system, or is asked before or after → something that runs as a whole.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tracing::Instrument as _;

use super::connect::SqlSource;
use super::dialect::Session;
use super::listing::PagedQuery;
use super::placeholder::scan_with_blocks;
use super::query::{SqlQuery, record, statement_span};
use super::slips;
use super::statement::{Binding, Fragment};
use super::vars::SqlVars;
use super::verb::Verb;
use crate::config::CompileContext;
use crate::config::scalar::SqlText;
use crate::diagnostic::{Location, Severity};
use crate::expr::{Inputs, Scope, Value};
use crate::source::{Described, SourceError};

/// Mistakes that only the database can be sure of.
const OF_THE_DATABASE: [&str; 3] = ["several-statements", "unbound-parameter", "unclosed-sql"];

/// The database systems that run a block, `BEGIN … END;`, as one statement.
fn runs_blocks(scheme: &str) -> bool {
    ["oracle", "db2", "hdb", "sqlserver", "odbc"].contains(&scheme)
}

/// A query that is run as a whole: one that changes something, or that is asked before or after.
#[derive(Debug)]
pub struct SqlStatement {
    query: SqlQuery,
}

/// A statement as people see it, without secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementView {
    /// The database it runs on, where there are several.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub database: Option<String>,
    /// The SQL as it is sent, as far as that is known without asking the database.
    pub sql: String,
    /// The values that are bound, by the names of their placeholders, in their order.
    pub values: Vec<(String, Json)>,
}

/// Values that nobody is shown, by the names that they are there under.
const SECRET: [&str; 2] = ["password", "credentials"];

/// What is shown instead.
const HIDDEN: &str = "***";

impl fmt::Display for StatementView {
    /// The SQL, and below it each value that is bound, in order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sql.trim_end())?;
        if let Some(database) = &self.database {
            write!(f, "\n  -- in the database {database}")?;
        }
        for (index, (name, value)) in self.values.iter().enumerate() {
            write!(f, "\n  -- {}. {name} = {value}", index + 1)?;
        }
        Ok(())
    }
}

/// What a statement came to.
#[derive(Debug)]
pub struct Made {
    /// The rows that it brought.
    pub records: Vec<Value>,
    /// How many rows it changed; `None` where nobody counts them.
    pub changed: Option<u64>,
}

impl SqlStatement {
    /// True when the statement takes the value that is there under this name.
    pub fn uses_value(&self, name: &str) -> bool {
        self.query.uses_value(name)
    }

    /// The system that it runs on.
    pub fn source(&self) -> &Arc<SqlSource> {
        &self.query.source
    }

    /// The database that it wants to run on: the value of the var `database`.
    pub fn database(&self, inputs: &Inputs) -> Result<Option<String>, SourceError> {
        let vars = &self.query.vars;
        let named = vars.iter().find(|(name, _)| name == "database");
        match named.filter(|_| self.query.source.is_multiple()) {
            Some((_, value)) => {
                let named = value.text(&Scope::new(inputs, None))?;
                Ok(named.filter(|name| !name.is_empty()))
            }
            None => Ok(None),
        }
    }

    /// What the statement does, as far as its first word tells.
    pub fn verb(&self, inputs: &Inputs) -> Result<Verb, SourceError> {
        let dialect = self.query.source.dialect;
        let sql = self.query.bind(inputs, None)?.sql(|_| "?".to_owned());
        Ok(Verb::of(&sql, dialect.lexicon()))
    }

    /// Runs the statement on a connection, once.
    pub async fn run(
        &self,
        inputs: &Inputs,
        session: &mut dyn Session,
    ) -> Result<Made, SourceError> {
        let counts = self.verb(inputs)? == Verb::Changes;
        let span = statement_span(session.database(), 0);
        let statement = self.query.bind(inputs, None)?;
        let ran = session.run(&statement).instrument(span).await?;
        // Not every system counts what `RETURNING` brings: it is a row for each that was changed.
        let brought = u64::try_from(ran.rows.len()).unwrap_or(u64::MAX);
        let changed = ran.affected.map(|counted| counted.max(brought));
        let rows = ran.rows.into_iter();
        Ok(Made {
            records: rows.map(|row| record(row, session.database())).collect(),
            changed: changed.filter(|_| counts),
        })
    }

    /// The rows that a query brings, as records, on the database that it wants. It only asks, so it
    /// is run again after a failure that may pass, as listings are.
    pub async fn rows(&self, inputs: &Inputs) -> Result<Vec<Value>, SourceError> {
        let named = self.database(inputs)?;
        let database = self.query.source.database(named.as_deref()).await?;
        let statement = self.query.bind(inputs, None)?;
        let mut failed = 0;
        let rows = loop {
            let span = statement_span(database.name(), failed);
            match database.run(&statement).instrument(span).await {
                Ok(rows) => break rows,
                Err(error) => self.query.wait(error, &mut failed, database).await?,
            }
        };
        let name = database.name();
        Ok(rows.into_iter().map(|row| record(row, name)).collect())
    }

    /// What the database says of the statement. Nothing is run, and no value is needed.
    pub async fn describe(&self) -> Result<Described, SourceError> {
        self.query.described().await
    }

    /// Where it is written.
    pub fn written(&self) -> Location {
        self.query.written.whole()
    }

    /// The statement as people see it.
    pub fn view(&self, inputs: &Inputs) -> Result<StatementView, SourceError> {
        let mut statement = self.query.bind(inputs, None)?;
        let dialect = self.query.source.dialect;
        let mut parameters = statement.parameters.iter();
        let mut values = Vec::new();
        for (piece, fragment) in self.query.pieces.iter().zip(&mut statement.fragments) {
            let is_secret = self.query.takes(piece, &SECRET);
            if *fragment != Fragment::Parameter {
                if is_secret {
                    *fragment = Fragment::Sql(HIDDEN.to_owned());
                }
                continue;
            }
            let Some(parameter) = parameters.next() else {
                continue;
            };
            let value = match &parameter.binding {
                _ if is_secret => HIDDEN.into(),
                Binding::Value(value) | Binding::Key(value) => value.into(),
                Binding::Least => Json::Null,
            };
            values.push((parameter.name.clone(), value));
        }
        Ok(StatementView {
            database: self.database(inputs)?,
            sql: statement.sql(|index| dialect.mark(index)),
            values,
        })
    }
}

impl SqlSource {
    /// Compiles a query that is run as a whole: `limit`, `offset` and `cursor` are names like any
    /// other. Notes every mistake in it; `None` when there was one.
    ///
    /// What looks wrong in the SQL itself is a warning: a sync does not need the statement, and
    /// baton-sql leaves it to the database.
    pub fn statement(
        self: &Arc<Self>,
        query: &SqlText,
        vars: &mut SqlVars<'_>,
        cx: &mut CompileContext,
    ) -> Option<SqlStatement> {
        let before = cx.diagnostics.len();
        let blocks = runs_blocks(self.dialect.scheme());
        let scanned = scan_with_blocks(&query.0, self.dialect.lexicon(), blocks, cx);
        for found in &mut cx.diagnostics[before..] {
            if OF_THE_DATABASE.contains(&found.code) {
                found.severity = Severity::Warning;
            }
        }
        if scanned.is_some() {
            slips::check(&query.0, self.scheme(), self.dialect.lexicon(), cx);
        }
        let scanned = vars.unless_failed(scanned)?;
        let listing = PagedQuery {
            query,
            pagination: None,
            scope: None,
            resource_type: None,
        };
        let query = self.resolve(&listing, None, &scanned, vars, cx)?;
        if self.is_multiple() {
            // It names the database that the statement runs on.
            vars.use_name("database");
        }
        Some(SqlStatement { query })
    }
}
