//! A connector file and what is wanted of it → what was seen.

use std::path::PathBuf;

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::cli::connector_file::plan_of;
use crate::cli::tape::Tape;
use crate::cli::{Outcome, report, signals, stderr};
use crate::plan::Purpose;
use crate::preview::{Hide, Preview, PreviewError, Secrets, Wanted, preview};

/// The file, and where its answers come from.
#[derive(Debug, Args)]
pub(in crate::cli) struct RunArgs {
    /// The connector file.
    pub file: PathBuf,
    /// Keep every request to the API and its answer, without credentials, in this folder.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Take every answer from a recording. Nothing is sent.
    #[arg(long, value_name = "DIR", conflicts_with = "record")]
    replay: Option<PathBuf>,
}

/// What was seen, and what of it is not shown.
pub(in crate::cli) struct Looked {
    pub preview: Preview,
    pub hide: Hide,
}

impl Looked {
    /// How the command ends: with a failure of the system, or with records that cannot be mapped.
    pub fn end(&self) -> Outcome {
        if let Some(error) = &self.preview.failure
            && !error.gives_up_what_was_found()
        {
            return Outcome::of_failure(error);
        }
        let pages = self.preview.listings.iter().flat_map(|it| &it.pages);
        let mut records = pages.flat_map(|page| &page.records);
        match records.any(|record| !record.failures.is_empty()) {
            true => Outcome::Partial,
            false => Outcome::Done,
        }
    }
}

/// Runs a listing. `Err` with the end of the command where nothing could be looked at, which was told.
pub(in crate::cli) fn look(
    args: &RunArgs,
    wanted: &Wanted,
) -> anyhow::Result<Result<Looked, Outcome>> {
    let wrong = |error: anyhow::Error| {
        eprintln!("{}", report::failure(&error));
        Ok(Err(Outcome::Wrong))
    };
    let tape = match Tape::of(args.record.as_deref(), args.replay.as_deref()) {
        Ok(tape) => tape,
        Err(error) => return wrong(error),
    };
    let secrets = Secrets::default();
    let environment = tape.environment();
    let environment = secrets.environment(&*environment);
    let Some(plan) = plan_of(&args.file, &environment, false, Purpose::Sync)? else {
        return Ok(Err(Outcome::Wrong));
    };
    if let Err(error) = tape.insert(&plan, &args.file) {
        return wrong(error);
    }
    let hide = secrets.of(&plan);
    let source = plan.source.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let cancel = CancellationToken::new();
    let seen = runtime.block_on(async {
        let signals = tokio::spawn(signals::stop(cancel.clone(), || {
            stderr::say("stopping after the page under way; once more to stop at once");
        }));
        let seen = preview(plan, wanted, cancel).await;
        source.close().await;
        signals.abort();
        seen
    });
    if args.record.is_some() {
        tape.tell();
    }
    match seen {
        Ok(preview) => Ok(Ok(Looked { preview, hide })),
        Err(error @ PreviewError::Wanted(_)) => wrong(error.into()),
        Err(error) => Err(error.into()),
    }
}
