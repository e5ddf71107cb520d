//! `rolecall sync FILE`: one full sync into a c1z file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use tokio_util::sync::CancellationToken;

use super::connector_file::plan_of;
use super::external::ExternalArgs;
use super::scope::{self, ScopeArgs};
use super::tape::Tape;
use super::watch::{Watch, WatchArgs};
use super::{Outcome, report, report_file, signals, stderr};
use crate::c1z::{self, Begin, Compression, Derive, External, Opened, WorkFile};
use crate::plan::{Plan, Purpose};
use crate::sync::{self, Concurrency, Options, Report, SyncError, Verdict};

/// What to sync, and where to.
#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// The connector file.
    file: PathBuf,
    /// The sync file to write. It is replaced when the sync is done, not before.
    #[arg(
        short = 'f',
        long = "file",
        value_name = "OUT.c1z",
        default_value = "sync.c1z"
    )]
    output: PathBuf,
    /// How the sync file is packed.
    #[arg(long, value_enum, default_value_t = Packing::Zstd)]
    compression: Packing,
    /// How many finished full syncs the sync file holds at most, this one included. Targeted syncs
    /// since the oldest of them stay too.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    /// Listings side by side.
    ///
    /// One number for every phase, or `4,grants=16` with numbers for `resources`, `entitlements` and
    /// `grants`.
    #[arg(long, value_name = "N", default_value = "4", value_parser = scope::concurrency)]
    concurrency: Concurrency,
    #[command(flatten)]
    scope: ScopeArgs,
    /// Begin anew even where an interrupted run could go on.
    #[arg(long)]
    fresh: bool,
    /// Keep every request to the API and its answer, without credentials, in this folder. Begins
    /// anew, as with `--fresh`.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Take every answer from a recording. Nothing is sent, and variables that are not set do not
    /// matter. Begins anew, as with `--fresh`.
    #[arg(long, value_name = "DIR", conflicts_with = "record")]
    replay: Option<PathBuf>,
    /// Write what the sync did to this file, as JSON: verdicts, numbers, what was odd. Written when the
    /// sync fails as well.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Leave grants that bring others as they are, for whoever reads the file to follow.
    #[arg(long)]
    skip_expansion: bool,
    #[command(flatten)]
    external: ExternalArgs,
    /// Take warnings of the file for errors.
    #[arg(long)]
    strict: bool,
    /// How to print the summary.
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    format: SummaryFormat,
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Packing {
    /// The form that Baton tools read.
    Zstd,
    /// A plain gzip stream of the same database, for `gunzip`; Baton tools refuse it.
    Gzip,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum SummaryFormat {
    /// For people.
    Text,
    /// One JSON object, for tools.
    Json,
}

/// Runs the sync.
pub(crate) fn run(args: &SyncArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let tape = match Tape::of(args.record.as_deref(), args.replay.as_deref()) {
        Ok(tape) => tape,
        Err(error) => {
            return Ok(wrong(error));
        }
    };
    let environment = tape.environment();
    let plan = plan_of(&args.file, &*environment, args.strict, Purpose::Sync)?;
    let Some(plan) = plan else {
        return Ok(Outcome::Wrong);
    };
    if let Err(error) = c1z::check_output(&args.output) {
        let wrong = error.is_about_the_name();
        eprintln!("{}", report::failure(&error.into()));
        return Ok(if wrong {
            Outcome::Wrong
        } else {
            Outcome::Failed
        });
    }
    let external = match args.external.open(&args.output) {
        Ok(external) => external,
        Err(error) => {
            return Ok(wrong(error));
        }
    };
    if let Err(error) = tape.insert(&plan, &args.file) {
        return Ok(wrong(error));
    }
    if let Err(error) = args.scope.scope().check(&plan) {
        return Ok(wrong(error.into()));
    }
    if let Some(http) = plan.source.http() {
        http.side_by_side(u32::try_from(args.concurrency.most()).unwrap_or(u32::MAX));
    }
    let connector = plan.app_name.clone();
    let ran = sync(args, &tape, plan, external, out);
    let GaveUp { error, advice } = match ran {
        Ok(outcome) => {
            tape.tell();
            return Ok(outcome);
        }
        Err(gave_up) => gave_up,
    };
    if let Some(path) = &args.report
        && let Err(unwritten) = report_file::failed(path, &connector, &error)
    {
        eprintln!("{}", report::failure(&unwritten));
    }
    eprintln!("{}", report::failure(&error));
    if let Some(advice) = advice {
        eprintln!("{advice}");
    }
    tape.tell();
    Ok(Outcome::of_failure(error.as_ref()))
}

/// Tells what is wrong with what was asked for.
fn wrong(error: anyhow::Error) -> Outcome {
    eprintln!("{}", report::failure(&error));
    Outcome::Wrong
}

/// A sync that failed, and what to do about it.
struct GaveUp {
    error: anyhow::Error,
    advice: Option<String>,
}

impl<E: Into<anyhow::Error>> From<E> for GaveUp {
    fn from(error: E) -> Self {
        let (error, advice) = (error.into(), None);
        Self { error, advice }
    }
}

fn sync(
    args: &SyncArgs,
    tape: &Tape,
    plan: Plan,
    external: Option<External>,
    out: &mut dyn Write,
) -> Result<Outcome, GaveUp> {
    let output = c1z::resolve_output(&args.output);
    let scope = args.scope.scope();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let watch = Watch::start(&args.watch, &plan.app_name, &output);
    c1z::check_kept(&output, &scope.kind(), args.keep)?;
    runtime.block_on(watch.part("connect", sync::connect(&plan)))?;
    let begin = Begin {
        kind: scope.kind(),
        fingerprint: &format!("{}{}", sync::fingerprint(&plan, &scope), tape.mark()),
        now: chrono::Utc::now(),
        // Half a run would make half a recording.
        fresh: args.fresh || tape.is_in(),
    };
    let (work, opened) = WorkFile::open(&output, &begin)?;
    // No part of the fingerprint: what is derived costs no request, so a run goes on whatever of it
    // is wanted now.
    let work = work.deriving(Derive {
        external,
        expand: !args.skip_expansion,
    });
    say_how_it_begins(opened, work.path());
    let options = Options {
        scope,
        concurrency: args.concurrency.clone(),
        meter: watch.meter().clone(),
        cancel: CancellationToken::new(),
        watcher: None,
    };
    let ran = runtime.block_on(drive(plan, work, options, &watch));
    let (report, work) = match ran {
        Ok(done) => done,
        Err(error) => {
            let advice = (!tape.is_replay()).then(|| how_to_go_on(args, &output, &error));
            let error = error.into();
            return Err(GaveUp { error, advice });
        }
    };
    let compression = match args.compression {
        Packing::Zstd => Compression::Zstd,
        Packing::Gzip => Compression::Gzip,
    };
    let stats = work.stats().cloned();
    let packed = watch
        .span_of("pack")
        .in_scope(|| c1z::pack_and_keep(work, &output, compression, args.keep));
    if let (Ok(()), Some(stats)) = (&packed, &stats) {
        watch.done(&report, stats);
    }
    drop(watch);
    packed?;
    if let Some(path) = &args.report {
        report_file::done(path, &report)?;
    }
    tell(args, &report, out)?;
    Ok(match report.verdict {
        Verdict::Complete => Outcome::Done,
        Verdict::Partial => Outcome::Partial,
    })
}

fn how_to_go_on(args: &SyncArgs, output: &Path, error: &SyncError) -> String {
    if error.gives_up_what_was_found() {
        return "correct the connector file, or run again with `--fresh` once the system is corrected"
            .to_owned();
    }
    let without = match (&args.record, args.fresh) {
        (Some(_), _) => " without `--record`",
        (None, true) => " without `--fresh`",
        (None, false) => "",
    };
    format!(
        "what was found so far is kept in `{}`: run the same command{without} to go on",
        WorkFile::path_for(output).display()
    )
}

fn say_how_it_begins(opened: Opened, work: &Path) {
    let why = match opened {
        Opened::Resumed => {
            stderr::say(&format!("going on with the run in `{}`", work.display()));
            return;
        }
        Opened::New => return,
        Opened::Discarded => "as asked",
        Opened::ConfigChanged => "because the connector file or what is asked for has changed",
        Opened::TooOld => "because it is more than seven days old",
    };
    stderr::say(&format!(
        "the interrupted run in `{}` is given up, {why}",
        work.display()
    ));
}

async fn drive(
    plan: Plan,
    work: WorkFile,
    options: Options,
    watch: &Watch,
) -> Result<(Report, WorkFile), SyncError> {
    let signals = tokio::spawn(signals::stop(options.cancel.clone(), || {
        stderr::say("stopping after the pages under way; once more to stop at once");
    }));
    let hear = |event| watch.hear(&event);
    let source = plan.source.clone();
    let run = sync::run(Arc::new(plan), work, options, &hear);
    let ran = watch.part("run", run).await;
    source.close().await;
    signals.abort();
    ran
}

fn tell(args: &SyncArgs, report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    match args.format {
        SummaryFormat::Text => report::summary(report, &args.output.display().to_string(), out),
        SummaryFormat::Json => serde_json::to_string_pretty(report)
            .map_err(Into::into)
            .and_then(|json| writeln!(out, "{json}")),
    }
    .context("printing the summary")
}
