//! `provisioning` of a type's entitlements → how they are granted and revoked.
//!
//! A file whose sync works must sync: what keeps a grant from working, and is found by the
//! connectors only when somebody asks for it, is a warning unless it is a mistake in a query or an
//! expression.

use super::connection::Connection;
use super::lint::not_yet;
use super::listing::TypeCompiler;
use super::statements::{Statements, missing};
use super::variables::{ANSWER, PROVISIONING, PROVISIONING_REQUEST, RESOURCE_ROW, ROW};
use crate::config::decode::Placed;
use crate::config::http::RequestConfig;
use crate::config::provisioning::{
    GrantProvisioningConfig, GrantReplaceConfig, ProvisioningConfig, RevokeProvisioningConfig,
};
use crate::config::scalar::{ExprText, SqlText};
use crate::config::{Bare, CompileContext, Dialect};
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::Expression;
use crate::mapping::GrantMapping;
use crate::source::http::HttpChange;
use crate::source::sql::{Known, SqlStatement};

/// How the entitlements of a type are granted and revoked.
#[derive(Debug, Default)]
pub struct TypeProvisioning {
    /// Of static entitlements, by their ids.
    pub statics: Vec<(String, ProvisioningPlan)>,
    /// Of listed entitlements: only the id of one is known when it is granted, not which mapping it
    /// came from, so there is one way for all.
    pub listed: Option<ProvisioningPlan>,
}

/// How an entitlement is granted and revoked.
#[derive(Debug)]
pub struct ProvisioningPlan {
    /// `None` when it cannot be granted.
    pub grant: Option<ChangePlan>,
    /// `None` when it cannot be revoked.
    pub revoke: Option<ChangePlan>,
}

/// A change of the system.
#[derive(Debug)]
pub enum ChangePlan {
    /// By queries.
    Sql(Box<SqlChangePlan>),
    /// By a request.
    Http(Box<HttpChangePlan>),
}

/// A change by queries, in the order in which its parts run.
#[derive(Debug, Default)]
pub struct SqlChangePlan {
    /// Refuses a grant.
    pub rejection: Option<RejectionPlan>,
    /// Finds the grant that a new one replaces.
    pub replacement: Option<ReplacementPlan>,
    /// Each must bring a row.
    pub validations: Vec<SqlStatement>,
    /// Whether a validation without rows means that there is nothing to do.
    pub validations_signal_idempotency: bool,
    /// What changes the system; none may change more than one row.
    pub statements: Vec<SqlStatement>,
    /// Whether all of it is one transaction.
    pub in_transaction: bool,
    /// Finds out whether the principal outlived a revoke.
    pub principal_exists: Option<SqlStatement>,
}

/// Refuses a grant when a query brings a row.
#[derive(Debug)]
pub struct RejectionPlan {
    /// The query.
    pub query: SqlStatement,
    /// The reason, from its first row.
    pub reason: Option<Expression>,
}

/// The grant that a new one replaces.
#[derive(Debug)]
pub struct ReplacementPlan {
    /// Finds it.
    pub query: SqlStatement,
    /// What a row becomes, with the id of the resource that the grant is on.
    pub mappings: Vec<(GrantMapping, Expression)>,
}

/// A change by a request.
#[derive(Debug)]
pub struct HttpChangePlan {
    /// The request.
    pub request: HttpChange,
    /// True of the answer when it worked; `None`: any status from 200 to 299.
    pub success: Option<Expression>,
}

/// The two sides of provisioning, in the shape they share.
struct Side<'c> {
    path: String,
    span: Span,
    queries: &'c [SqlText],
    validations: &'c [SqlText],
    signal: Option<&'c Placed<bool>>,
    no_transaction: bool,
    request: Option<&'c RequestConfig>,
    success_condition: Option<&'c ExprText>,
    /// The other fields that only queries have.
    beside_queries: Option<&'static str>,
}

