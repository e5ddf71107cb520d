//! `rolecall events FILE`: what changed in a system, one event per line.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use clap::Args;

use super::connector_file::plan_of;
use super::terminal::printable;
use super::{Outcome, report, stderr, whole_file};
use crate::config::{ProcessEnvironment, parse_duration};
use crate::feed::{Cursor, EventPage, Feed, FeedError, LARGEST_PAGE, TakeEvents};
use crate::plan::{Plan, Purpose};

/// Since when.
#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    /// The connector file.
    file: PathBuf,
    /// Begin at this moment, in RFC 3339, for example `2026-01-31T08:00:00Z`. Not written: as far back
    /// as the file says.
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with_all = ["lookback", "cursor"])]
    since: Option<DateTime<Utc>>,
    /// Begin so long ago, for example `24h`.
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "cursor")]
    lookback: Option<Duration>,
    /// Go on where an earlier listing ended: the cursor that it told.
    #[arg(long, value_name = "TEXT")]
    cursor: Option<String>,
    /// Keep the cursor in this file, and go on from it where it is there.
    #[arg(long, value_name = "FILE", conflicts_with = "cursor")]
    cursor_file: Option<PathBuf>,
    /// The most events that are asked for at a time.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=LARGEST_PAGE as i64))]
    page_size: u32,
}

/// Prints the events.
pub(super) fn run(args: &EventsArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let environment = ProcessEnvironment;
    let Some(plan) = plan_of(&args.file, &environment, false, Purpose::Everything)? else {
        return Ok(Outcome::Wrong);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    // The lock of standard output is nothing that can wait on another thread.
    let (pages, taken) = tokio::sync::mpsc::channel(1);
    let ended = runtime.block_on(async {
        let listing = list(args, &plan, pages);
        let (listed, printed) = tokio::join!(listing, print(args, taken, out));
        plan.source.close().await;
        printed.and_then(|problems| Ok((listed?, problems)))
    });
    match ended {
        Ok((_, 0)) => Ok(Outcome::Done),
        Ok(_) => Ok(Outcome::Partial),
        Err(error) => {
            eprintln!("{}", report::failure(&error));
            Ok(match error.downcast_ref() {
                Some(FeedError::NoFeed) => Outcome::NotOffered,
                Some(error) if error.is_wrong() => Outcome::WrongArgument,
                _ => Outcome::of_failure(error.as_ref()),
            })
        }
    }
}

type Pages = tokio::sync::mpsc::Sender<(EventPage, tokio::sync::oneshot::Sender<bool>)>;
type Taken = tokio::sync::mpsc::Receiver<(EventPage, tokio::sync::oneshot::Sender<bool>)>;

async fn list(args: &EventsArgs, plan: &Plan, pages: Pages) -> anyhow::Result<()> {
    let feed = Feed::of(plan)?;
    let cursor = begin(args, &feed)?;
    feed.stream(&cursor, args.page_size as usize, &mut HandOn(pages))
        .await?;
    Ok(())
}

/// Where the listing begins.
fn begin(args: &EventsArgs, feed: &Feed<'_>) -> anyhow::Result<Cursor> {
    let kept = match &args.cursor_file {
        None => args.cursor.clone(),
        Some(file) => match std::fs::read_to_string(file) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                let about = format!("cannot read the cursor in `{}`", file.display());
                return Err(anyhow!(error).context(about));
            }
        },
    };
    let ago = args.lookback.map(|ago| Utc::now() - ago);
    Ok(match kept {
        Some(cursor) => feed.cursor(&cursor)?,
        None => feed.begin(args.since.or(ago)),
    })
}

/// Hands pages on to whoever prints them, and waits until they have.
struct HandOn(Pages);

#[async_trait]
impl TakeEvents for HandOn {
    async fn take(&mut self, page: EventPage) -> io::Result<bool> {
        let (told, printed) = tokio::sync::oneshot::channel();
        let sent = self.0.send((page, told)).await;
        Ok(sent.is_ok() && printed.await.unwrap_or(false))
    }
}

/// Prints events and, behind those of a page, keeps its cursor. Returns how many problems there were.
async fn print(args: &EventsArgs, mut taken: Taken, out: &mut dyn Write) -> anyhow::Result<u64> {
    let (mut problems, mut cursor) = (0, None);
    while let Some((page, told)) = taken.recv().await {
        for event in &page.events {
            writeln!(out, "{}", serde_json::to_string(event)?)?;
        }
        // The cursor may not be ahead of what was printed.
        out.flush()?;
        for problem in &page.problems {
            problems += 1;
            stderr::say(&format!("warning: {}", printable(problem)));
        }
        if let Some(file) = &args.cursor_file {
            whole_file::replace(file, format!("{}\n", page.cursor).as_bytes())
                .with_context(|| format!("cannot keep the cursor in `{}`", file.display()))?;
        }
        cursor = Some(page.cursor);
        let _ = told.send(true);
    }
    if let (Some(cursor), None) = (cursor, &args.cursor_file) {
        stderr::say(&format!("cursor: {cursor}"));
    }
    Ok(problems)
}

pub(super) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(moment) => Ok(moment.with_timezone(&Utc)),
        Err(_) => Err("write a moment such as `2026-01-31T08:00:00Z`".to_owned()),
    }
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "write a duration such as `24h` or `90m`".to_owned())
}
