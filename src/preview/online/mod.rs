//! A plan and its system → what is wrong with the file that only the system can tell. Nothing is
//! changed: statements that change something are looked at by the database, and not run.

mod answers;
mod expression;
mod statements;

use tokio_util::sync::CancellationToken;

use super::PreviewError;
use super::run::prepared;
use crate::causes::in_one_line;
use crate::diagnostic::{self, Diagnostic};
use crate::plan::Plan;
use crate::source::SourceError;

/// What the system says of a file.
#[derive(Debug, Default)]
pub struct Online {
    /// What is wrong, sorted.
    pub found: Vec<Diagnostic>,
    /// How many statements the database has looked at.
    pub statements: usize,
    /// How many listings were called.
    pub listings: usize,
    /// What could not be looked at, and why.
    pub unchecked: Vec<(String, String)>,
}

/// Asks the system about everything in the file that can be asked about. Whoever is done with the
/// system closes it.
pub async fn check(plan: Plan, cancel: CancellationToken) -> Result<Online, PreviewError> {
    let mut online = Online::default();
    if let Err(error) = plan.source.check().await {
        online.found.push(unreached(&error));
        return Ok(online);
    }
    let prepared = prepared(plan, true);
    statements::check(&prepared.plan, &mut online).await;
    // A query that the database does not understand is not asked.
    let refused = online.found.iter().filter_map(|found| found.at.clone());
    let refused = refused.collect::<Vec<_>>();
    answers::check(&prepared, &refused, cancel, &mut online).await?;
    diagnostic::sort(&mut online.found);
    Ok(online)
}

/// The system cannot be reached, or does not let us in: nothing else can be said then.
fn unreached(error: &SourceError) -> Diagnostic {
    let said = in_one_line(error);
    match error {
        SourceError::Refused { .. } => Diagnostic::unplaced("credentials-refused", said)
            .help("set the variables of `connect` to a user that may log in, and its password"),
        _ => Diagnostic::unplaced("not-reached", said)
            .help("correct `connect`, or see that the system answers from this machine"),
    }
}
