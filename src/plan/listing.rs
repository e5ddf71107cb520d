//! What a `list`, `entitlements` or `grants` section lists: its fetch, its filter, its mappings.

use super::connection::Connection;
use crate::config::decode::{Named, OneOrMany};
use crate::config::http::{MappingType, PaginationConfig, RequestConfig, ResponseConfig};
use crate::config::resource_type::{ResourceTypeConfig, ScopeWord};
use crate::config::scalar::{ExprText, SqlText};
use crate::config::{Bare, CompileContext, Dialect, Key, Wanted};
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::{Expression, Variables};
use crate::model::ResourceTypeId;
use crate::source::Fetch;
use crate::source::http::HttpListing;

/// The parts that listings of every kind share.
pub(super) struct Step<'c> {
    /// What the step is called in messages.
    pub name: String,
    pub query: Option<&'c SqlText>,
    pub vars: &'c Named<ExprText>,
    pub pagination: Option<&'c PaginationConfig>,
    pub scope: Option<ScopeWord>,
    pub request: Option<&'c RequestConfig>,
    pub response: Option<&'c ResponseConfig>,
    pub expected: MappingType,
    /// Where the step stands, for mistakes of the step as a whole.
    pub at: Span,
}

/// The step of a `list`, `entitlements` or `grants` section: they have the same fields.
macro_rules! step {
    ($config:expr, $name:expr, $expected:expr, $otherwise:expr) => {
        $crate::plan::listing::Step {
            name: $name,
            query: $config.query.as_ref(),
            vars: &$config.vars,
            pagination: $config.pagination.as_ref(),
            scope: $config.scope,
            request: $config.request.as_ref(),
            response: $config.response.as_ref(),
            expected: $expected,
            at: {
                let query = $config.query.as_ref().map(|query| query.0.span);
                let url = $config.request.as_ref().map(|request| request.url.0.span);
                query.or(url).unwrap_or($otherwise)
            },
        }
    };
}
pub(super) use step;

/// What compiling one type carries along.
pub(super) struct TypeCompiler<'c, 'e> {
    pub key: &'c Key,
    pub config: &'c ResourceTypeConfig,
    pub parent: Option<ResourceTypeId>,
    pub children: Vec<ResourceTypeId>,
    /// `None` when `connect` has mistakes: the rest is checked all the same.
    pub connection: Option<&'c Connection>,
    pub cx: &'c mut CompileContext<'e>,
}

impl TypeCompiler<'_, '_> {
    /// The listing of a step, by the dialect of the file. `variables` are those of the listing
    /// itself, `item_variables` those of its records.
    pub(super) fn fetch(
        &mut self,
        step: &Step,
        variables: Variables,
        item_variables: Variables,
        resource_type: Option<&str>,
    ) -> Option<Box<dyn Fetch>> {
        // Without the paging that is meant, every placeholder of it would look like a mistake.
        if step.pagination.is_none() && self.cx.is_failed(&format!("{}.pagination", step.name)) {
            return None;
        }
        if self.cx.dialect == Dialect::Sql {
            self.refuse_foreign(
                step,
                &[
                    ("request", step.request.is_some()),
                    ("response", step.response.is_some()),
                ],
            )?;
            let Some(query) = step.query else {
                return self.missing(step, "query");
            };
            return self.connection?.sql_listing(
                query,
                step.vars,
                step.pagination,
                step.scope,
                variables,
                resource_type,
                self.cx,
            );
        }
        self.refuse_foreign(
            step,
            &[
                ("query", step.query.is_some()),
                ("vars", !step.vars.is_empty()),
            ],
        )?;
        let Some(request) = step.request else {
            return self.missing(step, "request");
        };
        let Some(response) = step.response else {
            return self.missing(step, "response");
        };
        if let Some(written) = response.mapping_type
            && written != step.expected
        {
            let message = format!(
                "`{}` has another `mapping_type` than what is listed there",
                step.name
            );
            self.cx.error::<()>("conflicting-fields", step.at, message);
        }
        let per_resource = resource_type.is_some() || self.parent.is_some();
        let listing = HttpListing {
            request,
            response,
            pagination: step.pagination,
            variables,
            item_variables,
            per_resource,
        };
        self.connection?.http_listing(listing, self.cx)
    }

