//! The parts of a change in the order in which they run, as people see them.

use super::super::planned::{PlannedStep, Sent};
use super::super::prepared::{NoRows, Prepared};
use super::words::Words;
use crate::plan::SqlChangePlan;
use crate::source::SourceError;
use crate::source::sql::{SqlStatement, StatementView, Verb};

/// The name of the step that makes what was done.
pub(super) const COMMIT: &str = "commit";

/// The name of the step that looks for the principal afterwards.
pub(super) const EXISTS: &str = "principal_exists_check";

/// One part.
pub(super) struct Line {
    /// As it is planned.
    pub planned: PlannedStep,
    /// Whether it is there to change something.
    pub changes: bool,
}

/// The parts of a change. What a replaced grant takes to be revoked is known when it is found.
pub(super) fn of(
    change: &SqlChangePlan,
    prepared: &Prepared<'_>,
) -> Result<Vec<Line>, SourceError> {
    if change.statements.is_empty() {
        return Err(SourceError::Invalid(
            "the connector file has no `queries` for it".to_owned(),
        ));
    }
    let words = Words::of(prepared);
    let mut lines = Vec::new();
    let mut line = |step: String, statement: &SqlStatement, expects: String, changes| {
        let view = words.view(statement.view(&prepared.inputs)?);
        let sent = Sent::Statement(view);
        lines.push(Line {
            planned: PlannedStep {
                step,
                sent,
                expects,
            },
            changes,
        });
        Ok::<(), SourceError>(())
    };
    if let Some(rejection) = &change.rejection {
        let expects = "no row; a row refuses the change".to_owned();
        line("reject_if".to_owned(), &rejection.query, expects, false)?;
    }
    if let Some(replacement) = &change.replacement {
        let expects = "at most one grant, which is revoked first".to_owned();
        line(
            "grant_replace".to_owned(),
            &replacement.query,
            expects,
            false,
        )?;
    }
    for (index, query) in change.validations.iter().enumerate() {
        let expects = match change.validations_signal_idempotency {
            true => "a row; without one there is nothing left to do",
            false => "a row; without one nothing is changed",
        };
        line(validation(index), query, expects.to_owned(), false)?;
    }
    for (index, statement) in change.statements.iter().enumerate() {
        let expects = expected(statement, change, prepared)?;
        line(query(index), statement, expects, true)?;
    }
    if change.in_transaction {
        let sent = Sent::Statement(StatementView {
            database: None,
            sql: "COMMIT".to_owned(),
            values: Vec::new(),
        });
        lines.push(Line {
            planned: PlannedStep {
                step: COMMIT.to_owned(),
                sent,
                expects: "all of the above is kept together, or nothing of it".to_owned(),
            },
            changes: false,
        });
    }
    if let Some(query) = &change.principal_exists {
        let expects = "a row while the principal is still there".to_owned();
        let step = EXISTS.to_owned();
        let view = words.view(query.view(&prepared.inputs)?);
        lines.push(Line {
            planned: PlannedStep {
                step,
                sent: Sent::Statement(view),
                expects,
            },
            changes: false,
        });
    }
    Ok(lines)
}

/// The name of a validation query.
pub(super) fn validation(index: usize) -> String {
    format!("validation_queries[{index}]")
}

/// The name of a query.
pub(super) fn query(index: usize) -> String {
    format!("queries[{index}]")
}

fn expected(
    statement: &SqlStatement,
    change: &SqlChangePlan,
    prepared: &Prepared<'_>,
) -> Result<String, SourceError> {
    if statement.verb(&prepared.inputs)? != Verb::Changes {
        return Ok("that it works; its rows are not counted".to_owned());
    }
    let none = match (change.statements.len(), prepared.deed.no_rows()) {
        (_, NoRows::Made) => "",
        (1, NoRows::AlreadySo) => "; none: there was nothing left to do",
        (_, NoRows::AlreadySo) => "; none from all of them: there was nothing left to do",
        (1, NoRows::Wrong) => "; none is a failure",
        (_, NoRows::Wrong) => "; none from all of them is a failure",
    };
    Ok(match change.max_rows.unwrap_or(1) {
        1 => format!("at most 1 row changed{none}"),
        most => format!("at most {most} rows changed{none}"),
    })
}
