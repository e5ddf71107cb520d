//! A change by queries: one transaction, unless the file says otherwise.

use super::planned::PlannedStep;
use super::prepared::Prepared;
use super::steps::Stepped;
use crate::plan::SqlChangePlan;
use crate::source::SourceError;

/// What the queries would send.
pub(super) fn plan(
    _change: &SqlChangePlan,
    _prepared: &Prepared<'_>,
) -> Result<Vec<PlannedStep>, SourceError> {
    todo!("helper A")
}

/// Runs the queries.
pub(super) async fn run(_change: &SqlChangePlan, _prepared: &Prepared<'_>) -> Stepped {
    todo!("helper A")
}