    /// Tells a listing whether the mappings that were compiled since need its answers as a whole.
    pub(super) fn share_answers(&self, fetch: &mut Option<Box<dyn Fetch>>) {
        if let Some(fetch) = fetch {
            fetch.share_answers(self.cx.reads_response);
        }
    }

    fn refuse_foreign(&mut self, step: &Step, fields: &[(&str, bool)]) -> Option<()> {
        let (wanted, kind) = match self.cx.dialect {
            Dialect::Sql => ("query", "a database"),
            Dialect::Http => ("request", "an API"),
        };
        let Some((field, _)) = fields.iter().find(|(_, written)| *written) else {
            return Some(());
        };
        let message = format!(
            "`{}` has `{field}`, but `connect` reaches {kind}",
            step.name
        );
        let at = self.cx.at(step.at);
        self.cx.note(
            Diagnostic::error("wrong-dialect", at, message).help(format!("write `{wanted}` there")),
        );
        None
    }

    fn missing<T>(&mut self, step: &Step, field: &str) -> Option<T> {
        if self.cx.is_failed(&format!("{}.{field}", step.name)) {
            return None;
        }
        self.cx.error(
            "missing-field",
            step.at,
            format!("`{}` needs `{field}`", step.name),
        )
    }

    /// A listing whose records name their resource serves all resources at once: it cannot run for
    /// one of them.
    pub(super) fn bulk_only_once(&mut self, step: &Step, fetch: Option<&dyn Fetch>, bulk: bool) {
        if bulk && fetch.is_some_and(Fetch::depends_on_resource) {
            let message = format!(
                "`{}` has `resource_id`, so it lists for all resources at once, but it uses `resource`",
                step.name
            );
            let at = self.cx.at(step.at);
            self.cx.note(
                Diagnostic::error("conflicting-fields", at, message)
                    .help("remove `resource_id`, or `resource` from the query or the request"),
            );
        }
    }

    /// The variables of a mapping, with the answers of pre-requests where there are any.
    pub(super) fn mapped(&self, step: &Step, variables: Variables) -> Variables {
        let own = step
            .request
            .is_some_and(|request| !request.pre_requests.is_empty());
        let common = self.connection.and_then(Connection::http);
        match own || common.is_some_and(|source| source.has_pre_requests()) {
            true => variables.and(&["pre_requests"]),
            false => variables,
        }
    }

    pub(super) fn skip_if(&mut self, step: &Step, variables: Variables) -> Option<Expression> {
        let skip_if = step.response?.skip_if.as_ref()?;
        self.cx
            .expression_for(Wanted::Truth, skip_if, Bare::Literal, variables)
    }

    /// The mappings of a step and the rule their bare text follows: those under `map` are CEL in
    /// both dialects, those of a `response` are literal.
    pub(super) fn mapping<'s, T>(
        &mut self,
        step: &Step<'s>,
        map: Option<&'s OneOrMany<T>>,
        of_response: impl FnOnce(&'s ResponseConfig) -> &'s [T],
    ) -> Option<(&'s [T], Bare)> {
        let in_response = step.response.map(of_response).unwrap_or_default();
        match map {
            Some(map) if in_response.is_empty() && !map.0.is_empty() => Some((&map.0, Bare::Cel)),
            Some(_) if !in_response.is_empty() => {
                let message = format!("`{}` has both `map` and a mapping in `response`", step.name);
                self.cx.error("conflicting-fields", step.at, message)
            }
            _ if !in_response.is_empty() => Some((in_response, Bare::Literal)),
            _ => {
                let field = match (self.cx.dialect, step.expected) {
                    (Dialect::Sql, _) => "map",
                    (_, MappingType::Resource) => "response.resource_mapping",
                    (_, MappingType::Entitlement) => "response.entitlement_mapping",
                    (_, MappingType::Grant) => "response.grant_mapping",
                };
                self.missing(step, field)
            }
        }
    }
}
