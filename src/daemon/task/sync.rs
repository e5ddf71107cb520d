//! The system is synced, and the sync file goes to the platform.
//!
//! Until the platform has it, what was found is kept under the id of the task. A task that is handed
//! out again, because this process died or the upload did, goes on where it was.

use std::path::Path;

use chrono::Utc;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::kept::Kept;
use super::sync_failure::{blocking, nothing_found, of_file, of_sync, partial};
use super::sync_scope::{scope, skips};
use super::{Connector, Deliver, PartialSyncs};
use crate::c1z::{self, Begin, C1zError, Compression, Derive, Opened, WorkFile};
use crate::causes::in_one_line;
use crate::daemon::{Answer, Failure, Parcel};
use crate::proto::connectorapi::baton::v1::Task;
use crate::proto::connectorapi::baton::v1::task::SyncFullTask;
use crate::sync::{self, Event, Options, Report, Scope};

/// Syncs, and delivers the file. A task whose platform wants to know more of it gets the report of the
/// sync, too.
pub(super) async fn sync(
    connector: &Connector,
    task: &Task,
    what: &SyncFullTask,
    to: &dyn Deliver,
    cancel: &CancellationToken,
) -> Result<Answer, Failure> {
    let scope = scope(connector, what)?;
    skips(what);
    let kept = Kept::of(&connector.syncs.directory, &task.id)?;
    if kept.has_file() {
        tracing::info!("the sync file of this task is there already: it is only uploaded");
        let parcel = kept.parcel()?;
        until(cancel, to.deliver(&task.id, &parcel)).await?;
    } else {
        let derive = Derive {
            external: None,
            expand: !what.skip_expand_grants,
        };
        let (report, work) = run(connector, &kept, scope, derive, cancel).await?;
        if task.debug {
            kept.write_log(&report);
        }
        until(cancel, pack_and_deliver(work, &kept, &task.id, to)).await?;
    }
    if let Some(log) = kept.log_parcel()
        && let Err(failure) = until(cancel, to.deliver(&task.id, &log)).await
    {
        tracing::warn!(reason = %failure.message, "the report of the sync is not uploaded");
    }
    kept.remove();
    Ok(Answer::done())
}

/// Syncs, or goes on with what is kept of an earlier delivery.
async fn run(
    connector: &Connector,
    kept: &Kept,
    scope: Scope,
    derive: Derive,
    cancel: &CancellationToken,
) -> Result<(Report, WorkFile), Failure> {
    let connected = sync::connect(&connector.plan).await;
    connected.map_err(|error| of_sync(&error))?;
    let work = open(connector, kept, &scope).await?.deriving(derive);
    let targets = scope.resources.len();
    let options = Options {
        scope,
        concurrency: connector.syncs.concurrency.clone(),
        meter: connector.meter.clone(),
        cancel: cancel.clone(),
        watcher: None,
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
    Ok((report, work))
}

/// Packs the sync file, and delivers it while it is being written. Where the delivery fails, the file
/// is still there in the end.
async fn pack_and_deliver(
    work: WorkFile,
    kept: &Kept,
    task_id: &str,
    to: &dyn Deliver,
) -> Result<(), Failure> {
    let (growth, growing) = c1z::growth();
    let output = kept.output();
    let packing = blocking(move || c1z::pack_and_tell(work, &output, Compression::Zstd, growth));
    let parcel = Parcel::from(growing);
    let (packed, delivered) = tokio::join!(packing, to.deliver(task_id, &parcel));
    packed?.map_err(|error| of_file(&error))?;
    delivered
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
            tracing::info!("the sync goes on where an earlier delivery of the task ended");
        }
        Opened::New => {}
        given_up => tracing::info!(why = ?given_up, "the sync begins anew"),
    }
    Ok(work)
}

/// Waits for something, unless the task is cancelled before.
async fn until<T>(
    cancel: &CancellationToken,
    what: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        done = what => done,
        // The task is handed back.
        () = cancel.cancelled() => Err(Failure::retryable(
            Code::Cancelled,
            "cancelled: the sync is done, and its file was not uploaded",
        )),
    }
}

fn watch(event: Event) {
    if let Event::Phase { phase, number, of } = event {
        let phase = phase.as_str();
        tracing::info!(phase, number, of, "the sync is in another phase");
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
