//! A query that changes the system, or is asked before or after → something that runs as a whole.

use std::sync::Arc;

use super::connect::SqlSource;
use super::listing::PagedQuery;
use super::placeholder::scan_with_blocks;
use super::query::SqlQuery;
use super::vars::SqlVars;
use crate::config::CompileContext;
use crate::config::scalar::SqlText;
use crate::diagnostic::Severity;

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

impl SqlStatement {
    /// True when the statement takes the value that is there under this name.
    pub fn uses_value(&self, name: &str) -> bool {
        self.query.uses_value(name)
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
