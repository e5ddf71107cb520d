//! A change by queries: one transaction, unless the file says otherwise.
//!
//! The parts run in the order that the connectors have: `reject_if`, `grant_replace`,
//! `validation_queries`, `queries`, the commit, `principal_exists_check`. Whatever fails before the
//! commit leaves nothing behind; so what failed for a reason that may pass, such as a deadlock, is
//! made once more from the beginning. What was committed is never made again.

mod attempt;
mod ending;
mod ledger;
mod outline;
mod replace;
mod words;

use std::time::Duration;

use self::attempt::Attempt;
use self::ending::Attempted;
use self::ledger::Ledger;
use self::outline::EXISTS;
use self::words::Words;
use super::outcome::{Annotation, StepState};
use super::planned::PlannedStep;
use super::prepared::Prepared;
use super::steps::{End, Stepped};
use crate::expr::{Inputs, Value};
use crate::plan::SqlChangePlan;
use crate::source::sql::Session;
use crate::source::{Backoff, SourceError};

/// How often a transaction is tried.
const PATIENCE: Backoff = Backoff {
    attempts: 4,
    initial: Duration::from_millis(200),
    longest: Duration::from_secs(2),
};

/// What the queries would send.
pub(super) fn plan(
    change: &SqlChangePlan,
    prepared: &Prepared<'_>,
) -> Result<Vec<PlannedStep>, SourceError> {
    let lines = outline::of(change, prepared)?;
    Ok(lines.into_iter().map(|line| line.planned).collect())
}

/// Runs the queries.
pub(super) async fn run(change: &SqlChangePlan, prepared: &Prepared<'_>) -> Stepped {
    let words = Words::of(prepared);
    let outline = match outline::of(change, prepared) {
        Ok(outline) => outline,
        Err(error) => return Stepped::nothing(End::Failed(words.of_error(&error))),
    };
    let mut failed = 0;
    let mut stepped = loop {
        let ledger = Ledger::of(&outline);
        let (stepped, error) = match attempt(change, prepared, &words, ledger).await {
            Attempted::Ended(stepped) => break stepped,
            Attempted::Undone(stepped, error) => (stepped, error),
        };
        failed += 1;
        let Some(wait) = PATIENCE.wait(failed) else {
            break stepped;
        };
        tracing::warn!(
            failed,
            wait_ms = wait.as_millis() as u64,
            error,
            "a transaction failed, left nothing behind and is tried again"
        );
        tokio::time::sleep(wait).await;
    };
    if matches!(stepped.end, End::Made | End::AlreadySo) {
        look_for_principal(change, prepared, &words, &mut stepped).await;
    }
    stepped
}

/// Makes the change on a connection of its own.
async fn attempt(
    change: &SqlChangePlan,
    prepared: &Prepared<'_>,
    words: &Words,
    ledger: Ledger,
) -> Attempted {
    let session = match connect(change, prepared).await {
        Ok(session) => session,
        Err(error) => {
            let reason = words.of_error(&error);
            let stepped = Stepped {
                steps: ledger.into_reports(),
                ..Stepped::nothing(End::Failed(reason.clone()))
            };
            return match error.is_transient() {
                true => Attempted::Undone(stepped, reason),
                false => Attempted::Ended(stepped),
            };
        }
    };
    let mut attempt = Attempt {
        change,
        prepared,
        words,
        session,
        is_open: change.in_transaction,
        ledger,
        brought: Inputs::new(),
        annotations: Vec::new(),
    };
    let ran = attempt.run().await;
    attempt.ended(ran).await
}

/// A connection to the database that the change is for, with a transaction where there is to be one.
async fn connect<'c>(
    change: &'c SqlChangePlan,
    prepared: &Prepared<'_>,
) -> Result<Box<dyn Session + 'c>, SourceError> {
    let first = change.statements.first();
    let first = first.expect("a change without statements has no outline");
    let named = first.database(&prepared.inputs)?;
    let database = first.source().database(named.as_deref()).await?;
    database.session(change.in_transaction).await
}

/// Asks whether the principal itself went with what it lost. That this fails changes nothing.
async fn look_for_principal(
    change: &SqlChangePlan,
    prepared: &Prepared<'_>,
    words: &Words,
    stepped: &mut Stepped,
) {
    let Some(query) = &change.principal_exists else {
        return;
    };
    let found = query.rows(&prepared.inputs).await;
    let report = stepped.steps.iter_mut();
    if let Some(report) = report.into_iter().find(|report| report.step == EXISTS) {
        report.state = match &found {
            Ok(_) => StepState::Done,
            Err(_) => StepState::Failed,
        };
    }
    match found {
        Ok(rows) if rows.is_empty() => {
            let principal = prepared.inputs.get("principal");
            let resource = format!("{}/{}", member(principal, "Type"), member(principal, "ID"));
            let gone = Annotation::ResourceDeleted { resource };
            stepped.annotations.push(gone);
        }
        Ok(_) => {}
        Err(error) => {
            let error = words.of_error(&error);
            tracing::warn!(
                error,
                "whether the principal is still there cannot be found out"
            );
        }
    }
}

/// A member of `principal`, `resource` or `entitlement` that is always there.
fn member<'v>(of: Option<&'v Value>, name: &str) -> &'v str {
    match of.and_then(|value| value.get(name)) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}
