//! One listing, run by the engine of syncs into a work file that nobody keeps.

use std::sync::Arc;

use chrono::Utc;
use tokio_util::sync::CancellationToken;

use super::look::Look;
use super::seen::ListingSeen;
use super::trace::Trace;
use super::wanted::Wanted;
use crate::c1z::{Begin, C1zError, WorkFile};
use crate::config::tolerance::ToleranceAction;
use crate::plan::{Plan, Tolerance};
use crate::source::{Cost, Meter};
use crate::sync::{self, Concurrency, Options, SyncError};

/// What was seen.
#[derive(Debug)]
pub struct Preview {
    /// The listings that were begun, in their order.
    pub listings: Vec<ListingSeen>,
    /// What a sync would have given up for.
    pub failure: Option<SyncError>,
    /// Whether a sync stops at the first record that cannot be mapped.
    pub stops_at_records: bool,
    /// What was asked of the system.
    pub cost: Cost,
}

/// Why nothing can be seen at all.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The file does not have what is asked for.
    #[error("{0}")]
    Wanted(String),
    /// There is no room for what was found.
    #[error("there is no place for what is found until it is shown")]
    Room(#[source] std::io::Error),
    /// The work file cannot be made.
    #[error(transparent)]
    Work(#[from] C1zError),
}

/// Runs a listing, and what it needs: the resources that it runs for, and those that these live in.
/// Nothing stays. Connects when the first page is asked for; who is done with the system closes it.
pub async fn preview(
    plan: Plan,
    wanted: &Wanted,
    cancel: CancellationToken,
) -> Result<Preview, PreviewError> {
    let stops_at_records = plan.tolerance.records == ToleranceAction::Fail;
    let traces = wanted.only.is_some();
    let preview = run(&prepared(plan, traces), wanted, cancel).await?;
    Ok(Preview {
        stops_at_records,
        ..preview
    })
}

/// A plan that tells what it does, expressions too when it `traces`, and goes on where a sync may
/// stop.
pub(super) fn prepared(mut plan: Plan, traces: bool) -> Prepared {
    let trace = traces.then(|| Arc::new(Trace::default()));
    if let Some(trace) = &trace {
        plan.inputs = plan.inputs.watched(trace.clone());
    }
    // Whoever writes a mapping wants to see every record that it does not fit.
    plan.tolerance = Tolerance {
        records: ToleranceAction::Warn,
        warnings: u64::MAX,
        ..plan.tolerance
    };
    plan.source.tell();
    Prepared {
        plan: Arc::new(plan),
        trace,
    }
}

/// Runs a listing of a plan that is prepared for it.
pub(super) async fn run(
    prepared: &Prepared,
    wanted: &Wanted,
    cancel: CancellationToken,
) -> Result<Preview, PreviewError> {
    let plan = &prepared.plan;
    wanted.of(plan)?;
    let scope = wanted.scope();
    let folder = tempfile::tempdir().map_err(PreviewError::Room)?;
    let begin = Begin {
        kind: scope.kind(),
        fingerprint: &sync::fingerprint(plan, &scope),
        now: Utc::now(),
        fresh: true,
    };
    let (work, _) = WorkFile::open(&folder.path().join("preview.c1z"), &begin)?;
    let look = Arc::new(Look::new(wanted.clone(), prepared.trace.clone()));
    let meter = Meter::new();
    let options = Options {
        scope,
        // One after the other: what was asked can be told in its order.
        concurrency: Concurrency::of(1),
        meter: meter.clone(),
        cancel,
        watcher: Some(look.clone()),
    };
    let ran = sync::run(plan.clone(), work, options, &|_| {}).await;
    Ok(Preview {
        listings: look.take(),
        failure: ran.err(),
        stops_at_records: false,
        cost: meter.cost(),
    })
}

/// A plan that is ready to be looked at.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Hears of its expressions.
    trace: Option<Arc<Trace>>,
}
