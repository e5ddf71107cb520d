//! `provisioning` of one entitlement → how it is granted, revoked and read back.

use std::time::Duration;

use super::change::{
    ChangePlan, RejectionPlan, ReplacementPlan, SqlChangePlan, condition, queries, requests,
};
use super::connection::Connection;
use super::find::FindPlan;
use super::side::Side;
use super::statements::{Statements, missing};
use super::variables::{ANSWER, PROVISIONING, PROVISIONING_REQUEST, RESOURCE_ROW, ROW};
use crate::config::change::ReadBackConfig;
use crate::config::decode::Placed;
use crate::config::provisioning::{GrantReplaceConfig, ProvisioningConfig};
use crate::config::{Bare, CompileContext, Dialect};
use crate::diagnostic::Diagnostic;
use crate::expr::Expression;
use crate::mapping::GrantMapping;
use crate::source::sql::Known;

/// How an entitlement is granted and revoked.
#[derive(Debug)]
pub struct ProvisioningPlan {
    /// `None` when it cannot be granted: nothing is written, or only a database could tell what is.
    pub grant: Option<ChangePlan>,
    /// `None` when it cannot be revoked, in the same way.
    pub revoke: Option<ChangePlan>,
    /// How the system is asked who holds it.
    pub read_back: ReadBackPlan,
}

/// How and when the system is asked whether a change was made.
#[derive(Debug)]
pub struct ReadBackPlan {
    /// What asks; `None`: the listing of grants.
    pub find: Option<FindPlan>,
    /// True of the answer of an API when the principal holds it; `None`: when something was found.
    pub holds: Option<Expression>,
    /// Asks before each change; `None`: before those that mean a new thing each time.
    pub before: Option<bool>,
    /// Asks after each change until the system shows it.
    pub after: bool,
    /// The wait before each further attempt.
    pub every: Duration,
    /// How long the system may take to show a change.
    pub at_most: Duration,
}

impl Default for ReadBackPlan {
    /// Asks when an answer leaves open whether the change was made.
    fn default() -> Self {
        Self {
            find: None,
            holds: None,
            before: None,
            after: false,
            every: Duration::from_secs(1),
            at_most: Duration::from_secs(30),
        }
    }
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
            grant: granting.and_then(|side| by_requests(&side, connection, cx)),
            revoke: revoking.and_then(|side| by_requests(&side, connection, cx)),
            read_back: match &config.read_back {
                Some(config) => {
                    let request = config.request.as_ref();
                    let find = request.and_then(|request| {
                        FindPlan::by_request(request, None, PROVISIONING_REQUEST, connection, cx)
                    });
                    read_back(config, path, find, cx)?
                }
                None => ReadBackPlan::default(),
            },
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
        let plan = by_queries(side, connection, &mut statements);
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
        let plan = by_queries(side, connection, &mut statements);
        let options = revoke.revoke_options.as_ref();
        let check = options.and_then(|options| options.principal_exists_check.as_ref());
        let principal_exists = check.and_then(|check| statements.one(&check.query));
        Some(ChangePlan::Sql(Box::new(SqlChangePlan {
            principal_exists,
            ..plan?
        })))
    });
    let read_back = match &config.read_back {
        Some(config) => {
            let query = config.query.as_ref();
            let find = query
                .and_then(|query| statements.one(query))
                .map(FindPlan::Sql);
            read_back(config, path, find, statements.cx)
        }
        None => Some(ReadBackPlan::default()),
    };
    statements.finish();
    Some(ProvisioningPlan {
        grant,
        revoke,
        read_back: read_back?,
    })
}

/// The queries of a side that somebody gains or loses something by.
fn by_queries(
    side: &Side,
    connection: Option<&Connection>,
    statements: &mut Statements,
) -> Option<SqlChangePlan> {
    let plan = queries(side, connection, statements)?;
    let mut found = plan.statements.iter();
    if !side.queries.is_empty() && !found.any(|found| found.uses_value("principal")) {
        side.names_nobody(statements.cx);
    }
    Some(plan)
}

/// The requests of a side that somebody gains or loses something by.
fn by_requests(
    side: &Side,
    connection: Option<&Connection>,
    cx: &mut CompileContext,
) -> Option<ChangePlan> {
    let plan = requests(side, PROVISIONING_REQUEST, connection, cx)?;
    let names = ["principal", "pre_requests"];
    let mentions = |name| plan.steps.iter().any(|step| step.request.mentions(name));
    if !names.into_iter().any(mentions) {
        side.names_nobody(cx);
    }
    Some(ChangePlan::Http(Box::new(plan)))
}

fn read_back(
    config: &Placed<ReadBackConfig>,
    path: &str,
    find: Option<FindPlan>,
    cx: &mut CompileContext,
) -> Option<ReadBackPlan> {
    let path = format!("{path}.read_back");
    let (wanted, other) = match cx.dialect {
        Dialect::Sql => (
            "query",
            config.request.is_some() || config.holds_if.is_some(),
        ),
        Dialect::Http => ("request", config.query.is_some()),
    };
    if other {
        let at = cx.at(config.span);
        let message = format!("`{path}` needs `{wanted}` for what `connect` reaches");
        cx.note(Diagnostic::error("wrong-dialect", at, message).help(format!("write `{wanted}`")));
    }
    if find.is_none() && config.holds_if.is_some() {
        let help = "write the request whose answer `holds_if` looks at";
        let error = |at, message| Diagnostic::error("missing-field", at, message);
        missing(&path, "request", config.span, error, help, cx);
    }
    let holds = condition(
        "holds_if",
        config.holds_if.as_ref(),
        PROVISIONING_REQUEST.and(ANSWER),
        cx,
    )?;
    let usual = ReadBackPlan::default();
    Some(ReadBackPlan {
        find,
        holds,
        before: config.before,
        after: config.after,
        every: config.every.map_or(usual.every, |written| written.0),
        at_most: config.at_most.map_or(usual.at_most, |written| written.0),
    })
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
