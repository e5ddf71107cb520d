//! `rolecall platform enqueue`: what is asked of a connector → a task, and its end where somebody
//! waits for it.

mod change;
mod known;
mod other;
mod password;
mod sync;

use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::Utc;
use clap::{Args, Subcommand};

use self::known::Known;
use super::{Format, HomeArgs, show};
use crate::cli::change::Stop;
use crate::cli::events::duration;
use crate::cli::{Outcome, stderr};
use crate::platform::{Client, Home, Queue, State, TaskRecord, Timing};
use crate::proto::connectorapi::baton::v1::Task;
use crate::proto::connectorapi::baton::v1::task::{HelloTask, ListEventFeedsTask, TaskType};

/// What is asked for, of whom.
#[derive(Debug, Args)]
pub(super) struct EnqueueArgs {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    how: HowArgs,
}

/// What holds for all tasks.
#[derive(Debug, Args)]
#[command(next_help_heading = "The task")]
struct HowArgs {
    /// The connector that is asked; may be left out where there is one only.
    #[arg(long, global = true, value_name = "NAME")]
    client: Option<String>,
    /// How often the task is tried before it is given up.
    #[arg(long, global = true, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    attempts: u32,
    /// Ask for the connector's log as well.
    #[arg(long, global = true)]
    debug: bool,
    /// Wait until the task has ended, and show what came of it.
    #[arg(long, global = true)]
    wait: bool,
    /// With `--wait`: wait no longer than this. The task goes on.
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
    /// How to print the task.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say what it is and can do.
    Hello,
    /// Sync, and upload the sync file.
    Sync(sync::SyncArgs),
    /// Give somebody an entitlement.
    Grant(change::GrantArgs),
    /// Take an entitlement from somebody.
    Revoke(change::RevokeArgs),
    /// Create an account.
    CreateAccount(change::CreateAccountArgs),
    /// Create a resource that is no account.
    CreateResource(change::CreateResourceArgs),
    /// Delete a resource.
    DeleteResource(change::DeleteArgs),
    /// Give an account a new password.
    RotateCredential(change::RotateArgs),
    /// List the actions.
    ListActions(other::ListActionsArgs),
    /// Show an action.
    GetAction(other::GetActionArgs),
    /// Run an action.
    InvokeAction(other::InvokeArgs),
    /// Say what became of a run of an action.
    ActionStatus(other::StatusArgs),
    /// List the feeds of events.
    ListEventFeeds,
    /// List a page of events.
    ListEvents(other::EventsArgs),
    /// Any task of the protocol, as JSON.
    Json(other::JsonArgs),
}

/// How often a task is looked at that somebody waits for.
const LOOK: Duration = Duration::from_millis(200);

/// Adds a task.
pub(super) fn run(
    args: &EnqueueArgs,
    home: &HomeArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let home = home.open()?;
    let how = &args.how;
    let client = home.clients().named(how.client.as_deref())?;
    let queue = home.queue(Timing::default());
    let mut task = match args.what.task(&Known::new(&home, &queue, &client), &client) {
        Ok(task) => task,
        Err(stop) => return Ok(stop.tell()),
    };
    task.debug |= how.debug;
    let id = queue.put(&client.id, &task, Some(how.attempts), Utc::now())?;
    if how.wait {
        return wait(&home, &queue, &id, how, out);
    }
    match how.format {
        Format::Text => writeln!(out, "{id}")?,
        Format::Json => {
            let shown = show::summary(&queue.task(&id)?);
            writeln!(out, "{}", serde_json::to_string_pretty(&shown)?)?;
        }
    }
    Ok(Outcome::Done)
}

fn wait(
    home: &Home,
    queue: &Queue,
    id: &str,
    how: &HowArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let record = loop {
        let record = queue.task(id)?;
        if record.state.is_end() {
            break record;
        }
        if how.timeout.is_some_and(|most| began.elapsed() >= most) {
            stderr::say(&format!("the task `{id}` has not ended yet; it goes on"));
            return Ok(Outcome::Unclear);
        }
        sleep(LOOK);
    };
    tell(home, queue, &record, how, out)
}

fn tell(
    home: &Home,
    queue: &Queue,
    record: &TaskRecord,
    how: &HowArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    match how.format {
        Format::Text => show::write(home, queue, record, out)?,
        Format::Json => {
            let shown = show::whole(home, queue, record)?;
            writeln!(out, "{}", serde_json::to_string_pretty(&shown)?)?;
        }
    }
    Ok(match record.state {
        State::Done => Outcome::Done,
        _ => Outcome::Failed,
    })
}

impl What {
    fn task(&self, known: &Known<'_>, client: &Client) -> Result<Task, Stop> {
        let kind = match self {
            What::Hello => TaskType::Hello(HelloTask::default()),
            What::Sync(args) => args.task(known)?,
            What::Grant(args) => args.task(known)?,
            What::Revoke(args) => args.task(known)?,
            What::CreateAccount(args) => args.task(client)?,
            What::CreateResource(args) => args.task()?,
            What::DeleteResource(args) => args.task(),
            What::RotateCredential(args) => args.task(client)?,
            What::ListActions(args) => args.task(),
            What::GetAction(args) => args.task(),
            What::InvokeAction(args) => args.task()?,
            What::ActionStatus(args) => args.task(),
            What::ListEventFeeds => TaskType::ListEventFeeds(ListEventFeedsTask::default()),
            What::ListEvents(args) => args.task(),
            What::Json(args) => return args.task(),
        };
        Ok(Task {
            task_type: Some(kind),
            ..Task::default()
        })
    }
}
