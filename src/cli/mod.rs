//! Command lines → the modules that do what they say: one file per command.

mod change;
mod connector;
mod connector_file;
mod daemon;
mod eval;
mod events;
mod external;
pub mod inspect;
mod kinds;
mod logging;
mod metrics;
mod platform;
mod progress;
mod report;
mod report_file;
mod schema;
mod scope;
mod signals;
mod stderr;
mod sync;
mod tape;
mod terminal;
mod traces;
mod validate;
mod watch;
mod whole_file;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Write YAML, know who can do what.
#[derive(Debug, Parser)]
#[command(name = "rolecall", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    logging: logging::LoggingArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sync a system into a c1z file.
    Sync(Box<sync::SyncArgs>),
    /// Give somebody an entitlement.
    Grant(Box<change::GrantArgs>),
    /// Take an entitlement from somebody.
    Revoke(Box<change::RevokeArgs>),
    /// Create an account.
    CreateAccount(Box<change::CreateAccountArgs>),
    /// Give an account a new password.
    RotateCredential(Box<change::RotateArgs>),
    /// Create a resource that is no account.
    CreateResource(Box<change::CreateResourceArgs>),
    /// Delete a resource.
    DeleteResource(Box<change::DeleteArgs>),
    /// Run an action of the connector file.
    InvokeAction(Box<change::InvokeArgs>),
    /// List the actions of a connector file, as JSON.
    ListActions(change::ListArgs),
    /// Say what a connector can do, as JSON.
    Capabilities(change::ListArgs),
    /// List what changed in a system, one event per line.
    Events(events::EventsArgs),
    /// Make exactly the change that a plan file has.
    Apply(Box<change::ApplyArgs>),
    /// Serve a platform: take its tasks, and tell it what became of them.
    Daemon(Box<daemon::DaemonArgs>),
    /// The flags and variables of the connectors `baton-http` and `baton-sql`, for old command lines.
    Connector(Box<connector::Flags>),
    /// Find every mistake in connector files, without connecting.
    Validate(validate::ValidateArgs),
    /// Evaluate an expression of the language on a record.
    Eval(eval::EvalArgs),
    /// Print the JSON Schema of connector files, for editors.
    Schema,
    /// List every auth kind, paging strategy, SQL dialect and function, with its documentation.
    Kinds(kinds::KindsArgs),
    /// Show what a sync file holds.
    Inspect(inspect::InspectArgs),
    /// A small platform on this machine, to try service mode against.
    Platform(Box<platform::PlatformArgs>),
}

/// How a command ended: the exit codes that scripts rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done.
    Done,
    /// The run failed.
    Failed,
    /// The config or the command line is wrong.
    Wrong,
    /// Done, but something may be missing; of a change, some steps were made and others were not.
    Partial,
    /// Whether a change was made is not known.
    Unclear,
    /// The connector file says that a change must not be made.
    Refused,
    /// Something that is named does not exist.
    NotFound,
    /// A statement changed no row or too many.
    WrongRows,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(match outcome {
            Outcome::Done => 0,
            Outcome::Failed => 1,
            Outcome::Wrong => 2,
            Outcome::Partial => 3,
            Outcome::Unclear => 4,
            Outcome::Refused => 5,
            Outcome::NotFound => 6,
            Outcome::WrongRows => 7,
        })
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if connector::is_called_so(arguments.first().map(OsString::as_os_str)) {
        arguments.insert(1, "connector".into());
    }
    let mut cli = Cli::parse_from(arguments);
    let mut syncs_for_others = false;
    if let Command::Connector(flags) = &cli.command {
        let translated = match connector::translate(flags) {
            Ok(translated) => translated,
            Err(refused) => {
                eprintln!("{}", report::failure(&anyhow::anyhow!(refused)));
                return Outcome::Wrong.into();
            }
        };
        syncs_for_others = translated.syncs;
        let name = OsString::from("rolecall");
        let words = translated.arguments.into_iter().map(OsString::from);
        cli.command = Cli::parse_from([name].into_iter().chain(words)).command;
    }
    let traces = match &cli.command {
        Command::Sync(args) => args.watch.traces(),
        _ => Ok(None),
    };
    let traces = match traces {
        Ok(traces) => traces,
        Err(error) => {
            eprintln!("{}", report::failure(&error));
            return Outcome::Wrong.into();
        }
    };
    let level = match &cli.command {
        // Nobody sees what it does but by its log.
        Command::Daemon(_) => logging::Level::Info,
        _ => logging::Level::Warn,
    };
    logging::start(&cli.logging, level, traces.as_ref());
    let outcome = run(cli.command);
    if let Some(traces) = traces {
        traces.end();
    }
    match outcome {
        Outcome::Partial if syncs_for_others => Outcome::Done.into(),
        outcome => outcome.into(),
    }
}

fn run(command: Command) -> Outcome {
    let mut out = std::io::stdout().lock();
    let outcome = match command {
        Command::Sync(args) => sync::run(&args, &mut out),
        Command::Grant(args) => change::grant(&args, &mut out),
        Command::Revoke(args) => change::revoke(&args, &mut out),
        Command::CreateAccount(args) => change::create_account(&args, &mut out),
        Command::RotateCredential(args) => change::rotate(&args, &mut out),
        Command::CreateResource(args) => change::create_resource(&args, &mut out),
        Command::DeleteResource(args) => change::delete(&args, &mut out),
        Command::InvokeAction(args) => change::invoke(&args, &mut out),
        Command::ListActions(args) => change::list_actions(&args, &mut out),
        Command::Capabilities(args) => change::list_capabilities(&args, &mut out),
        Command::Events(args) => events::run(&args, &mut out),
        Command::Apply(args) => change::apply(&args, &mut out),
        Command::Daemon(args) => daemon::run(&args, &mut out),
        Command::Connector(_) => unreachable!("its flags were translated"),
        Command::Validate(args) => validate::run(&args, &mut out),
        Command::Eval(args) => eval::run(&args, &mut out),
        Command::Schema => schema::run(&mut out),
        Command::Kinds(args) => kinds::run(&args, &mut out),
        Command::Inspect(args) => inspect::run(args, &mut out),
        Command::Platform(args) => platform::run(&args, &mut out),
    };
    let outcome = outcome.and_then(|outcome| {
        out.flush()?;
        Ok(outcome)
    });
    match outcome {
        Ok(outcome) => outcome,
        // A reader that goes away early, such as `head`, is no error.
        Err(error) if is_broken_pipe(&error) => Outcome::Done,
        Err(error) => {
            eprintln!("{}", report::failure(&error));
            Outcome::Failed
        }
    }
}

/// True when the reader of our output has gone away.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