impl TypeCompiler<'_, '_> {
    /// Compiles the provisioning of every entitlement of the type.
    pub(super) fn provisioning(&mut self) -> TypeProvisioning {
        let config = self.config;
        let mut compiled = TypeProvisioning::default();
        let statics = config.static_entitlements.iter().flatten();
        for entry in statics {
            if let Some(provisioning) = &entry.provisioning {
                let path = format!("resource_types.{}.static_entitlements", self.key.text);
                let plan = self.entitlement(provisioning, entry.immutable, &path);
                compiled
                    .statics
                    .extend(plan.map(|plan| (entry.id.text.clone(), plan)));
            }
        }
        let mut first: Option<Span> = None;
        for entry in &config.entitlements.0 {
            let mapped = entry.map.iter().flat_map(|map| &map.0);
            let responses = entry.response.iter();
            let responses = responses.flat_map(|response| &response.entitlement_mapping.0);
            let path = format!("resource_types.{}.entitlements.map", self.key.text);
            for mapping in mapped.chain(responses) {
                let Some(provisioning) = &mapping.provisioning else {
                    continue;
                };
                let span = provisioning.span;
                // Several mappings may refer to the same text by an alias.
                match first {
                    Some(first) if first == span => continue,
                    Some(_) => self.cx.warning(
                        "no-effect",
                        span,
                        "an earlier mapping of the type has `provisioning`: that one is used for all listed entitlements",
                        "write it once; `entitlement.ID` in `vars` tells the entitlements apart",
                    ),
                    None => {}
                }
                let plan = self.entitlement(provisioning, mapping.immutable, &path);
                if first.replace(span).is_none() {
                    compiled.listed = plan;
                }
            }
        }
        compiled
    }

    fn entitlement(
        &mut self,
        config: &Placed<ProvisioningConfig>,
        immutable: bool,
        path: &str,
    ) -> Option<ProvisioningPlan> {
        not_yet("provisioning", config.span, self.cx);
        if immutable {
            self.cx.warning(
                "conflicting-fields",
                config.span,
                "an entitlement that is `immutable` is neither granted nor revoked",
                "remove `immutable` or `provisioning`",
            );
        }
        compile(
            config,
            &format!("{path}.provisioning"),
            self.connection,
            self.cx,
        )
    }
}

fn compile(
    config: &Placed<ProvisioningConfig>,
    path: &str,
    connection: Option<&Connection>,
    cx: &mut CompileContext,
) -> Option<ProvisioningPlan> {
    let grant = config.grant.as_ref();
    let revoke = config.revoke.as_ref();
    if grant.is_none()
        && revoke.is_none()
        && !cx.is_failed(&format!("{path}.grant"))
        && !cx.is_failed(&format!("{path}.revoke"))
    {
        cx.warning(
            "missing-field",
            config.span,
            "`provisioning` has neither `grant` nor `revoke`: nothing can be changed",
            "write what grants the entitlement, and what revokes it",
        );
    }
    let granting = grant.map(|grant| granting(grant, path));
    let revoking = revoke.map(|revoke| revoking(revoke, path));
    if cx.dialect == Dialect::Http {
        let sides = granting.iter().chain(&revoking);
        let foreign = sides.filter_map(|side| Some((side.queries_field()?, side.span)));
        let vars = config.vars.iter().next();
        let vars = vars.map(|(key, _)| ("vars", key.span));
        for (field, span) in foreign.chain(vars) {
            wrong_dialect(field, span, "an API", "request", cx);
        }
        return Some(ProvisioningPlan {
            grant: granting.and_then(|side| request(&side, connection, cx)),
            revoke: revoking.and_then(|side| request(&side, connection, cx)),
        });
    }
    for side in granting.iter().chain(&revoking) {
        if let Some(field) = side.request_field() {
            wrong_dialect(field, side.span, "a database", "queries", cx);
        }
    }
    let known = Known {
        names_stand_for_variables: false,
        example: Some("principal"),
        ..Known::variables(PROVISIONING)
    };
    let mut statements = Statements::of(connection, &config.vars, known, cx);
    let grant = grant.zip(granting.as_ref()).and_then(|(grant, side)| {
        let plan = queries(side, connection, &mut statements);
        let rejection = grant.reject_if.as_ref().map(|config| {
            let query = statements.one(&config.query);
            let reason = config.reason.as_ref();
            let reason = reason.and_then(|reason| statements.cx.expression(reason, Bare::Cel, ROW));
            query.map(|query| RejectionPlan { query, reason })
        });
        let replacement = grant.grant_replace.as_ref();
        let replacement = replacement.map(|config| replacing(config, &side.path, &mut statements));
        Some(ChangePlan::Sql(Box::new(SqlChangePlan {
            rejection: rejection.flatten(),
            replacement: replacement.flatten(),
            ..plan?
        })))
    });
    let revoke = revoke.zip(revoking.as_ref()).and_then(|(revoke, side)| {
        let plan = queries(side, connection, &mut statements);
        let options = revoke.revoke_options.as_ref();
        let check = options.and_then(|options| options.principal_exists_check.as_ref());
        let principal_exists = check.and_then(|check| statements.one(&check.query));
        Some(ChangePlan::Sql(Box::new(SqlChangePlan {
            principal_exists,
            ..plan?
        })))
    });
    statements.finish();
    Some(ProvisioningPlan { grant, revoke })
}

