//! Queries that change a system, and those around them, compiled with the values they share.

use std::sync::Arc;

use super::connection::Connection;
use crate::config::CompileContext;
use crate::config::decode::Named;
use crate::config::scalar::{ExprText, SqlText};
use crate::diagnostic::{Diagnostic, Location, Span};
use crate::source::sql::{Known, SqlSource, SqlStatement, SqlVars};

/// The queries of one section while they are compiled.
pub(super) struct Statements<'s, 'k, 'e> {
    /// `None` when `connect` has mistakes: then expressions are checked, and queries are not.
    source: Option<&'s Arc<SqlSource>>,
    vars: SqlVars<'k>,
    pub cx: &'s mut CompileContext<'e>,
}

impl<'s, 'k, 'e> Statements<'s, 'k, 'e> {
    /// Compiles the `vars` of a section.
    pub(super) fn of(
        connection: Option<&'s Connection>,
        vars: &Named<ExprText>,
        known: Known<'k>,
        cx: &'s mut CompileContext<'e>,
    ) -> Self {
        Self {
            source: connection.and_then(Connection::sql),
            vars: SqlVars::compile(vars, known, cx),
            cx,
        }
    }

    /// Compiles a query; every mistake in it is noted.
    pub(super) fn one(&mut self, query: &SqlText) -> Option<SqlStatement> {
        self.source?.statement(query, &mut self.vars, self.cx)
    }

    /// Compiles queries; all are tried, so that all mistakes are noted.
    pub(super) fn all<'q>(
        &mut self,
        queries: impl IntoIterator<Item = &'q SqlText>,
    ) -> Option<Vec<SqlStatement>> {
        let compiled: Vec<_> = queries.into_iter().map(|query| self.one(query)).collect();
        compiled.into_iter().collect()
    }

    /// Notes a query without the value that makes it what it is, under none of its names.
    pub(super) fn needs_value(&mut self, names: &[&str], query: &SqlText, help: &str) {
        if !names.iter().any(|name| self.vars.latest_uses(name)) {
            let at = self.cx.at(query.0.span);
            let message = format!("the query does not use `?<{}>`", names[0]);
            let diagnostic = Diagnostic::error("missing-placeholder", at, message);
            self.cx.note(diagnostic.help(help));
        }
    }

    /// The values and where mistakes go, for queries that are compiled elsewhere.
    pub(super) fn parts(
        &mut self,
    ) -> Option<(
        &'s Arc<SqlSource>,
        &mut SqlVars<'k>,
        &mut CompileContext<'e>,
    )> {
        Some((self.source?, &mut self.vars, self.cx))
    }

    /// Notes the `vars` that no query uses.
    pub(super) fn finish(self) {
        if self.source.is_some() {
            self.vars.finish(self.cx);
        }
    }
}

/// Notes that a section lacks a field, unless it was written and could not be read.
pub(super) fn missing(
    path: &str,
    field: &str,
    span: Span,
    diagnostic: impl FnOnce(Location, String) -> Diagnostic,
    help: &str,
    cx: &mut CompileContext,
) {
    if !cx.is_failed(&format!("{path}.{field}")) {
        let at = cx.at(span);
        let message = format!("`{path}` needs `{field}`");
        cx.note(diagnostic(at, message).help(help));
    }
}

/// Notes that a section cannot do without a field; returns `None` for the caller to return.
pub(super) fn needs<T>(
    path: &str,
    field: &str,
    span: Span,
    help: &str,
    cx: &mut CompileContext,
) -> Option<T> {
    let error = |at, message| Diagnostic::error("missing-field", at, message);
    missing(path, field, span, error, help, cx);
    None
}
