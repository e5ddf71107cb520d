//! A change as it is written → the queries or the requests that make it.
//!
//! A file whose sync works must sync: what keeps a change from working, and is found by the
//! connectors only when somebody asks for it, is a warning unless it is a mistake in a query or an
//! expression.

use std::num::NonZeroU32;
use std::time::Duration;

use super::connection::Connection;
use super::side::Side;
use super::statements::{Statements, missing};
use super::variables::ANSWER;
use crate::config::change::WaitConfig;
use crate::config::http::RequestConfig;
use crate::config::scalar::{DurationText, ExprText};
use crate::config::{Bare, CompileContext, Wanted};
use crate::diagnostic::{Diagnostic, Span, list, nearest};
use crate::expr::{Expression, Variables};
use crate::mapping::GrantMapping;
use crate::source::http::HttpChange;
use crate::source::sql::SqlStatement;

/// A change of the system.
#[derive(Debug)]
pub enum ChangePlan {
    /// By queries.
    Sql(Box<SqlChangePlan>),
    /// By requests.
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
    /// What changes the system.
    pub statements: Vec<SqlStatement>,
    /// How many rows each of them may change; `None`: 1.
    pub max_rows: Option<u32>,
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

/// A change by requests, in the order in which they are made. Never empty.
#[derive(Debug)]
pub struct HttpChangePlan {
    /// The requests.
    pub steps: Vec<HttpStepPlan>,
}

/// One request of a change.
#[derive(Debug)]
pub struct HttpStepPlan {
    /// Its name in the file; empty where there is one request only.
    pub name: String,
    /// The request.
    pub request: HttpChange,
    /// True of the answer when it worked; `None`: any status from 200 to 299.
    pub success: Option<Expression>,
    /// True of the answer when nothing was left to do.
    pub already: Option<Expression>,
    /// The job that is waited for.
    pub wait: Option<WaitPlan>,
}

/// A job that is waited for.
#[derive(Debug)]
pub struct WaitPlan {
    /// Looks at the job; knows the answer to the change as `response`.
    pub request: HttpChange,
    /// True of the answer when the job has come to its end.
    pub until: Expression,
    /// True of the answer to the change when there is a job; `None`: always.
    pub applies: Option<Expression>,
    /// The wait before each attempt.
    pub every: Duration,
    /// How long it is waited for.
    pub at_most: Duration,
}

/// The wait before a job is looked at.
const EVERY: Duration = Duration::from_secs(2);

/// How long a job is waited for.
const AT_MOST: Duration = Duration::from_secs(10 * 60);

impl ChangePlan {
    /// Whether making the change twice means the same as making it once. Statements say by the rows
    /// they change that nothing was left to do; requests say it by their methods.
    ///
    /// Source: RFC 9110, section 9.2.2.
    pub fn may_be_repeated(&self) -> bool {
        match self {
            ChangePlan::Sql(_) => true,
            ChangePlan::Http(change) => {
                let mut steps = change.steps.iter();
                steps.all(|step| step.request.is_idempotent())
            }
        }
    }

    /// Whether the change depends on a variable.
    pub(super) fn uses_value(&self, name: &str) -> bool {
        match self {
            ChangePlan::Sql(change) => change.statements.iter().any(|one| one.uses_value(name)),
            ChangePlan::Http(change) => change.steps.iter().any(|step| step.request.mentions(name)),
        }
    }
}

/// The queries of a side, and the rules they follow.
pub(super) fn queries(
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
    let scheme = connection.and_then(Connection::sql);
    let scheme = scheme.map_or("", |source| source.scheme());
    if let Some(signal) = side.signal.filter(|signal| signal.value) {
        idempotency(side, signal.span, scheme, statements.cx);
    }
    let usual = scheme == "db2" && side.no_transaction && !side.validations.is_empty();
    let signals = side.signal.map_or(usual, |signal| signal.value);
    let validations = statements.all(side.validations);
    let compiled = statements.all(side.queries.iter().copied())?;
    Some(SqlChangePlan {
        validations: validations?,
        validations_signal_idempotency: signals,
        statements: compiled,
        max_rows: side.max_affected_rows.map(NonZeroU32::get),
        in_transaction: !side.no_transaction,
        ..SqlChangePlan::default()
    })
}

/// Where the count of changed rows does not tell whether there was something to do, a validation
/// query can.
fn idempotency(side: &Side, span: Span, scheme: &str, cx: &mut CompileContext) {
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
    if matches!(scheme, "oracle" | "db2") && !side.no_transaction {
        let at = cx.at(span);
        let message = format!("`{FIELD}` needs `no_transaction: true` on this database");
        cx.note(
            Diagnostic::error("missing-field", at, message)
                .help("add `no_transaction: true` beside it"),
        );
    }
}

/// The requests of a side. `variables` are those of its templates.
pub(super) fn requests(
    side: &Side,
    variables: Variables,
    connection: Option<&Connection>,
    cx: &mut CompileContext,
) -> Option<HttpChangePlan> {
    if side.request.is_none() && side.requests.is_empty() {
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
    }
    if side.request.is_some()
        && let Some((key, _)) = side.requests.iter().next()
    {
        let at = cx.at(key.span);
        let message = format!("`{}` has both `request` and `requests`", side.path);
        cx.note(
            Diagnostic::error("conflicting-fields", at, message)
                .help("write all of them under `requests`, each with a name"),
        );
        return None;
    }
    let alone = side.request.map(|request| Step {
        name: "",
        request,
        success: side.success_condition,
        already: side.already_condition,
        wait: side.wait,
    });
    let named = side.requests.iter().map(|(key, config)| Step {
        name: &key.text,
        request: &config.request,
        success: config.success_condition.as_ref(),
        already: config.already_condition.as_ref(),
        wait: config.wait.as_deref(),
    });
    let variables = variables.and(match side.requests.is_empty() {
        true => &[],
        false => &[RESPONSES],
    });
    let mut earlier = Vec::new();
    let mut steps = Vec::new();
    for step in alone.into_iter().chain(named) {
        steps.push(step.compile(variables, &earlier, connection, cx));
        earlier.push(step.name);
    }
    let steps = steps.into_iter().collect::<Option<_>>()?;
    Some(HttpChangePlan { steps })
}

/// The variable that holds the answers of earlier requests of a sequence.
pub(crate) const RESPONSES: &str = "responses";

/// One request as it is written.
struct Step<'c> {
    name: &'c str,
    request: &'c RequestConfig,
    success: Option<&'c ExprText>,
    already: Option<&'c ExprText>,
    wait: Option<&'c WaitConfig>,
}

