//! A dialect whose databases are reached through ODBC.

use std::sync::Arc;

use super::{Address, Keywords, Settings, System};
use crate::config::CompileContext;
use crate::source::sql::dialect::{Database, Dialect, Fold, Server};
use crate::source::sql::lexer::Lexicon;
use crate::source::sql::target::Target;

/// A dialect and the drivers that speak it.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(feature = "odbc"),
    allow(dead_code, reason = "some is asked only where statements run")
)]
pub struct Vendor {
    /// The scheme that selects it.
    pub scheme: &'static str,
    /// What it connects to, for people.
    pub doc: &'static str,
    /// Schemes that people write for it by mistake.
    pub other_names: &'static [&'static str],
    /// How its SQL is quoted.
    pub lexicon: &'static Lexicon,
    /// The system, as far as it is known before connecting.
    pub system: System,
    /// Its name in sentences.
    pub name: &'static str,
    /// The port of a server that names none.
    pub port: Option<u16>,
    /// Names or parts of names that its drivers are registered under, the best one first.
    pub drivers: &'static [&'static str],
    /// What to install when there is none of them.
    pub install: &'static str,
    /// The parameter that names the database.
    pub database_param: Option<&'static str>,
    /// A parameter as the keyword and the value that a driver takes; as it is where this is `None`.
    pub param: fn(&str, &str) -> Option<(&'static str, String)>,
    /// Where to connect, as the keywords of a driver.
    pub address: fn(&Address<'_>, &mut Keywords),
}

impl Dialect for Vendor {
    fn scheme(&self) -> &'static str {
        self.scheme
    }

    fn doc(&self) -> &'static str {
        self.doc
    }

    fn other_names(&self) -> &'static [&'static str] {
        self.other_names
    }

    fn lexicon(&self) -> &'static Lexicon {
        self.lexicon
    }

    fn quote_identifier(&self, name: &str) -> String {
        super::super::dialect::quoted(name, '"')
    }

    fn folds_names(&self) -> Option<Fold> {
        matches!(self.scheme, "oracle" | "db2" | "hdb").then_some(Fold::Upper)
    }

    fn database_param(&self) -> Option<&'static str> {
        self.database_param
    }

    fn takes_connection_strings(&self) -> bool {
        matches!(self.scheme, "odbc" | "db2")
    }

    fn names_paths(&self) -> bool {
        self.scheme == "odbc"
    }

    fn server(&self, target: &Target, cx: &mut CompileContext) -> Option<Arc<dyn Server>> {
        let settings = Settings::compile(*self, target, cx)?;
        Some(Arc::new(Servers(Arc::new(settings))))
    }
}

/// The databases of a server.
#[derive(Debug)]
struct Servers(Arc<Settings>);

impl Server for Servers {
    fn database(&self, name: Option<&str>) -> Arc<dyn Database> {
        super::open(self.0.clone(), name)
    }
}
