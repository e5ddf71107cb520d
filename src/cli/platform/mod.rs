//! `rolecall platform`: a platform on this machine, its connectors, and what is asked of them.

mod enqueue;
mod register;
mod serve;
mod show;
mod tasks;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Outcome, report};
use crate::platform::{Home, PlatformError, Queue, Timing};

/// Which platform, and what about it.
#[derive(Debug, Args)]
pub(super) struct PlatformArgs {
    #[command(flatten)]
    home: HomeArgs,
    #[command(subcommand)]
    command: Command,
}

/// Where a platform lives.
#[derive(Debug, Args)]
struct HomeArgs {
    /// The folder of the platform.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "ROLECALL_PLATFORM_DIR",
        default_value = "rolecall-platform"
    )]
    dir: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a platform, and register a connector with it.
    Init(register::InitArgs),
    /// Register another connector.
    AddClient(register::AddArgs),
    /// List the connectors, and what they said last.
    Clients(register::ListArgs),
    /// Serve the platform, until it is interrupted.
    Serve(serve::ServeArgs),
    /// Ask a connector for something.
    Enqueue(Box<enqueue::EnqueueArgs>),
    /// List the tasks, the newest last.
    Tasks(tasks::TasksArgs),
    /// Show a task: what was asked for, what happened, what came of it.
    Task(tasks::TaskArgs),
    /// Call a task off.
    Cancel(tasks::CancelArgs),
}

/// How something is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For tools.
    Json,
}

/// Does what a command line says. What is wrong with it is told here.
pub(super) fn run(args: &PlatformArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let home = &args.home;
    let done = match &args.command {
        Command::Init(args) => register::init(args, home, out),
        Command::AddClient(args) => register::add(args, home, out),
        Command::Clients(args) => register::list(args, home, out),
        Command::Serve(args) => serve::run(args, home),
        Command::Enqueue(args) => enqueue::run(args, home, out),
        Command::Tasks(args) => tasks::list(args, home, out),
        Command::Task(args) => tasks::show(args, home, out),
        Command::Cancel(args) => tasks::cancel(args, home, out),
    };
    done.or_else(|error| match error.downcast_ref::<PlatformError>() {
        Some(known) => {
            let outcome = outcome(known);
            eprintln!("{}", report::failure(&error));
            Ok(outcome)
        }
        None => Err(error),
    })
}

/// How a command ends that the platform refuses.
fn outcome(error: &PlatformError) -> Outcome {
    match error {
        PlatformError::NoTask(_) | PlatformError::NoClient { .. } => Outcome::NotFound,
        PlatformError::Exists(_)
        | PlatformError::Absent(_)
        | PlatformError::TooNew(_)
        | PlatformError::Host(_)
        | PlatformError::ClientName(_)
        | PlatformError::ClientExists(_)
        | PlatformError::WhichClient(_) => Outcome::Wrong,
        PlatformError::File { .. }
        | PlatformError::Database(_)
        | PlatformError::Certificate(_)
        | PlatformError::Tls(_)
        | PlatformError::Serve(_)
        | PlatformError::Damaged(_) => Outcome::Failed,
    }
}

impl HomeArgs {
    fn open(&self) -> Result<Home, PlatformError> {
        Home::open(&self.dir)
    }

    /// The tasks, for those who do not hand them out.
    fn queue(&self) -> Result<Queue, PlatformError> {
        Ok(self.open()?.queue(Timing::default()))
    }
}