impl Step<'_> {
    fn compile(
        &self,
        variables: Variables,
        earlier: &[&str],
        connection: Option<&Connection>,
        cx: &mut CompileContext,
    ) -> Option<HttpStepPlan> {
        let known = variables.and(ANSWER);
        let success = condition("success_condition", self.success, known, cx);
        let already = condition("already_condition", self.already, known, cx);
        let wait = self
            .wait
            .map(|wait| waiting(wait, variables, earlier, connection, cx));
        let source = connection?.http()?;
        let request = source.change(self.request, variables, cx);
        if let Some(request) = &request {
            check_answers(request, self.request, earlier, cx);
        }
        Some(HttpStepPlan {
            name: self.name.to_owned(),
            request: request?,
            success: success?,
            already: already?,
            wait: match wait {
                Some(wait) => Some(wait?),
                None => None,
            },
        })
    }
}

/// Notes the answers that a request mentions and that nobody has when it is made.
fn check_answers(
    request: &HttpChange,
    config: &RequestConfig,
    earlier: &[&str],
    cx: &mut CompileContext,
) {
    for name in request.unknown_members(RESPONSES, earlier) {
        let at = cx.at(config.url.0.span);
        let message =
            format!("this request uses the answer to `{name}`, which is not made before it");
        let help = match (nearest(&name, earlier.iter().copied()), earlier) {
            (Some(close), _) => format!("did you mean `{close}`?"),
            (None, []) => "it is the first one: there is no answer yet".to_owned(),
            (None, known) => format!("those made before it are {}", list(known)),
        };
        cx.note(Diagnostic::error("unknown-member", at, message).help(help));
    }
}

fn waiting(
    config: &WaitConfig,
    variables: Variables,
    earlier: &[&str],
    connection: Option<&Connection>,
    cx: &mut CompileContext,
) -> Option<WaitPlan> {
    let known = variables.and(ANSWER);
    let until = condition("until", Some(&config.until), known, cx);
    let applies = condition("if", config.r#if.as_ref(), known, cx);
    let source = connection?.http()?;
    let request = source.reading(&config.request, known, cx);
    if let Some(request) = &request {
        check_answers(request, &config.request, earlier, cx);
    }
    let length = |written: Option<DurationText>, usual| written.map_or(usual, |length| length.0);
    Some(WaitPlan {
        request: request?,
        until: until??,
        applies: applies?,
        every: length(config.every, EVERY),
        at_most: length(config.at_most, AT_MOST),
    })
}

/// A condition on an answer: `None` inside when it is not written.
pub(super) fn condition(
    field: &str,
    written: Option<&ExprText>,
    variables: Variables,
    cx: &mut CompileContext,
) -> Option<Option<Expression>> {
    let Some(condition) = written else {
        return Some(None);
    };
    let text = &condition.0;
    if !text.text.starts_with("cel:") && !text.text.starts_with("tmpl:") && !text.text.is_empty() {
        let at = cx.at(text.span);
        let message = format!("`{field}` is literal text, not a condition");
        let help = "an expression begins with `cel:`: write `cel:` before it";
        cx.note(Diagnostic::error("literal-program", at, message).help(help));
        return None;
    }
    cx.expression_for(Wanted::Truth, condition, Bare::Literal, variables)
        .map(Some)
}