fn granting<'c>(config: &'c Placed<GrantProvisioningConfig>, path: &str) -> Side<'c> {
    Side {
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

fn revoking<'c>(config: &'c Placed<RevokeProvisioningConfig>, path: &str) -> Side<'c> {
    Side {
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

impl Side<'_> {
    /// A field that queries have and requests do not.
    fn queries_field(&self) -> Option<&'static str> {
        let fields = [
            ("queries", !self.queries.is_empty()),
            ("validation_queries", !self.validations.is_empty()),
            (
                "validation_queries_signal_idempotency",
                self.signal.is_some(),
            ),
            ("no_transaction", self.no_transaction),
        ];
        let written = fields.into_iter().find(|(_, written)| *written);
        written.map(|(field, _)| field).or(self.beside_queries)
    }

    /// A field that requests have and queries do not.
    fn request_field(&self) -> Option<&'static str> {
        match (self.request, self.success_condition) {
            (Some(_), _) => Some("request"),
            (None, Some(_)) => Some("success_condition"),
            (None, None) => None,
        }
    }

    /// What whoever asks for the change says comes to nothing when the change does not name the
    /// principal.
    fn names_nobody(&self, span: Span, cx: &mut CompileContext) {
        cx.warning(
            "names-nobody",
            span,
            format!(
                "`{}` does not mention `principal`: it does the same for everybody",
                self.path
            ),
            "take who it is for into it: `principal.ID`",
        );
    }
}

/// The queries of a side, and the rules they follow.
fn queries(
    side: &Side,
    connection: Option<&Connection>,
    statements: &mut Statements,
) -> Option<SqlChangePlan> {
    if side.queries.is_empty() && side.request.is_none() {
        let help = "write the statements that make the change: `queries: [\"INSERT …\"]`";
        missing(
            &side.path,
            "queries",
            side.span,
            |at, message| Diagnostic::warning("missing-field", at, message),
            help,
            statements.cx,
        );
    }
    let signals = side.signal.filter(|signal| signal.value);
    if let Some(signal) = signals {
        idempotency(side, signal.span, connection, statements.cx);
    }
    let validations = statements.all(side.validations);
    let compiled = statements.all(side.queries)?;
    if let Some(first) = side.queries.first()
        && !compiled.iter().any(|found| found.uses_value("principal"))
    {
        side.names_nobody(first.0.span, statements.cx);
    }
    Some(SqlChangePlan {
        validations: validations?,
        validations_signal_idempotency: signals.is_some(),
        statements: compiled,
        in_transaction: !side.no_transaction,
        ..SqlChangePlan::default()
    })
}

/// Where the count of changed rows does not tell whether there was something to do, a validation
/// query can.
fn idempotency(side: &Side, span: Span, connection: Option<&Connection>, cx: &mut CompileContext) {
    const FIELD: &str = "validation_queries_signal_idempotency";
    if side.validations.is_empty() && !cx.is_failed(&format!("{}.validation_queries", side.path)) {
        let at = cx.at(span);
        cx.note(
            Diagnostic::error(
                "missing-field",
                at,
                format!("`{FIELD}` needs `validation_queries`"),
            )
            .help("write a query that brings a row while there is something to change"),
        );
    }
    let Some(source) = connection.and_then(Connection::sql) else {
        return;
    };
    match signals_by_validation(source.scheme()) {
        true if !side.no_transaction => {
            let at = cx.at(span);
            let message = format!("`{FIELD}` needs `no_transaction: true` on this database");
            cx.note(
                Diagnostic::error("missing-field", at, message)
                    .help("add `no_transaction: true` beside it"),
            );
        }
        true => {}
        false => cx.warning(
            "no-effect",
            span,
            format!("`{FIELD}` has no effect on this database: the count of changed rows tells"),
            "remove it",
        ),
    }
}

