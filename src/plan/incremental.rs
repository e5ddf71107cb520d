//! `incremental_sync` and `get` → how changes are listed, and how one resource is fetched.

use std::time::Duration;

use super::find::FindPlan;
use super::listing::TypeCompiler;
use super::statements::{Statements, needs};
use super::variables::{GET_REQUEST, NOTHING, ROW};
use crate::config::decode::Placed;
use crate::config::http::PaginationConfig;
use crate::config::incremental::GrantChangesConfig;
use crate::config::scalar::{SqlText, Text};
use crate::config::{Bare, CompileContext, ConnectorConfig, Dialect};
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::Expression;
use crate::source::Fetch;
use crate::source::sql::{Known, PagedQuery};

/// How far back the first listing of changes looks.
const DEFAULT_LOOKBACK: Duration = Duration::from_secs(3 * 60 * 60);

/// A listing of changes since a moment.
#[derive(Debug)]
pub struct ChangesPlan {
    /// Brings the records.
    pub fetch: Box<dyn Fetch>,
    /// The column that holds the moment of a change.
    pub cursor_column: String,
    /// Id of the resource that a record is about; `None`: what `list.map` says.
    pub resource_id: Option<Expression>,
}

/// Listings of what was granted and revoked since a moment.
#[derive(Debug)]
pub struct GrantChangesPlan {
    /// What was granted.
    pub granted: ChangesPlan,
    /// What was revoked, where that can be told.
    pub revoked: Option<ChangesPlan>,
}

/// How far back the first listing of changes looks.
pub(super) fn lookback(config: &ConnectorConfig) -> Duration {
    let Some(config) = &config.incremental_sync else {
        return DEFAULT_LOOKBACK;
    };
    let written = config.default_lookback;
    written.map_or(DEFAULT_LOOKBACK, |duration| duration.0)
}

const SINCE: &str = "list what changed since that moment: `WHERE changed_at > ?<since>`";

impl TypeCompiler<'_, '_> {
    /// Compiles how one resource is fetched. `None` when that is not written or a mistake was noted.
    pub(super) fn get(&mut self) -> Option<FindPlan> {
        let config = self.config.get.as_ref()?;
        let path = format!("resource_types.{}.get", self.key.text);
        if self.cx.dialect == Dialect::Http {
            const HELP: &str = "write the request that fetches it: `request: {url: …}`";
            let Some(request) = &config.request else {
                return needs(&path, "request", config.span, HELP, self.cx);
            };
            let item = config.item_path.as_ref();
            return FindPlan::by_request(request, item, GET_REQUEST, self.connection, self.cx);
        }
        let Some(query) = &config.query else {
            const HELP: &str =
                "write the query that fetches it: `query: SELECT … WHERE id = ?<id>`";
            return needs(&path, "query", config.span, HELP, self.cx);
        };
        let values = ["id".to_owned()];
        let known = Known {
            values: &values,
            ..Known::variables(NOTHING)
        };
        let mut statements = Statements::of(self.connection, &config.vars, known, self.cx);
        let compiled = statements.one(query);
        if compiled.is_some() {
            let help = "ask for the one resource: `WHERE id = ?<id>`";
            statements.needs_value("id", query, help);
        }
        statements.finish();
        compiled.map(FindPlan::Sql)
    }

    /// False, with a note, for a section of databases in the file of an API.
    fn runs_queries(&mut self, section: &str, span: Span) -> bool {
        if self.cx.dialect == Dialect::Http {
            self.cx.warning(
                "wrong-dialect",
                span,
                format!("`{section}` belongs to files about databases: it is ignored here"),
                "remove it",
            );
            return false;
        }
        true
    }

