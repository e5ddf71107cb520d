//! `rolecall connector`, and rolecall called as `baton-http` or `baton-sql`: the flags of those
//! connectors → the commands of this program.

mod described;
mod exit_code;
mod flags;
mod health_check;
mod layers;
mod refusal;
mod relations;
mod run;
mod settings;
mod sub_command;
mod translate;

pub(super) use run::main;

use std::ffi::OsString;
use std::path::Path;

use clap::{Args, Command};

/// The names under which the program is such a connector.
const NAMES: [&str; 2] = ["baton-http", "baton-sql"];
/// The command by which it is one under its own name.
const COMMAND: &str = "connector";
/// That name in full.
const IN_FULL: &str = "rolecall connector";

/// What stands behind `rolecall connector`: the flags of those connectors, which are read elsewhere.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(super) struct Arguments {
    /// The flags of those connectors.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "FLAGS"
    )]
    pub arguments: Vec<OsString>,
}

/// The name of the connector that a whole command line calls, by a link for example, and what stands
/// behind it.
pub(super) fn called(line: &[OsString]) -> Option<(&'static str, &[OsString])> {
    let program = Path::new(line.first()?).file_name()?.to_str()?;
    if let Some(name) = NAMES.into_iter().find(|name| *name == program) {
        return Some((name, &line[1..]));
    }
    let second = line.get(1)?;
    (second == COMMAND).then(|| (IN_FULL, &line[2..]))
}

/// What the command is called, and takes: for scripts that complete command lines.
pub(super) fn command() -> Command {
    layers::command(COMMAND)
}
