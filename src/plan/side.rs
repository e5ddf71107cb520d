//! Every place of the language that changes something, in the shape that they share.

use std::num::NonZeroU32;

use crate::config::account::StatementsConfig;
use crate::config::action::KnownActionConfig;
use crate::config::change::{ChangeConfig, ChangeRequestConfig, WaitConfig};
use crate::config::decode::{Named, Placed};
use crate::config::http::RequestConfig;
use crate::config::provisioning::{GrantProvisioningConfig, RevokeProvisioningConfig};
use crate::config::scalar::{ExprText, SqlText};
use crate::config::{CompileContext, Dialect};
use crate::diagnostic::{Diagnostic, Span};

/// A change as it is written: one side of provisioning, the making of an account, an action …
pub(super) struct Side<'c> {
    pub path: String,
    pub span: Span,
    pub queries: Vec<&'c SqlText>,
    pub validations: &'c [SqlText],
    pub signal: Option<&'c Placed<bool>>,
    pub no_transaction: bool,
    pub max_affected_rows: Option<NonZeroU32>,
    pub request: Option<&'c RequestConfig>,
    pub success_condition: Option<&'c ExprText>,
    pub already_condition: Option<&'c ExprText>,
    pub wait: Option<&'c WaitConfig>,
    pub requests: &'c Named<ChangeRequestConfig>,
    /// The other fields that only queries have.
    pub beside_queries: Option<&'static str>,
}

impl<'c> Side<'c> {
    fn of(config: &'c ChangeConfig, path: String, span: Span) -> Self {
        Self {
            path,
            span,
            queries: config.queries.iter().collect(),
            validations: &config.validation_queries,
            signal: None,
            no_transaction: config.no_transaction,
            max_affected_rows: config.max_affected_rows,
            request: config.request.as_ref(),
            success_condition: config.success_condition.as_ref(),
            already_condition: config.already_condition.as_ref(),
            wait: config.wait.as_deref(),
            requests: &config.requests,
            beside_queries: None,
        }
    }

    /// The side that grants.
    pub(super) fn granting(config: &'c Placed<GrantProvisioningConfig>, path: &str) -> Self {
        Self {
            signal: config.validation_queries_signal_idempotency.as_ref(),
            beside_queries: match (&config.reject_if, &config.grant_replace) {
                (Some(_), _) => Some("reject_if"),
                (None, Some(_)) => Some("grant_replace"),
                (None, None) => None,
            },
            ..Self::of(&config.change, format!("{path}.grant"), config.span)
        }
    }

    /// The side that revokes.
    pub(super) fn revoking(config: &'c Placed<RevokeProvisioningConfig>, path: &str) -> Self {
        Self {
            signal: config.validation_queries_signal_idempotency.as_ref(),
            beside_queries: config.revoke_options.as_ref().map(|_| "revoke_options"),
            ..Self::of(&config.change, format!("{path}.revoke"), config.span)
        }
    }

    /// What creates or deletes something, or sets a password.
    pub(super) fn statements(config: &'c StatementsConfig, path: &str, span: Span) -> Self {
        Self::of(&config.change, path.to_owned(), span)
    }

    /// What an action does.
    pub(super) fn action(config: &'c KnownActionConfig, path: &str, span: Span) -> Self {
        let queries = config.query.iter().chain(&config.change.queries);
        Self {
            queries: queries.collect(),
            ..Self::of(&config.change, path.to_owned(), span)
        }
    }

    /// A field that queries have and requests do not, and its place.
    pub(super) fn queries_field(&self) -> Option<(&'static str, Span)> {
        let query = self.queries.first().map(|query| query.0.span);
        let validation = self.validations.first().map(|query| query.0.span);
        let signal = self.signal.map(|signal| signal.span);
        let here = self.no_transaction.then_some(self.span);
        let rows = self.max_affected_rows.map(|_| self.span);
        let fields = [
            ("queries", query),
            ("validation_queries", validation),
            ("validation_queries_signal_idempotency", signal),
            ("no_transaction", here),
            ("max_affected_rows", rows),
        ];
        let written = fields
            .into_iter()
            .find_map(|(field, span)| Some((field, span?)));
        written.or(self.beside_queries.map(|field| (field, self.span)))
    }

    /// A field that requests have and queries do not, and its place.
    fn request_field(&self) -> Option<(&'static str, Span)> {
        let of_request = |request: &RequestConfig| request.url.0.span;
        let condition = |condition: Option<&ExprText>| condition.map(|found| found.0.span);
        let requests = self.requests.iter().next();
        let fields = [
            ("request", self.request.map(of_request)),
            ("requests", requests.map(|(key, _)| key.span)),
            ("success_condition", condition(self.success_condition)),
            ("already_condition", condition(self.already_condition)),
            ("wait", self.wait.map(|wait| of_request(&wait.request))),
        ];
        fields
            .into_iter()
            .find_map(|(field, span)| Some((field, span?)))
    }

    /// Where the first query or request of the change is written.
    pub(super) fn place(&self) -> Span {
        let query = self.queries.first().map(|query| query.0.span);
        let requests = self.requests.iter().map(|(_, config)| &config.request);
        let request = self.request.into_iter().chain(requests).next();
        query
            .or(request.map(|request| request.url.0.span))
            .unwrap_or(self.span)
    }

    /// Notes a change that does not depend on whom it is for.
    pub(super) fn names_nobody(&self, cx: &mut CompileContext) {
        let help = match cx.dialect {
            Dialect::Sql => "take who it is for into it: `principal.ID`",
            Dialect::Http => "take who it is for into it: `{{ .principal.id }}`",
        };
        cx.warning(
            "names-nobody",
            self.place(),
            format!(
                "`{}` does not mention `principal`: it does the same for everybody",
                self.path
            ),
            help,
        );
    }

    /// Notes a field that the dialect of the file does not have.
    pub(super) fn check_dialect(&self, cx: &mut CompileContext) {
        let (found, kind, wanted) = match cx.dialect {
            Dialect::Sql => (self.request_field(), "a database", "queries"),
            Dialect::Http => (self.queries_field(), "an API", "request"),
        };
        if let Some((field, span)) = found {
            let at = cx.at(span);
            let message = format!("`{field}` is written here, but `connect` reaches {kind}");
            let diagnostic = Diagnostic::error("wrong-dialect", at, message);
            cx.note(diagnostic.help(format!("write `{wanted}`")));
        }
    }
}
