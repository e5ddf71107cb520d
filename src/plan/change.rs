//! `grant` and `revoke` of one entitlement → the queries or the request that make the change.
//!
//! A file whose sync works must sync: what keeps a grant from working, and is found by the
//! connectors only when somebody asks for it, is a warning unless it is a mistake in a query or an
//! expression.

use super::connection::Connection;
use super::side::Side;
use super::statements::{Statements, missing};
use super::variables::{ANSWER, PROVISIONING, PROVISIONING_REQUEST, RESOURCE_ROW, ROW};
use crate::config::decode::Placed;
use crate::config::provisioning::{GrantReplaceConfig, ProvisioningConfig};
use crate::config::{Bare, CompileContext, Dialect};
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::Expression;
use crate::mapping::GrantMapping;
use crate::source::http::HttpChange;
use crate::source::sql::{Known, SqlStatement};

/// How an entitlement is granted and revoked.
#[derive(Debug)]
pub struct ProvisioningPlan {
    /// `None` when it cannot be granted: nothing is written, or only a database could tell what is.
    pub grant: Option<ChangePlan>,
    /// `None` when it cannot be revoked, in the same way.
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

/// Compiles both sides; every mistake is noted.
pub(super) fn compile(
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
    let granting = grant.map(|grant| Side::granting(grant, path));
    let revoking = revoke.map(|revoke| Side::revoking(revoke, path));
    if cx.dialect == Dialect::Http {
        let sides = granting.iter().chain(&revoking);
        sides.for_each(|side| side.check_dialect(cx));
        if let Some((key, _)) = config.vars.iter().next() {
            let at = cx.at(key.span);
            let message = "`vars` is written here, but `connect` reaches an API";
            cx.note(
                Diagnostic::error("wrong-dialect", at, message)
                    .help("remove it: templates take `{{ .principal.id }}` itself"),
            );
        }
        return Some(ProvisioningPlan {
            grant: granting.and_then(|side| request(&side, connection, cx)),
            revoke: revoking.and_then(|side| request(&side, connection, cx)),
        });
    }
    let sides = granting.iter().chain(&revoking);
    sides.for_each(|side| side.check_dialect(cx));
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
        return;
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
            let help = "an expression begins with `cel:`: write `cel:` before it";
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

#[cfg(test)]
mod tests {
    use super::signals_by_validation;

    #[test]
    fn two_systems_say_by_validation_that_nothing_is_left_to_do() {
        assert!(signals_by_validation("oracle") && signals_by_validation("db2"));
        assert!(!signals_by_validation("postgres"));
    }
}
