//! What differs between database systems: one file per dialect.

pub(super) mod db2;
pub(super) mod hdb;
pub(super) mod mysql;
pub(super) mod odbc;
pub(super) mod oracle;
pub(super) mod postgres;
mod redshift;
pub(super) mod sqlite;
pub(super) mod sqlserver;
pub(super) mod vertica;

use std::sync::Arc;

use async_trait::async_trait;

use super::lexer::Lexicon;
use super::statement::{Row, Statement, TakeRows};
use super::target::{Param, Target};
use crate::config::CompileContext;
use crate::source::{Described, SourceError};

/// What a system makes of names that have no quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// Lower case.
    Lower,
    /// Upper case.
    Upper,
}

/// A database system.
pub trait Dialect: Send + Sync + std::fmt::Debug {
    /// The scheme that selects it.
    fn scheme(&self) -> &'static str;

    /// What it connects to, for people.
    fn doc(&self) -> &'static str;

    /// Schemes that people write for it by mistake.
    fn other_names(&self) -> &'static [&'static str];

    /// How its SQL is quoted.
    fn lexicon(&self) -> &'static Lexicon;

    /// A name as a quoted identifier.
    fn quote_identifier(&self, name: &str) -> String;

    /// What the system makes of names without quotes, where it changes their case.
    fn folds_names(&self) -> Option<Fold> {
        None
    }

    /// The length, in bytes, beyond which the system cuts a name off without an error: what is left
    /// may be the name of something else.
    fn longest_identifier(&self) -> Option<usize> {
        None
    }

    /// How people of this system write the parameter of an index.
    fn mark(&self, _index: usize) -> String {
        "?".to_owned()
    }

    /// The parameter that names the database, where there is one: `?database=acme`.
    fn database_param(&self) -> Option<&'static str> {
        None
    }

    /// True when a DSN may be a connection string: `KEYWORD=value;KEYWORD=value`.
    fn takes_connection_strings(&self) -> bool {
        false
    }

    /// True when a database is a file rather than a name on a server.
    fn is_file(&self) -> bool {
        false
    }

    /// True when the name of a database may begin with a slash that belongs to it.
    fn names_paths(&self) -> bool {
        self.is_file()
    }

    /// Understands the settings of a connection; nothing is opened. Notes what it cannot use.
    fn server(&self, target: &Target, cx: &mut CompileContext) -> Option<Arc<dyn Server>>;
}

/// A server whose connection settings are understood.
pub trait Server: Send + Sync + std::fmt::Debug {
    /// The database that the connection names; another one by its name.
    fn database(&self, name: Option<&str>) -> Arc<dyn Database>;
}

/// A database that statements run on.
#[async_trait]
pub trait Database: Send + Sync + std::fmt::Debug {
    /// Its name, as the `database` column shows it.
    fn name(&self) -> &str;

    /// Connects anew, and asks something trivial.
    async fn check(&self) -> Result<(), SourceError>;

