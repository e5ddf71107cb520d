//! `incremental_sync` and `get` → how changes are listed, and how one resource is fetched.

use std::time::Duration;

use super::find::FindPlan;
use super::listing::TypeCompiler;
use super::statements::{Statements, needs};
use super::variables::{FEED_ITEM, FEED_REQUEST, FEED_RESOURCE_ITEM, GET_REQUEST, NOTHING, ROW};
use crate::config::decode::Placed;
use crate::config::http::{PaginationConfig, RequestConfig, ResponseConfig};
use crate::config::incremental::{GrantChangesConfig, ResourceChangesConfig};
use crate::config::scalar::{SqlText, Text};
use crate::config::{Bare, CompileContext, ConnectorConfig, Dialect, Wanted};
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::Expression;
use crate::mapping::GrantMapping;
use crate::source::Fetch;
use crate::source::http::HttpListing;
use crate::source::sql::pagination::key_of;
use crate::source::sql::{Known, PagedQuery};

/// How far back the first listing of changes looks.
const DEFAULT_LOOKBACK: Duration = Duration::from_secs(3 * 60 * 60);

/// A listing of changes since a moment.
#[derive(Debug)]
pub struct ChangesPlan {
    /// Brings the records.
    pub fetch: Box<dyn Fetch>,
    /// The column that holds the moment of a change, or its path in the items of an API.
    pub cursor_column: String,
    /// Id of the resource that a record is about; `None`: what `list.map` says.
    pub resource_id: Option<Expression>,
    /// Leaves records out; `None`: as the entry of `grants` does, where it is one of grants.
    pub skip_if: Option<Expression>,
    /// What a record of grants becomes; empty: what the mappings of the entry say.
    pub mappings: Vec<GrantMapping>,
}

/// How far back listings of changes look.
#[derive(Debug, Clone, Copy)]
pub struct LookbackPlan {
    /// The first one.
    pub first: Duration,
    /// Each later one, beyond the last change.
    pub overlap: Duration,
}

/// Listings of what was granted and revoked since a moment.
#[derive(Debug)]
pub struct GrantChangesPlan {
    /// What was granted.
    pub granted: ChangesPlan,
    /// What was revoked, where that can be told.
    pub revoked: Option<ChangesPlan>,
}