    /// Compiles how resources that changed are listed. `None` when that is not written or a mistake
    /// was noted.
    pub(super) fn resource_changes(&mut self) -> Option<ChangesPlan> {
        let config = self.config.incremental_sync.as_ref()?;
        if !self.runs_queries("incremental_sync", config.span) {
            return None;
        }
        let path = format!("resource_types.{}.get", self.key.text);
        if self.config.get.is_none() && !self.cx.is_failed(&path) {
            self.cx.warning(
                "missing-field",
                config.span,
                "`incremental_sync` tells which resources changed, but without `get` none of them can be fetched",
                "add `get: {query: …}` to the type",
            );
        }
        let values = ["since".to_owned()];
        let mut statements = Statements::of(self.connection, &config.vars, since(&values), self.cx);
        let fetch = changes(&mut statements, &config.query, config.pagination.as_ref());
        let cursor_column = column("cursor_column", &config.cursor_column, statements.cx);
        let resource_id = config.resource_id.as_ref();
        let resource_id = resource_id.map(|id| statements.cx.expression(id, Bare::Cel, ROW));
        statements.finish();
        Some(ChangesPlan {
            fetch: fetch?,
            cursor_column: cursor_column?,
            resource_id: resource_id.flatten(),
        })
    }

    /// Compiles how grants that came and went are listed.
    pub(super) fn grant_changes(
        &mut self,
        config: &Placed<GrantChangesConfig>,
    ) -> Option<GrantChangesPlan> {
        if !self.runs_queries("incremental_sync", config.span) {
            return None;
        }
        let values = ["since".to_owned()];
        let mut statements = Statements::of(self.connection, &config.vars, since(&values), self.cx);
        let pagination = config.pagination.as_ref();
        if config.resource_id.0.text.is_empty() {
            statements.cx.error::<()>(
                "missing-field",
                config.resource_id.0.span,
                "`incremental_sync.resource_id` is empty",
            );
        }
        let resource_id = statements
            .cx
            .expression(&config.resource_id, Bare::Cel, ROW);
        let granted = changes(&mut statements, &config.changes_query, pagination);
        let granted_column = column(
            "changes_cursor_column",
            &config.changes_cursor_column,
            statements.cx,
        );
        let revoked = config.revokes_query.as_ref();
        let revoked = revoked.map(|query| changes(&mut statements, query, pagination));
        let revoked_column = config.revokes_cursor_column.as_ref();
        let alone = match (&config.revokes_query, revoked_column) {
            (Some(query), None) => Some(("revokes_query", "revokes_cursor_column", query.0.span)),
            (None, Some(column)) => Some(("revokes_cursor_column", "revokes_query", column.span)),
            _ => None,
        };
        if let Some((written, other, span)) = alone {
            let at = statements.cx.at(span);
            let message = format!("`{written}` needs `{other}`");
            statements.cx.note(
                Diagnostic::error("missing-field", at, message).help("write both, or neither"),
            );
        }
        let revoked_column =
            revoked_column.map(|text| column("revokes_cursor_column", text, statements.cx));
        statements.finish();
        let plan = |fetch: Option<Box<dyn Fetch>>, column: Option<String>| {
            Some(ChangesPlan {
                fetch: fetch?,
                cursor_column: column?,
                resource_id: resource_id.clone(),
            })
        };
        Some(GrantChangesPlan {
            granted: plan(granted, granted_column)?,
            revoked: revoked.and_then(|fetch| plan(fetch, revoked_column.flatten())),
        })
    }
}

/// What queries of changes know: the moment since when.
fn since(values: &[String]) -> Known<'_> {
    Known {
        values,
        ..Known::variables(NOTHING)
    }
}

/// A query of changes.
fn changes(
    statements: &mut Statements,
    query: &SqlText,
    pagination: Option<&PaginationConfig>,
) -> Option<Box<dyn Fetch>> {
    let (source, vars, cx) = statements.parts()?;
    let listing = PagedQuery {
        query,
        pagination,
        scope: None,
        resource_type: None,
    };
    let fetch = source.paged(listing, vars, cx);
    if fetch.is_some() {
        statements.needs_value("since", query, SINCE);
    }
    fetch
}

fn column(field: &str, written: &Text, cx: &mut CompileContext) -> Option<String> {
    if written.text.is_empty() {
        let message = format!("`{field}` is empty");
        return cx.error("missing-field", written.span, message);
    }
    Some(written.text.clone())
}
