//! A command line of a Go connector → what it asks for, done, and the exit code in their terms.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Parser as _;

use super::exit_code::{self, code_of};
use super::layers::{self, Read, Told};
use super::refusal::Refusal;
use super::sub_command::SubCommand;
use super::translate::{Surroundings, Translated, translate};
use super::{IN_FULL, described, health_check, relations};
use crate::c1z;
use crate::cli::{Cli, completion, connector_file, execute, report};
use crate::config::ProcessEnvironment;

/// Options of this program that are called otherwise there, for messages.
const CALLED_OTHERWISE: [(&str, &str); 5] = [
    ("--since", "--event-feed-start-at"),
    ("--external-traits", "--external-resource-traits"),
    ("--health ", "--health-check-bind-address "),
    ("--resource ", "--sync-resources "),
    ("--type ", "--create-account-resource-type "),
];

/// Runs the connector of this name.
pub(in crate::cli) fn main(name: &str, arguments: &[OsString]) -> ExitCode {
    let done = layers::read(name, arguments, &ProcessEnvironment, Path::new(""))
        .and_then(|read| Ok(run(name, &read)?));
    match done {
        Ok(code) => code,
        Err(Told::Help(text)) => {
            // A reader that goes away early is no error.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(Told::Refused(refusal)) => {
            eprintln!("{}", report::failure(&anyhow!(refusal.message)));
            exit_code::of(refusal.code)
        }
    }
}

fn run(name: &str, read: &Read) -> Result<ExitCode, Refusal> {
    let sub_command = read.sub_command.as_ref();
    let asks_health = matches!(sub_command, Some(SubCommand::HealthCheck(_)));
    relations::check(&read.given, asks_health)?;
    match sub_command {
        Some(SubCommand::Config) => return Ok(print(&described::config(&read.flags))),
        Some(SubCommand::HealthCheck(args)) => {
            return health_check::ask(args, &read.flags).map(|answer| print(&answer));
        }
        Some(SubCommand::Completion { shell }) if name != IN_FULL => {
            completion::print(*shell, layers::command(name), name);
            return Ok(ExitCode::SUCCESS);
        }
        Some(SubCommand::Completion { shell }) => {
            completion::of_this_program(*shell);
            return Ok(ExitCode::SUCCESS);
        }
        Some(SubCommand::Capabilities) | None => {}
    }
    let around = Surroundings {
        environment: &ProcessEnvironment,
        terminal: std::io::stderr().is_terminal(),
    };
    let translated = translate(&read.flags, &read.given, sub_command, &around)?;
    let notes = [&read.notes[..], &translated.notes[..]].concat();
    let cli = parse(&translated)?;
    if let Some(folder) = &translated.scratch {
        c1z::unpack_in(folder).map_err(|error| Refusal::wrong(error.to_string()))?;
    }
    connector_file::allow_silence(translated.silence);
    let outcome = execute(cli, &notes);
    Ok(exit_code::of(code_of(outcome, translated.only_reads)))
}

/// Reads the translated command line; what is wrong with it is told in terms of the flags.
fn parse(translated: &Translated) -> Result<Cli, Refusal> {
    let words = translated.arguments.iter().map(String::as_str);
    Cli::try_parse_from(["rolecall"].into_iter().chain(words)).map_err(|error| {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let mut text = text.split("\n\n").next().unwrap_or(text).to_owned();
        for (ours, theirs) in CALLED_OTHERWISE {
            text = text.replace(ours, theirs);
        }
        Refusal::wrong(text)
    })
}

fn print(text: &str) -> ExitCode {
    // A reader that goes away early is no error.
    let _ = writeln!(std::io::stdout(), "{text}");
    ExitCode::SUCCESS
}
