//! `rolecall completion SHELL`: the script that completes command lines in a shell.

use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, connector};

/// For which shell.
#[derive(Debug, Args)]
pub(super) struct CompletionArgs {
    /// The shell.
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(args: &CompletionArgs) {
    of_this_program(args.shell);
}

/// Prints the script of this program, with the flags behind `connector`.
pub(super) fn of_this_program(shell: Shell) {
    let command = Cli::command().mut_subcommand("connector", |_| connector::command());
    print(shell, command, "rolecall");
}

/// Prints the script of a command. A reader that goes away early is no error.
pub(super) fn print(shell: Shell, mut command: Command, name: &str) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    let _ = std::io::Write::write_all(&mut std::io::stdout(), &script);
}
