//! The system is synced, and the sync file goes to the platform.
//!
//! Until the platform has it, what was found is kept under the id of the task. A task that is handed
//! out again, because this process died or the upload did, goes on where it was.

use std::path::Path;

use chrono::Utc;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::failure::in_one_line;
use super::kept::Kept;
use super::sync_failure::{blocking, nothing_found, of_file, of_sync, partial};
use super::sync_scope::{scope, skips};
use super::{Connector, Deliver, PartialSyncs};
use crate::c1z::{self, Begin, C1zError, Compression, Derive, Opened, WorkFile};
use crate::daemon::{Answer, Failure};
use crate::proto::connectorapi::baton::v1::task::SyncFullTask;
use crate::sync::{self, Event, Options, Report, Scope};

/// Syncs, and delivers the file.
pub(super) async fn sync(
    connector: &Connector,
    task_id: &str,
    task: &SyncFullTask,
    to: &dyn Deliver,
    cancel: &CancellationToken,
) -> Result<Answer, Failure> {
    let scope = scope(connector, task)?;
    let derive = Derive {
        external: None,
        expand: !task.skip_expand_grants,
    };
    skips(task);
    let kept = Kept::of(&connector.syncs.directory, task_id)?;
    if kept.has_file() {
        tracing::info!("the sync file of this task is there already: it is only uploaded");
    } else {
        make(connector, &kept, scope, derive, cancel).await?;
    }
    let output = kept.output();
    tokio::select! {
        delivered = to.deliver(task_id, &output) => delivered?,
        () = cancel.cancelled() => return Err(cancelled("the upload was broken off")),
    }
    kept.remove();
    Ok(Answer::done())
}

/// Makes the sync file.
async fn make(
    connector: &Connector,
    kept: &Kept,
    scope: Scope,
    derive: Derive,
    cancel: &CancellationToken,
) -> Result<(), Failure> {
    let connected = sync::connect(&connector.plan).await;
    connected.map_err(|error| of_sync(&error))?;
    let work = open(connector, kept, &scope).await?.deriving(derive);
    let targets = scope.resources.len();
    let options = Options {
        scope,
        concurrency: connector.syncs.concurrency.clone(),
        meter: connector.meter.clone(),
        cancel: cancel.clone(),
    };
    let ran = sync::run(connector.plan.clone(), work, options, &watch).await;
    let (report, work) = ran.map_err(|error| {
        if error.gives_up_what_was_found() {
            kept.remove();
        }
        of_sync(&error)
    })?;
    tell(&report);
    let fails = connector.syncs.partial == PartialSyncs::Fail;
    let lacking = nothing_found(&report, targets).or_else(|| partial(&report).filter(|_| fails));
    if let Some(failure) = lacking {
        drop(work);
        // The next attempt looks anew for what is missing.
        kept.remove();
        return Err(failure);
    }
    if cancel.is_cancelled() {
        return Err(cancelled("the sync is done, and was not uploaded"));
    }
    let output = kept.output();
    let packed = blocking(move || c1z::pack(work, &output, Compression::Zstd)).await?;
    packed.map_err(|error| of_file(&error))
}

/// Opens the work file of the task: that of an earlier delivery, where there is one that is sound.
async fn open(connector: &Connector, kept: &Kept, scope: &Scope) -> Result<WorkFile, Failure> {
    let fingerprint = sync::fingerprint(&connector.plan, scope);
    let (output, kind) = (kept.output(), scope.kind());
    let open = move |output: &Path| {
        let begin = Begin {
            kind: kind.clone(),
            fingerprint: &fingerprint,
            now: Utc::now(),
            fresh: false,
        };
        WorkFile::open(output, &begin)
    };
    let kept = kept.clone();
    let opened = blocking(move || match open(&output) {
        Err(error @ (C1zError::DamagedWorkFile { .. } | C1zError::ForeignWorkFile { .. })) => {
            tracing::warn!(reason = in_one_line(&error), "the sync begins anew");
            kept.remove();
            open(&output)
        }
        opened => opened,
    });
    let (work, opened) = opened.await?.map_err(|error| of_file(&error))?;
    match opened {
        Opened::Resumed => {
            tracing::info!("the sync goes on where an earlier delivery of the task ended")
        }
        Opened::New => {}
        given_up => tracing::info!(why = ?given_up, "the sync begins anew"),
    }
    Ok(work)
}

fn watch(event: Event) {
    if let Event::Phase { phase, number, of } = event {
        tracing::info!(
            phase = phase.as_str(),
            number,
            of,
            "the sync is in another phase"
        );
    }
}

fn tell(report: &Report) {
    let counts = &report.counts;
    tracing::info!(
        sync_id = %report.sync_id,
        kind = %report.kind,
        verdict = ?report.verdict,
        resources = counts.resources,
        entitlements = counts.entitlements,
        grants = counts.grants,
        "the sync is done"
    );
}

/// The task is handed back.
fn cancelled(message: &str) -> Failure {
    Failure::retryable(Code::Cancelled, format!("cancelled: {message}"))
}
