//! `grant` and `revoke` in the shape that they share.

use crate::config::decode::Placed;
use crate::config::http::RequestConfig;
use crate::config::provisioning::{GrantProvisioningConfig, RevokeProvisioningConfig};
use crate::config::scalar::{ExprText, SqlText};
use crate::config::{CompileContext, Dialect};
use crate::diagnostic::{Diagnostic, Span};

/// One side of provisioning.
pub(super) struct Side<'c> {
    pub path: String,
    pub span: Span,
    pub queries: &'c [SqlText],
    pub validations: &'c [SqlText],
    pub signal: Option<&'c Placed<bool>>,
    pub no_transaction: bool,
    pub request: Option<&'c RequestConfig>,
    pub success_condition: Option<&'c ExprText>,
    /// The other fields that only queries have.
    pub beside_queries: Option<&'static str>,
}

impl<'c> Side<'c> {
    /// The side that grants.
    pub(super) fn granting(config: &'c Placed<GrantProvisioningConfig>, path: &str) -> Self {
        Self {
            path: format!("{path}.grant"),
            span: config.span,
            queries: &config.queries,
            validations: &config.validation_queries,
            signal: config.validation_queries_signal_idempotency.as_ref(),
            no_transaction: config.no_transaction,
            request: config.request.as_ref(),
            success_condition: config.success_condition.as_ref(),
            beside_queries: match (&config.reject_if, &config.grant_replace) {
                (Some(_), _) => Some("reject_if"),
                (None, Some(_)) => Some("grant_replace"),
                (None, None) => None,
            },
        }
    }

    /// The side that revokes.
    pub(super) fn revoking(config: &'c Placed<RevokeProvisioningConfig>, path: &str) -> Self {
        Self {
            path: format!("{path}.revoke"),
            span: config.span,
            queries: &config.queries,
            validations: &config.validation_queries,
            signal: config.validation_queries_signal_idempotency.as_ref(),
            no_transaction: config.no_transaction,
            request: config.request.as_ref(),
            success_condition: config.success_condition.as_ref(),
            beside_queries: config.revoke_options.as_ref().map(|_| "revoke_options"),
        }
    }

    /// A field that queries have and requests do not, and its place.
    pub(super) fn queries_field(&self) -> Option<(&'static str, Span)> {
        let query = self.queries.first().map(|query| query.0.span);
        let validation = self.validations.first().map(|query| query.0.span);
        let signal = self.signal.map(|signal| signal.span);
        let here = self.no_transaction.then_some(self.span);
        let fields = [
            ("queries", query),
            ("validation_queries", validation),
            ("validation_queries_signal_idempotency", signal),
            ("no_transaction", here),
        ];
        let written = fields
            .into_iter()
            .find_map(|(field, span)| Some((field, span?)));
        written.or(self.beside_queries.map(|field| (field, self.span)))
    }

    /// A field that requests have and queries do not, and its place.
    fn request_field(&self) -> Option<(&'static str, Span)> {
        let request = self.request.map(|request| ("request", request.url.0.span));
        let condition = self.success_condition;
        request.or(condition.map(|condition| ("success_condition", condition.0.span)))
    }

    /// Notes a change that does not depend on whom it is for.
    pub(super) fn names_nobody(&self, span: Span, cx: &mut CompileContext) {
        let help = match cx.dialect {
            Dialect::Sql => "take who it is for into it: `principal.ID`",
            Dialect::Http => "take who it is for into it: `{{ .principal.id }}`",
        };
        cx.warning(
            "names-nobody",
            span,
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
