//! `connect` → the databases that queries run on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::dialect::{Database, Dialect, Fold, Server};
use super::select::{self, Selected};
use super::statement::Statement;
use super::target;
use crate::config::CompileContext;
use crate::config::connect::{DatabasesConfig, SqlConnectConfig};
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::{Map, to_text};
use crate::source::{Source, SourceError};

/// A database system, one or several databases of it.
#[derive(Debug)]
pub struct SqlSource {
    pub(super) dialect: &'static dyn Dialect,
    /// `None` when a variable of `connect` has no value: queries can be checked, not run.
    server: Option<Arc<dyn Server>>,
    names: Names,
    databases: OnceCell<Vec<Arc<dyn Database>>>,
    /// Whether pages say what they were asked with.
    tells: AtomicBool,
}

/// A column that a query selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether the database surely writes the name so; otherwise its case is not known.
    pub is_exact: bool,
}

/// Which databases there are.
#[derive(Debug)]
enum Names {
    /// The one that the connection names.
    One,
    /// These, sorted.
    Listed(Vec<String>),
    /// The first column of a query.
    Discovered(String),
}

impl SqlSource {
    /// Reads `connect`; nothing is opened. Notes every mistake. `None` when not even the dialect
    /// is known; with it, the queries of the file can be checked although `connect` is incomplete.
    pub fn compile(config: &SqlConnectConfig, cx: &mut CompileContext) -> Option<Arc<SqlSource>> {
        let names = match &config.databases {
            Some(databases) => names(databases, target::place(config), cx),
            None => Names::One,
        };
        let resolved = target::resolve(config, cx)?;
        let server = resolved
            .target
            .and_then(|target| resolved.dialect.server(&target, cx));
        Some(Arc::new(SqlSource {
            dialect: resolved.dialect,
            server,
            names,
            databases: OnceCell::new(),
            tells: AtomicBool::new(false),
        }))
    }

    /// The scheme of the database system, for example `postgres`.
    pub fn scheme(&self) -> &'static str {
        self.dialect.scheme()
    }

    /// True when rows come from several databases.
    pub(super) fn is_multiple(&self) -> bool {
        !matches!(self.names, Names::One)
    }

    /// Whether pages say what they were asked with.
    pub(super) fn tells(&self) -> bool {
        self.tells.load(Ordering::Relaxed)
    }

    /// The databases, sorted by name; the first is the primary one. Asked once per run.
    pub(super) async fn databases(&self) -> Result<&[Arc<dyn Database>], SourceError> {
        self.databases
            .get_or_try_init(|| self.open())
            .await
            .map(Vec::as_slice)
    }

    /// The database of this name; without one, the primary one.
    pub async fn database(&self, name: Option<&str>) -> Result<&dyn Database, SourceError> {
        let databases = self.databases().await?;
        let found = match name {
            None => databases.first(),
            Some(name) => databases.iter().find(|database| database.name() == name),
        };
        found.map(Arc::as_ref).ok_or_else(|| {
            let names: Vec<&str> = databases.iter().map(|database| database.name()).collect();
            SourceError::Invalid(format!(
                "there is no database `{}`; there are {}",
                name.unwrap_or_default(),
                crate::diagnostic::list(&names)
            ))
        })
    }

    async fn open(&self) -> Result<Vec<Arc<dyn Database>>, SourceError> {
        let Some(server) = &self.server else {
            return Err(SourceError::Invalid(
                "`connect` is incomplete: set the variables it names".to_owned(),
            ));
        };
        let names = match &self.names {
            Names::One => return Ok(vec![server.database(None)]),
            Names::Listed(names) => names.clone(),
            Names::Discovered(query) => {
                let database = server.database(None);
                let names = discover(database.as_ref(), query).await;
                database.close().await;
                names?
            }
        };
        Ok(names
            .iter()
            .map(|name| server.database(Some(name)))
            .collect())
    }

    /// The rows of a query without values on the primary database, such as one of its catalog.
    pub async fn rows(&self, sql: &str) -> Result<Vec<Map>, SourceError> {
        let database = self.database(None).await?;
        let rows = database.run(&Statement::plain(sql)).await?;
        Ok(rows.into_iter().map(|row| row.fields).collect())
    }

    /// A name as an identifier of the database system, in quotes.
    pub fn quoted(&self, name: &str) -> String {
        self.dialect.quote_identifier(name)
    }

    /// The columns that a query selects, where they can be told without running it.
    pub fn selected(&self, query: &str) -> Option<Vec<Column>> {
        let selected = select::selected(query, self.dialect.lexicon())?;
        let column = |selected: Selected| {
            let folded = match self.dialect.folds_names() {
                _ if selected.quoted => Some(selected.name.clone()),
                Some(Fold::Lower) => Some(selected.name.to_ascii_lowercase()),
                Some(Fold::Upper) => Some(selected.name.to_ascii_uppercase()),
                None => None,
            };
            Column {
                is_exact: folded.is_some(),
                name: folded.unwrap_or(selected.name),
            }
        };
        Some(selected.into_iter().map(column).collect())
    }
}

fn names(config: &DatabasesConfig, place: Span, cx: &mut CompileContext) -> Names {
    let query = config.discovery_query.as_ref();
    let query = query.filter(|query| !query.text.trim().is_empty());
    let listed: Vec<_> = config.r#static.iter().collect();
    match (query, listed.as_slice()) {
        (Some(query), []) => Names::Discovered(query.text.clone()),
        (Some(query), [..]) => {
            let at = cx.at(query.span);
            cx.note(
                Diagnostic::error(
                    "conflicting-fields",
                    at,
                    "`databases` has both `static` and `discovery_query`",
                )
                .help("keep one of the two"),
            );
            Names::One
        }
        (None, []) => {
            let at = cx.at(place);
            cx.note(
                Diagnostic::error(
                    "missing-field",
                    at,
                    "`connect.databases` has neither `static` nor `discovery_query`",
                )
                .help("list the names under `static`, or write the query that lists them"),
            );
            Names::One
        }
        (None, listed) => {
            let names = listed.iter().map(|text| text.text.clone());
            Names::Listed(sorted(names))
        }
    }
}

/// Names in order, each once, the empty ones left out.
fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    names.sort();
    names.dedup();
    names
}

async fn discover(database: &dyn Database, query: &str) -> Result<Vec<String>, SourceError> {
    let sql = query.trim_end().trim_end_matches(';');
    let rows = database.run(&Statement::plain(sql)).await?;
    let mut names = Vec::new();
    for row in rows {
        if let Some((column, value)) = row.fields.first() {
            let name = to_text(value).map_err(|_| {
                SourceError::Invalid(format!(
                    "`databases.discovery_query`: `{column}` is no name but {}",
                    value.type_name()
                ))
            })?;
            names.extend(name);
        }
    }
    let names = sorted(names.into_iter());
    match names.is_empty() {
        true => Err(SourceError::Invalid(
            "`databases.discovery_query` found no database".to_owned(),
        )),
        false => Ok(names),
    }
}

#[async_trait]
impl Source for SqlSource {
    async fn check(&self) -> Result<(), SourceError> {
        for database in self.databases().await? {
            database.check().await?;
        }
        Ok(())
    }

    fn tell(&self) {
        self.tells.store(true, Ordering::Relaxed);
    }

    /// The password is of the connection alone: drivers do not repeat it, and no row holds it.
    fn redact(&self, text: &str) -> String {
        text.to_owned()
    }

    async fn close(&self) {
        for database in self.databases.get().into_iter().flatten() {
            database.close().await;
        }
    }
}
