//! A change by requests, one after the other.

use super::planned::PlannedStep;
use super::prepared::Prepared;
use super::steps::Stepped;
use crate::plan::HttpChangePlan;
use crate::source::SourceError;

/// What the requests would send.
pub(super) async fn plan(
    _change: &HttpChangePlan,
    _prepared: &Prepared<'_>,
) -> Result<Vec<PlannedStep>, SourceError> {
    todo!("helper B")
}

/// Makes the requests.
pub(super) async fn run(_change: &HttpChangePlan, _prepared: &Prepared<'_>) -> Stepped {
    todo!("helper B")
}
