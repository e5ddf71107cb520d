//! What went wrong so far, against what the connector file lets a sync go on with.

use super::checkpoint::Checkpoint;
use super::run::Run;
use super::{SyncError, SyncSink};

impl<S: SyncSink + 'static> Run<'_, S> {
    /// Gives up on a listing of which nothing could be mapped.
    pub(super) fn check_mapped(&self, lane: usize) -> Result<(), SyncError> {
        let tally = self.checkpoint.tallies.get(&lane);
        let Some(tally) = tally.filter(|tally| tally.partial && tally.records > 0) else {
            return Ok(());
        };
        if tally.failed_records < tally.records {
            return Ok(());
        }
        Err(SyncError::NothingMapped {
            listing: self.lanes[lane].step.describe(&self.plan),
            records: tally.records,
            first: self.first("record-failed"),
        })
    }

    fn first(&self, code: &str) -> String {
        let mut findings = self.checkpoint.findings.iter();
        let found = findings.find(|(found, _)| *found == code);
        found
            .and_then(|(_, finding)| finding.examples.first().cloned())
            .unwrap_or_default()
    }

    /// Gives up when more went wrong than is tolerated.
    pub(super) fn check_tolerance(&self) -> Result<(), SyncError> {
        let Checkpoint {
            tallies, findings, ..
        } = &self.checkpoint;
        let sum = |of: fn(&super::Tally) -> u64| tallies.values().map(of).sum::<u64>();
        let counted = [
            (
                "records cannot be mapped",
                "record-failed",
                sum(|tally| tally.failed_records),
                sum(|tally| tally.records),
            ),
            (
                "listings for a resource were answered with `not found`",
                "not-found",
                sum(|tally| tally.not_found),
                sum(|tally| tally.listings),
            ),
        ];
        let tolerance = self.plan.tolerance;
        for (what, code, warnings, all) in counted {
            let found = findings.iter().find(|(found, _)| *found == code);
            if found.is_some_and(|(_, finding)| finding.partial)
                && tolerance.is_exceeded(warnings, all)
            {
                return Err(SyncError::TooManyWarnings {
                    what,
                    warnings,
                    all,
                    most: tolerance.warnings,
                    percent: tolerance.percent,
                    first: self.first(code),
                });
            }
        }
        Ok(())
    }
}