/// How far back listings of changes look.
pub(super) fn lookback(config: &ConnectorConfig) -> LookbackPlan {
    let config = config.incremental_sync.as_ref();
    let first = config.and_then(|config| config.default_lookback);
    let overlap = config.and_then(|config| config.overlap);
    LookbackPlan {
        first: first.map_or(DEFAULT_LOOKBACK, |duration| duration.0),
        overlap: overlap.map_or(Duration::ZERO, |duration| duration.0),
    }
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
            statements.needs_value(&["id"], query, help);
        }
        statements.finish();
        compiled.map(FindPlan::Sql)
    }

    /// Compiles how resources that changed are listed. `None` when that is not written or a mistake
    /// was noted.
    pub(super) fn resource_changes(&mut self) -> Option<ChangesPlan> {
        let config = self.config.incremental_sync.as_ref()?;
        let path = format!("resource_types.{}.get", self.key.text);
        if self.config.get.is_none() && !self.cx.is_failed(&path) {
            let field = match self.cx.dialect {
                Dialect::Sql => "query",
                Dialect::Http => "request",
            };
            self.cx.warning(
                "missing-field",
                config.span,
                "`incremental_sync` tells which resources changed, but without `get` none of them can be fetched",
                &format!("add `get: {{{field}: …}}` to the type"),
            );
        }
        let path = format!("resource_types.{}.incremental_sync", self.key.text);
        match self.cx.dialect {
            Dialect::Http => self.resource_changes_of_api(config, &path),
            Dialect::Sql => self.resource_changes_of_database(config, &path),
        }
    }

    fn resource_changes_of_database(
        &mut self,
        config: &Placed<ResourceChangesConfig>,
        path: &str,
    ) -> Option<ChangesPlan> {
        let foreign = [
            ("request", config.request.is_some()),
            ("response", config.response.is_some()),
        ];
        refuse(path, config.span, &foreign, "query", self.cx)?;
        let names = since_names();
        let mut statements = Statements::of(self.connection, &config.vars, since(&names), self.cx);
        let pagination = config.pagination.as_ref();
        let column = column("cursor_column", &config.cursor_column, statements.cx);
        let fetch = match &config.query {
            Some(query) => changes(&mut statements, query, &config.cursor_column, pagination),
            None => needs(path, "query", config.span, SINCE, statements.cx),
        };
        let resource_id = config.resource_id.as_ref();
        let resource_id = resource_id.map(|id| {
            statements
                .cx
                .expression_for(Wanted::Identity, id, Bare::Cel, ROW)
        });
        statements.finish();
        Some(ChangesPlan {
            fetch: fetch?,
            cursor_column: column?,
            resource_id: resource_id.flatten(),
            skip_if: None,
            mappings: Vec::new(),
        })
    }

    fn resource_changes_of_api(
        &mut self,
        config: &Placed<ResourceChangesConfig>,
        path: &str,
    ) -> Option<ChangesPlan> {
        let foreign = [
            ("query", config.query.is_some()),
            ("vars", !config.vars.is_empty()),
        ];
        refuse(path, config.span, &foreign, "request", self.cx)?;
        let request = config.request.as_ref();
        let response = config.response.as_ref();
        if let Some(mapping) = response.and_then(|response| response.resource_mapping.as_ref()) {
            self.cx.warning(
                "no-effect",
                mapping.id.0.span,
                "`resource_mapping` has no effect here: `get` fetches the resource, and the mapping of `list` says what it is",
                "remove it; `resource_id` says which resource an item is about",
            );
        }
        let column = column("cursor_column", &config.cursor_column, self.cx);
        let mut fetch = self.requests_of_changes(
            path,
            ("request", request),
            ("response", response),
            config.pagination.as_ref(),
            config.span,
        );
        self.cx.reads_response = false;
        let resource_id = config.resource_id.as_ref();
        let resource_id = resource_id.map(|id| {
            self.cx
                .expression_for(Wanted::Identity, id, Bare::Literal, FEED_ITEM)
        });
        // Without one, the mapping of `list` finds the id, whatever it reads.
        self.cx.reads_response |= resource_id.is_none();
        let skip_if = response.and_then(|response| response.skip_if.as_ref());
        let skip_if = skip_if.map(|text| {
            self.cx
                .expression_for(Wanted::Truth, text, Bare::Literal, FEED_ITEM)
        });
        self.share_answers(&mut fetch);
        Some(ChangesPlan {
            fetch: fetch?,
            cursor_column: column?,
            resource_id: match resource_id {
                Some(written) => Some(written?),
                None => None,
            },
            skip_if: skip_if.flatten(),
            mappings: Vec::new(),
        })
    }

    /// The listing of changes of an API.
    fn requests_of_changes(
        &mut self,
        path: &str,
        (request_field, request): (&str, Option<&RequestConfig>),
        (response_field, response): (&str, Option<&ResponseConfig>),
        pagination: Option<&PaginationConfig>,
        span: Span,
    ) -> Option<Box<dyn Fetch>> {
        const REQUEST: &str = "write the request that lists what changed: `{url: /events, query_params: {after: \"tmpl:{{ .since }}\"}}`";
        const RESPONSE: &str = "say where the items of the answer are: `{items_path: events}`";
        let Some(request) = request else {
            return needs(path, request_field, span, REQUEST, self.cx);
        };
        let Some(response) = response else {
            return needs(path, response_field, span, RESPONSE, self.cx);
        };
        let listing = HttpListing {
            request,
            response,
            pagination,
            variables: FEED_REQUEST,
            item_variables: FEED_ITEM,
            per_resource: false,
        };
        self.connection?.http_listing(listing, self.cx)
    }

    /// Compiles how grants that came and went are listed.
    pub(super) fn grant_changes(
        &mut self,
        config: &Placed<GrantChangesConfig>,
        path: &str,
    ) -> Option<GrantChangesPlan> {
        let path = format!("{path}.incremental_sync");
        if config.resource_id.0.text.is_empty() {
            self.cx.error::<()>(
                "missing-field",
                config.resource_id.0.span,
                "`incremental_sync.resource_id` is empty",
            );
        }
        match self.cx.dialect {
            Dialect::Http => self.grant_changes_of_api(config, &path),
            Dialect::Sql => self.grant_changes_of_database(config, &path),
        }
    }

    fn grant_changes_of_database(
        &mut self,
        config: &Placed<GrantChangesConfig>,
        path: &str,
    ) -> Option<GrantChangesPlan> {
        let foreign = [
            ("changes_request", config.changes_request.is_some()),
            ("changes_response", config.changes_response.is_some()),
            ("revokes_request", config.revokes_request.is_some()),
            ("revokes_response", config.revokes_response.is_some()),
        ];
        refuse(path, config.span, &foreign, "changes_query", self.cx)?;
        let names = since_names();
        let mut statements = Statements::of(self.connection, &config.vars, since(&names), self.cx);
        let pagination = config.pagination.as_ref();
        let resource_id =
            statements
                .cx
                .expression_for(Wanted::Identity, &config.resource_id, Bare::Cel, ROW);
        let granted_column = &config.changes_cursor_column;
        let granted = match &config.changes_query {
            Some(query) => changes(&mut statements, query, granted_column, pagination),
            None => needs(path, "changes_query", config.span, SINCE, statements.cx),
        };
        let granted_column = column("changes_cursor_column", granted_column, statements.cx);
        let revoked_column = config.revokes_cursor_column.as_ref();
        let revoked = config.revokes_query.as_ref();
        let revoked = revoked.map(|query| {
            let column = revoked_column.unwrap_or(&config.changes_cursor_column);
            changes(&mut statements, query, column, pagination)
        });
        let query = config.revokes_query.as_ref().map(|query| query.0.span);
        both(("revokes_query", query), revoked_column, statements.cx);
        let revoked_column =
            revoked_column.map(|text| column("revokes_cursor_column", text, statements.cx));
        statements.finish();
        let plan = |fetch: Option<Box<dyn Fetch>>, column: Option<String>| {
            Some(ChangesPlan {
                fetch: fetch?,
                cursor_column: column?,
                resource_id: resource_id.clone(),
                skip_if: None,
                mappings: Vec::new(),
            })
        };
        Some(GrantChangesPlan {
            granted: plan(granted, granted_column)?,
            revoked: revoked.and_then(|fetch| plan(fetch, revoked_column.flatten())),
        })
    }

    fn grant_changes_of_api(
        &mut self,
        config: &Placed<GrantChangesConfig>,
        path: &str,
    ) -> Option<GrantChangesPlan> {
        let foreign = [
            ("changes_query", config.changes_query.is_some()),
            ("revokes_query", config.revokes_query.is_some()),
            ("vars", !config.vars.is_empty()),
        ];
        refuse(path, config.span, &foreign, "changes_request", self.cx)?;
        let column = column(
            "changes_cursor_column",
            &config.changes_cursor_column,
            self.cx,
        );
        let granted = self.grants_of_api(
            path,
            ("changes_request", config.changes_request.as_ref()),
            ("changes_response", config.changes_response.as_ref()),
            column,
            config,
        );
        let request = config.revokes_request.as_ref();
        let revoked_column = config.revokes_cursor_column.as_ref();
        let url = request.map(|request| request.url.0.span);
        both(("revokes_request", url), revoked_column, self.cx);
        let revoked = match (request, revoked_column) {
            (Some(request), Some(text)) => {
                let column = self::column("revokes_cursor_column", text, self.cx);
                let response = config.revokes_response.as_ref();
                self.grants_of_api(
                    path,
                    ("revokes_request", Some(request)),
                    ("revokes_response", response),
                    column,
                    config,
                )
            }
            _ => None,
        };
        Some(GrantChangesPlan {
            granted: granted?,
            revoked,
        })
    }

    /// One listing of grants that came, or that went.
    fn grants_of_api(
        &mut self,
        path: &str,
        request: (&str, Option<&RequestConfig>),
        response: (&str, Option<&ResponseConfig>),
        column: Option<String>,
        config: &Placed<GrantChangesConfig>,
    ) -> Option<ChangesPlan> {
        let pagination = config.pagination.as_ref();
        let mut fetch = self.requests_of_changes(path, request, response, pagination, config.span);
        let skip_if = response.1.and_then(|response| response.skip_if.as_ref());
        let mappings = response
            .1
            .map(|response| response.grant_mapping.0.as_slice())
            .unwrap_or_default();
        self.cx.reads_response = mappings.is_empty();
        let resource_id = &config.resource_id;
        let resource_id =
            self.cx
                .expression_for(Wanted::Identity, resource_id, Bare::Literal, FEED_ITEM);
        let variables = FEED_RESOURCE_ITEM;
        let skip_if = skip_if.map(|text| {
            self.cx
                .expression_for(Wanted::Truth, text, Bare::Literal, variables)
        });
        let mappings: Vec<_> = mappings
            .iter()
            .map(|mapping| GrantMapping::compile(mapping, Bare::Literal, variables, self.cx))
            .collect();
        self.share_answers(&mut fetch);
        Some(ChangesPlan {
            fetch: fetch?,
            cursor_column: column?,
            resource_id: Some(resource_id?),
            skip_if: skip_if.flatten(),
            mappings: mappings.into_iter().collect::<Option<_>>()?,
        })
    }
}