/// The database systems whose count of changed rows says too little.
fn signals_by_validation(scheme: &str) -> bool {
    matches!(scheme, "oracle" | "db2")
}

fn replacing(
    config: &GrantReplaceConfig,
    path: &str,
    statements: &mut Statements,
) -> Option<ReplacementPlan> {
    let path = format!("{path}.grant_replace");
    let query = statements.one(&config.query);
    if config.map.0.is_empty() {
        let help = "say which grant a row is: `principal_id`, `principal_type`, `entitlement_id` and `entitlement_resource_id`";
        missing(
            &path,
            "map",
            config.query.0.span,
            |at, message| Diagnostic::warning("missing-field", at, message),
            help,
            statements.cx,
        );
    }
    let mut mappings = Vec::new();
    for config in &config.map.0 {
        let mapping = GrantMapping::compile(config, Bare::Cel, RESOURCE_ROW, statements.cx);
        let Some(resource_id) = &config.entitlement_resource_id else {
            missing(
                &format!("{path}.map"),
                "entitlement_resource_id",
                config.principal_id.0.span,
                |at, message| {
                    let message = format!("{message}: the mapping is skipped");
                    Diagnostic::warning("missing-field", at, message)
                },
                "name the resource of the old grant: `entitlement_resource_id: .group_id`",
                statements.cx,
            );
            continue;
        };
        let resource_id = statements
            .cx
            .expression(resource_id, Bare::Cel, RESOURCE_ROW);
        mappings.push((mapping?, resource_id?));
    }
    Some(ReplacementPlan {
        query: query?,
        mappings,
    })
}

/// The request of a side.
fn request(
    side: &Side,
    connection: Option<&Connection>,
    cx: &mut CompileContext,
) -> Option<ChangePlan> {
    let Some(config) = side.request else {
        if side.queries_field().is_none() {
            let help = "write the request that makes the change: `request: {method: POST, url: …}`";
            missing(
                &side.path,
                "request",
                side.span,
                |at, message| Diagnostic::warning("missing-field", at, message),
                help,
                cx,
            );
        }
        return None;
    };
    let success = side.success_condition.map(|condition| {
        let text = &condition.0;
        if !text.text.starts_with("cel:")
            && !text.text.starts_with("tmpl:")
            && !text.text.is_empty()
        {
            let at = cx.at(text.span);
            let message = "`success_condition` is literal text, not a condition";
            let help = format!("an expression begins with `cel:`: `cel:{}`", text.text);
            cx.note(Diagnostic::error("literal-program", at, message).help(help));
            return None;
        }
        cx.expression(condition, Bare::Literal, ANSWER)
    });
    let source = connection?.http()?;
    let request = source.change(config, PROVISIONING_REQUEST, cx)?;
    if !request.mentions("principal") && !request.mentions("pre_requests") {
        side.names_nobody(config.url.0.span, cx);
    }
    Some(ChangePlan::Http(Box::new(HttpChangePlan {
        request,
        success: success.flatten(),
    })))
}

fn wrong_dialect(field: &str, span: Span, kind: &str, wanted: &str, cx: &mut CompileContext) {
    let at = cx.at(span);
    let message = format!("`{field}` is written here, but `connect` reaches {kind}");
    cx.note(Diagnostic::error("wrong-dialect", at, message).help(format!("write `{wanted}`")));
}

#[cfg(test)]
mod tests {
    use super::signals_by_validation;

    #[test]
    fn two_systems_say_by_validation_that_nothing_is_left_to_do() {
        assert!(signals_by_validation("oracle") && signals_by_validation("db2"));
        assert!(!signals_by_validation("postgres"));
    }
}