    /// Runs a statement and brings its rows, as many as it asks for.
    async fn run(&self, statement: &Statement<'_>) -> Result<Vec<Row>, SourceError>;

    /// Runs a statement and hands its rows on as they come. Returns those of the last chunk.
    async fn stream(
        &self,
        statement: &Statement<'_>,
        to: &mut dyn TakeRows,
    ) -> Result<Vec<Row>, SourceError>;

    /// Asks what a statement would bring, and whether it is one. Nothing is run.
    async fn describe(&self, statement: &Statement<'_>) -> Result<Described, SourceError> {
        let _ = statement;
        Ok(Described::not(
            "this database does not say it without running the statement",
        ))
    }

    /// Opens a connection of its own for a change. With `transaction`, nothing that is run on it
    /// stays unless it is committed.
    async fn session(&self, transaction: bool) -> Result<Box<dyn Session + '_>, SourceError>;

    /// Lets go of its connections.
    async fn close(&self);
}

/// A connection that a change is made on. One that is dropped rolls its transaction back.
#[async_trait]
pub trait Session: Send {
    /// Runs a statement to its end.
    async fn run(&mut self, statement: &Statement<'_>) -> Result<Ran, SourceError>;

    /// Begins a transaction anew, after one that was committed.
    async fn begin(&mut self) -> Result<(), SourceError>;

    /// Makes what was run last. Without a transaction it has been made already.
    async fn commit(&mut self) -> Result<(), SourceError>;

    /// Undoes what was run, where there is a transaction.
    async fn rollback(&mut self) -> Result<(), SourceError>;

    /// The name of the database.
    fn database(&self) -> &str;

    /// Whether the connection broke: what was sent last may have been obeyed.
    fn is_lost(&self) -> bool;

    /// Whether a statement such as `GRANT` commits what was run before it, and itself.
    fn definitions_commit(&self) -> bool;
}

/// What a statement of a change came to.
#[derive(Debug, Default)]
pub struct Ran {
    /// The rows that it brought.
    pub rows: Vec<Row>,
    /// How many rows it changed, as the database counts them; `None` where it does not.
    pub affected: Option<u64>,
}

/// A dialect that registered itself.
pub(super) struct Registered(pub &'static dyn Dialect);

inventory::collect!(Registered);

/// Every dialect, by scheme.
pub(super) fn all() -> Vec<&'static dyn Dialect> {
    let mut dialects: Vec<_> = inventory::iter::<Registered>
        .into_iter()
        .map(|registered| registered.0)
        .collect();
    dialects.sort_by_key(|dialect| dialect.scheme());
    dialects
}

/// The columns that a query selects, as far as it names them, in the quoting of a scheme; that of
/// standard SQL where the scheme is not known.
pub(crate) fn offered_columns(sql: &str, scheme: Option<&str>) -> Vec<String> {
    let known = all()
        .into_iter()
        .find(|dialect| Some(dialect.scheme()) == scheme);
    let lexicon = known.map_or(&Lexicon::STANDARD, |dialect| dialect.lexicon());
    super::select::offered(sql, lexicon)
}

/// A dialect as `rolecall kinds` and the documentation show it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DialectView {
    /// The value of `connect.scheme`, and the start of a DSN.
    pub scheme: &'static str,
    /// What it connects to.
    pub description: &'static str,
}

/// Every dialect, for people.
pub fn documented() -> Vec<DialectView> {
    all()
        .into_iter()
        .map(|dialect| DialectView {
            scheme: dialect.scheme(),
            description: dialect.doc(),
        })
        .collect()
}

/// The connection options of `system` with the parameters of the connection applied. `apply`
/// returns `None` for a parameter that the system does not have, which is warned about; an `Err`
/// is a mistake in the file, and then there are no options.
fn with_params<O: Clone>(
    system: &str,
    mut options: O,
    params: &[Param],
    apply: impl Fn(O, &Param) -> Result<Option<O>, String>,
    cx: &mut CompileContext,
) -> Option<O> {
    let mut understood = true;
    for param in params {
        match apply(options.clone(), param) {
            Ok(Some(changed)) => options = changed,
            Ok(None) => {
                let message = format!("{system} has no parameter `{}`: it is ignored", param.name);
                cx.warning("ignored-param", param.span, message, "");
            }
            Err(message) => {
                understood = false;
                cx.error::<()>("bad-param", param.span, message);
            }
        }
    }
    understood.then_some(options)
}

/// True for the name that a setting of a session may have. Those have neither capitals nor hyphens,
/// as the parameters of drivers do.
fn names_setting(name: &str) -> bool {
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.".contains(c);
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(named)
}

/// A name between quotes, with the quotes inside it doubled.
pub(super) fn quoted(name: &str, quote: char) -> String {
    let doubled = name.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{doubled}{quote}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_this_folder_is_registered() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/source/sql/dialect");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder is there")
            .filter_map(|entry| {
                let name = entry.expect("can be read").file_name();
                name.to_str()?.strip_suffix(".rs").map(str::to_owned)
            })
            .filter(|name| name != "mod")
            .collect();
        files.sort();
        let schemes: Vec<_> = documented().iter().map(|view| view.scheme).collect();
        assert_eq!(files, schemes);
    }

    #[test]
    fn an_identifier_cannot_leave_its_quotes() {
        assert_eq!(quoted("a\"b", '"'), "\"a\"\"b\"");
        assert_eq!(mysql::MYSQL.quote_identifier("a`b\"c"), "`a``b\"c`");
    }
}
