//! The end of a run: what follows from the facts as a whole, the seal, the report.

use std::ops::Add;

use chrono::Utc;

use super::derived;
use super::event::Event;
use super::report::{self, RecordedVerdict, Report};
use super::run::Run;
use super::{RunRecord, Settled, SyncError, SyncSink};
use crate::source::Cost;

impl<S: SyncSink + 'static> Run<'_, S> {
    /// Settles and seals the run, and says what it did.
    pub(super) async fn finish(mut self) -> Result<(Report, S), SyncError> {
        self.note_missing_targets().await?;
        let (settled, run) = self
            .store
            .write(|sink| Ok((sink.settle()?, sink.run().clone())))
            .await?;
        let Settled {
            counts,
            by_type,
            audit,
            duplicate_grants,
            derived,
        } = settled;
        let findings = &mut self.checkpoint.findings;
        derived::note(&derived, findings);
        let mut odd = vec![("duplicate-id", duplicate_grants)];
        // Of a run that leaves something out, much is missing on purpose.
        if self.reach.is_full() {
            odd.extend([
                ("missing-principal", audit.missing_principals),
                ("missing-entitlement", audit.missing_entitlements),
                ("missing-parent", audit.missing_parents),
            ]);
        }
        for (code, finding) in odd {
            if finding.count > 0 {
                findings.add_many(code, false, finding.count, finding.examples);
            }
        }
        self.note_time();
        let ended_at = Utc::now();
        let listings = report::listings(&self.plan, &self.lanes, &self.checkpoint);
        let step_durations_ms = report::step_durations(&self.checkpoint);
        let record = RunRecord {
            verdict: RecordedVerdict::text(&self.checkpoint.findings, &listings),
            step_durations_ms: step_durations_ms.clone(),
        };
        self.store
            .write(move |sink| sink.seal(ended_at, &record))
            .await?;
        (self.watch)(Event::Sealed);
        let report = Report {
            connector: self.plan.app_name.clone(),
            sync_id: run.id.to_string(),
            kind: run.kind.as_str().to_owned(),
            verdict: self.checkpoint.findings.verdict(),
            resumed: self.resumed,
            started_at: run.started_at,
            ended_at,
            cost: listings
                .iter()
                .map(|listing| listing.tally.cost)
                .fold(Cost::default(), Add::add),
            pages: listings.iter().map(|listing| listing.tally.pages).sum(),
            resource_types: report::coverage(&self.plan, &self.reach, &listings, &by_type),
            counts,
            derived,
            step_durations_ms,
            findings: self.checkpoint.findings,
            listings,
        };
        Ok((report, self.store.into_sink()))
    }

    /// Notes what was looked for and not found.
    async fn note_missing_targets(&mut self) -> Result<(), SyncError> {
        for target in self.reach.targets() {
            let id = target.clone();
            let found = self.store.read(move |sink| sink.resource(&id)).await?;
            if found.is_none() {
                let message = format!("no resource `{target}` was listed");
                self.checkpoint
                    .findings
                    .add("missing-target", true, message);
            }
        }
        Ok(())
    }
}
