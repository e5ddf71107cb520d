//! Command lines → the modules that do what they say: one file per command.

mod change;
mod completion;
mod connector;
mod connector_file;
mod daemon;
mod eval;
mod events;
mod explain;
mod explain_code;
mod external;
mod file_search;
mod fmt;
mod init;
pub mod inspect;
mod kinds;
mod logging;
mod lsp;
mod metrics;
mod migrate;
mod online;
mod outcome;
mod platform;
mod preview;
mod progress;
mod report;
mod report_file;
mod schema;
mod scope;
mod signals;
mod stderr;
mod sync;
mod sync_files;
mod tape;
mod terminal;
mod test;
mod traces;
mod validate;
mod watch;
mod whole_file;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use outcome::Outcome;

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
    Capabilities(change::CapabilitiesArgs),
    /// List what changed in a system, one event per line.
    Events(events::EventsArgs),
    /// Make exactly the change that a plan file has.
    Apply(Box<change::ApplyArgs>),
    /// Serve a platform: take its tasks, and tell it what became of them.
    Daemon(Box<daemon::DaemonArgs>),
    /// The flags and variables of the connectors `baton-http` and `baton-sql`, for old command lines.
    Connector(connector::Arguments),
    /// Draft a connector file from an API description, a database, or a sample of answers.
    Init(init::InitArgs),
    /// Find every mistake in connector files, without connecting.
    Validate(validate::ValidateArgs),
    /// Run one listing, and show what a sync would make of its first pages and what paging did.
    Preview(Box<preview::PreviewArgs>),
    /// Show the way of one record: what was asked, what came, each expression, what it became.
    Explain(Box<explain::ExplainArgs>),
    /// Run the tests of connector files, without their systems.
    Test(test::TestArgs),
    /// Tidy connector files: indentation and spaces, with every comment kept.
    Fmt(fmt::FmtArgs),
    /// Bring old shapes of the language up to date, each change with its reason.
    Migrate(migrate::MigrateArgs),
    /// Say at length what a code of a message means, with an example.
    ExplainCode(explain_code::ExplainCodeArgs),
    /// Evaluate an expression of the language on a record.
    Eval(eval::EvalArgs),
    /// Print the JSON Schema of connector files, for editors.
    Schema,
    /// List every auth kind, paging strategy, SQL dialect and function, with its documentation.
    Kinds(kinds::KindsArgs),
    /// Serve an editor over standard input and output, by the language server protocol.
    Lsp,
    /// Show what a sync file holds.
    Inspect(inspect::InspectArgs),
    /// A small platform on this machine, to try service mode against.
    Platform(Box<platform::PlatformArgs>),
    /// Keep in a sync file, as a sync of its own, what one sync of it has that another has not.
    DiffSyncs(sync_files::DiffArgs),
    /// Put a sync and those that followed it together, in a new sync file.
    CompactSyncs(sync_files::CompactArgs),
    /// Print the script that completes command lines in a shell.
    Completion(completion::CompletionArgs),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let line: Vec<OsString> = std::env::args_os().collect();
    if let Some((name, arguments)) = connector::called(&line) {
        return connector::main(name, arguments);
    }
    let cli = Cli::parse_from(line);
    match &cli.command {
        Command::Connector(behind) => connector::main("rolecall connector", &behind.arguments),
        _ => execute(cli, &[]).into(),
    }
}

/// Runs a command with its logs and traces. `notes` are logged first.
fn execute(cli: Cli, notes: &[String]) -> Outcome {
    let traces = match &cli.command {
        Command::Sync(args) => args.watch.traces(),
        _ => Ok(None),
    };
    let level = match &cli.command {
        // Nobody sees what it does but by its log.
        Command::Daemon(_) => logging::Level::Info,
        _ => logging::Level::Warn,
    };
    let started = traces.and_then(|traces| {
        logging::start(&cli.logging, level, traces.as_ref())?;
        Ok(traces)
    });
    let traces = match started {
        Ok(traces) => traces,
        Err(error) => {
            eprintln!("{}", report::failure(&error));
            return Outcome::Wrong;
        }
    };
    for note in notes {
        tracing::warn!("{note}");
    }
    let outcome = run(cli.command);
    if let Some(traces) = traces {
        traces.end();
    }
    outcome
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
        Command::Connector(_) => unreachable!("it was run by its own name"),
        Command::Init(args) => init::run(&args, &mut out),
        Command::Validate(args) => validate::run(&args, &mut out),
        Command::Fmt(args) => fmt::run(&args, &mut out),
        Command::Migrate(args) => migrate::run(&args, &mut out),
        Command::Preview(args) => preview::run(&args, &mut out),
        Command::Explain(args) => explain::run(&args, &mut out),
        Command::Test(args) => test::run(&args, &mut out),
        Command::ExplainCode(args) => explain_code::run(&args, &mut out),
        Command::Eval(args) => eval::run(&args, &mut out),
        Command::Schema => schema::run(&mut out),
        Command::Lsp => {
            // Its answers go another way.
            drop(out);
            return match lsp::run() {
                Ok(outcome) => outcome,
                Err(error) => {
                    eprintln!("{}", report::failure(&error));
                    Outcome::of_failure(error.as_ref())
                }
            };
        }
        Command::Kinds(args) => kinds::run(&args, &mut out),
        Command::Inspect(args) => inspect::run(args, &mut out),
        Command::Platform(args) => platform::run(&args, &mut out),
        Command::DiffSyncs(args) => sync_files::diff(&args, &mut out),
        Command::CompactSyncs(args) => sync_files::compact(&args, &mut out),
        Command::Completion(args) => {
            drop(out);
            completion::run(&args);
            return Outcome::Done;
        }
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
            Outcome::of_failure(error.as_ref())
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