/// Notes fields of the other dialect; `None` when there are some.
fn refuse(
    path: &str,
    span: Span,
    fields: &[(&str, bool)],
    wanted: &str,
    cx: &mut CompileContext,
) -> Option<()> {
    let Some((field, _)) = fields.iter().find(|(_, written)| *written) else {
        return Some(());
    };
    let kind = match cx.dialect {
        Dialect::Sql => "a database",
        Dialect::Http => "an API",
    };
    let message = format!("`{path}` has `{field}`, but `connect` reaches {kind}: it is ignored");
    cx.warning(
        "wrong-dialect",
        span,
        message,
        &format!("write `{wanted}` there"),
    );
    None
}

/// Notes a listing of what was revoked without its column, or the column alone.
fn both(
    (listing, written): (&'static str, Option<Span>),
    column: Option<&Text>,
    cx: &mut CompileContext,
) {
    let field = "revokes_cursor_column";
    let (written, other, span) = match (written, column) {
        (Some(span), None) => (listing, field, span),
        (None, Some(column)) => (field, listing, column.span),
        _ => return,
    };
    let at = cx.at(span);
    let message = format!("`{written}` needs `{other}`");
    cx.note(Diagnostic::error("missing-field", at, message).help("write both, or neither"));
}

/// The names of the moment since when, as a moment and in seconds.
const SINCE_NAMES: [&str; 2] = ["since", "since_unix"];

fn since_names() -> Vec<String> {
    SINCE_NAMES.map(str::to_owned).to_vec()
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
    column: &Text,
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
        statements.needs_value(&SINCE_NAMES, query, SINCE);
    }
    if let Some(PaginationConfig::Sql(block)) = pagination {
        let cx = &mut *statements.cx;
        let (span, help) = (
            block.span,
            "page by a column that identifies a row and never changes: `strategy: cursor`, `primary_key: id`",
        );
        if block.kind == "offset" {
            let message = "pages that are counted shift when a row changes while they are read: a change may be lost";
            cx.warning("changes-may-be-lost", span, message, help);
        } else if key_of(block, cx).is_some_and(|key| key.eq_ignore_ascii_case(&column.text)) {
            let message = "pages that begin after a moment lose the other rows of that moment: a change may be lost";
            cx.warning("changes-may-be-lost", span, message, help);
        }
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
