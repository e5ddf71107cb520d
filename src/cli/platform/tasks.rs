//! `platform tasks`, `platform task` and `platform cancel`.

use std::io::Write;

use chrono::Utc;
use clap::Args;
use serde_json::{Value as Json, json};

use super::{Format, HomeArgs, show};
use crate::cli::Outcome;
use crate::cli::terminal::printable;
use crate::platform::{Cancelled, Timing};

/// Which tasks.
#[derive(Debug, Args)]
pub(super) struct TasksArgs {
    /// Those of this client only.
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// How many of the newest ones.
    #[arg(long, value_name = "N", default_value_t = 50)]
    last: usize,
    /// How to print them.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Which task.
#[derive(Debug, Args)]
pub(super) struct TaskArgs {
    /// Its id.
    id: String,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Which task is to be called off.
#[derive(Debug, Args)]
pub(super) struct CancelArgs {
    /// Its id.
    id: String,
}

/// Lists tasks.
pub(super) fn list(
    args: &TasksArgs,
    home: &HomeArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let home = home.open()?;
    let client = match &args.client {
        Some(name) => Some(home.clients().named(Some(name))?.id),
        None => None,
    };
    let tasks = home
        .queue(Timing::default())
        .tasks(client.as_deref(), args.last)?;
    if args.format == Format::Json {
        let tasks: Vec<Json> = tasks.iter().map(show::summary).collect();
        let shown = serde_json::to_string_pretty(&json!({ "tasks": tasks }))?;
        writeln!(out, "{shown}")?;
        return Ok(Outcome::Done);
    }
    for record in &tasks {
        let name = record.client.split('@').next().unwrap_or_default();
        let mut line = format!(
            "{}  {}  {name}  {}: {}",
            record.task.id,
            show::time(record.created_at),
            record.kind,
            show::state(record)
        );
        if let Some(message) = record.message.as_ref().filter(|text| !text.is_empty()) {
            line.push_str(&format!(": {message}"));
        }
        writeln!(out, "{}", printable(&line))?;
    }
    Ok(Outcome::Done)
}

/// Shows a task.
pub(super) fn show(
    args: &TaskArgs,
    home: &HomeArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let home = home.open()?;
    let queue = home.queue(Timing::default());
    let record = queue.task(&args.id)?;
    match args.format {
        Format::Text => show::write(&home, &queue, &record, out)?,
        Format::Json => {
            let shown = show::whole(&home, &queue, &record)?;
            writeln!(out, "{}", serde_json::to_string_pretty(&shown)?)?;
        }
    }
    Ok(Outcome::Done)
}

/// Calls a task off.
pub(super) fn cancel(
    args: &CancelArgs,
    home: &HomeArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    match home.queue()?.cancel(&args.id, Utc::now())? {
        Cancelled::Now => writeln!(out, "{}: cancelled", args.id)?,
        Cancelled::Asked => writeln!(
            out,
            "{}: a connector has it, and hears of it with its next heartbeat",
            args.id
        )?,
        Cancelled::TooLate(state) => {
            eprintln!(
                "error: the task `{}` is {} already",
                args.id,
                state.as_str()
            );
            return Ok(Outcome::Failed);
        }
    }
    Ok(Outcome::Done)
}
