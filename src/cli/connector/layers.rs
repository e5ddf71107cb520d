//! The command line, the environment and the file of settings → flags, and where each was given.
//!
//! The command line goes before the environment, the environment before the file, and the file before
//! what is usual. What the environment and the file say becomes the default of a flag for this one
//! parsing, so that every value passes the same checks.

use std::any::TypeId;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory as _, FromArgMatches as _, Parser};

use super::flags::Flags;
use super::refusal::Refusal;
use super::settings::{self, Settings, Values};
use super::sub_command::SubCommand;
use crate::config::Environment;
use crate::diagnostic::nearest;

/// A command line of a Go connector.
#[derive(Debug, Parser)]
#[command(
    version,
    disable_version_flag = true,
    args_override_self = true,
    max_term_width = 100
)]
struct Line {
    #[command(subcommand)]
    sub_command: Option<SubCommand>,
    #[command(flatten)]
    flags: Flags,
    /// Print the version
    #[arg(short = 'v', long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// What was asked for.
#[derive(Debug)]
pub(super) struct Read {
    /// The flags.
    pub flags: Flags,
    /// Where they were given.
    pub given: Given,
    /// The sub-command, where there is one.
    pub sub_command: Option<SubCommand>,
    /// What is odd, for the log.
    pub notes: Vec<String>,
}

/// What is told instead of doing anything: help or the version, or why not.
#[derive(Debug)]
pub(super) enum Told {
    /// What was asked for, for standard output.
    Help(String),
    /// Why nothing is done.
    Refused(Refusal),
}

impl From<Refusal> for Told {
    fn from(refusal: Refusal) -> Self {
        Told::Refused(refusal)
    }
}

/// Where flags were given.
#[derive(Debug, Default)]
pub(super) struct Given(HashMap<String, String>);

impl Given {
    /// Whether a flag was given, with a value that says something: no empty text, no zero, not
    /// `false`.
    pub fn is(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// How the flag was given, for messages: `--file`, ``--file (from `BATON_FILE`)``.
    pub fn describe(&self, name: &str) -> String {
        let from = self.0.get(name).map_or("", String::as_str);
        format!("`--{name}`{from}")
    }
}

/// The command line that a connector of this name takes.
pub(super) fn command(name: &str) -> Command {
    let command = Line::command().name(name.to_owned()).mut_args(declared);
    command.about("A connector of identity governance, described by a YAML file")
}

/// The names of all flags.
pub(super) fn names() -> Vec<String> {
    let command = Line::command();
    let long = command.get_arguments().filter_map(Arg::get_long);
    long.filter(|name| *name != "version")
        .map(str::to_owned)
        .collect()
}

/// Reads a command line, without the name of the program.
pub(super) fn read(
    name: &str,
    arguments: &[OsString],
    environment: &dyn Environment,
    directory: &Path,
) -> Result<Read, Told> {
    let settings = Settings::read(environment, directory)?;
    let mut beneath = Beneath::default();
    let bare = command(name);
    for arg in bare.get_arguments() {
        beneath.look(arg, environment, &settings);
    }
    let notes = unknown_keys(&settings);
    let command = bare.mut_args(|arg| beneath.put_under(arg));
    let words = [OsString::from(name)].into_iter().chain(arguments.to_vec());
    let mut matches = command
        .clone()
        .try_get_matches_from(words)
        .map_err(|error| explain(&error, &beneath))?;
    let given = given(&command, &matches, &beneath);
    let is_written = |name: &str| {
        let id = name.replace('-', "_");
        matches.value_source(&id) == Some(ValueSource::CommandLine)
    };
    let written: Vec<String> = names()
        .into_iter()
        .filter(|name| is_written(name))
        .collect();
    let mut line =
        Line::from_arg_matches_mut(&mut matches).map_err(|error| explain(&error, &beneath))?;
    for (name, values) in line.flags.lists() {
        if written.iter().any(|written| written == name) {
            *values = values.iter().flat_map(|text| split(text)).collect();
        }
    }
    Ok(Read {
        flags: line.flags,
        given,
        sub_command: line.sub_command,
        notes,
    })
}

/// The variable of a flag.
pub(super) fn variable(name: &str) -> String {
    format!("BATON_{}", name.to_uppercase().replace('-', "_"))
}

/// What all flags have in common: their variable in the help, truth values that may be written out,
/// values that may begin with a hyphen, and that they stand behind a sub-command as well.
fn declared(arg: Arg) -> Arg {
    let Some(name) = arg.get_long().filter(|name| *name != "version") else {
        return arg;
    };
    let required = if name == "config-path" {
        "required: "
    } else {
        ""
    };
    let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let help = format!("{required}{about} (${})", variable(name));
    let arg = arg.help(help).global(true);
    match is_truth(&arg) {
        true if matches!(arg.get_action(), ArgAction::SetTrue) => arg
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .default_value("false")
            .hide_default_value(true)
            .hide_possible_values(true)
            .value_name("true|false")
            .value_parser(truth),
        true => arg.value_parser(truth).hide_default_value(true),
        false => arg.allow_hyphen_values(true),
    }
}

fn is_truth(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == TypeId::of::<bool>()
}

fn is_number(arg: &Arg) -> bool {
    let of = arg.get_value_parser().type_id();
    let numbers = [
        TypeId::of::<u16>(),
        TypeId::of::<u64>(),
        TypeId::of::<i64>(),
    ];
    numbers.iter().any(|number| of == *number)
}

/// Truth values in the forms that those connectors take.
fn truth(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("write `true` or `false`".to_owned()),
    }
}

/// The elements of a list, as one line of CSV: an element with a comma stands in quotes.
fn split(text: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let line = reader.records().next().and_then(Result::ok);
    let elements = line.iter().flat_map(csv::StringRecord::iter);
    elements
        .map(str::to_owned)
        .filter(|element| !element.is_empty())
        .collect()
}

/// What lies beneath the command line: values of the environment and of the file, and their places.
#[derive(Debug, Default)]
struct Beneath(HashMap<String, (Vec<String>, String)>);

impl Beneath {
    fn look(&mut self, arg: &Arg, environment: &dyn Environment, settings: &Settings) {
        let Some(name) = arg.get_long() else { return };
        let is_list = matches!(arg.get_action(), ArgAction::Append);
        let elements = |text: String| match is_list {
            true => split(&text),
            false => vec![text],
        };
        let variable = variable(name);
        // The variable of the connector file names the file of settings as well.
        let named = match name {
            "config-path" => settings
                .connector
                .as_ref()
                .map(|path| path.display().to_string()),
            _ => environment.get(&variable),
        };
        if let Some(text) = named.filter(|text| !text.is_empty()) {
            let from = format!(" (from `{variable}`)");
            self.0.insert(name.to_owned(), (elements(text), from));
            return;
        }
        let entries = settings.entries.iter();
        let Some((_, values)) = entries.rev().find(|(key, _)| key == name) else {
            return;
        };
        let values = match values {
            Values::One(text) if text.is_empty() => return,
            Values::One(text) => elements(text.clone()),
            Values::List(texts) => texts.clone(),
        };
        let from = format!(" (from `{}`)", settings.path.display());
        self.0.insert(name.to_owned(), (values, from));
    }

    /// Makes them defaults. What is usual is told by the help, not what is set on this machine: it may
    /// be a secret.
    fn put_under(&self, arg: Arg) -> Arg {
        match arg.get_long().and_then(|name| self.0.get(name)) {
            Some((values, _)) => arg.default_values(values.clone()).hide_default_value(true),
            None => arg,
        }
    }

    fn from(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|(_, from)| from.as_str())
    }
}

fn unknown_keys(settings: &Settings) -> Vec<String> {
    if settings.connector.is_some() {
        return Vec::new();
    }
    let known = names();
    let keys = settings.entries.iter().map(|(key, _)| key);
    let unknown = keys.filter(|key| !known.contains(key));
    let tell = |key: &String| {
        let meant = nearest(key, known.iter().map(String::as_str));
        let hint = meant.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        let path = settings.path.display();
        format!("`{key}` in `{path}` is no flag of this connector, and has no effect{hint}")
    };
    unknown.map(tell).collect()
}

fn given(command: &Command, matches: &ArgMatches, beneath: &Beneath) -> Given {
    let mut given = Given::default();
    for arg in command.get_arguments() {
        let Some(name) = arg.get_long().filter(|name| *name != "version") else {
            continue;
        };
        let id = arg.get_id().as_str();
        let from = match (matches.value_source(id), beneath.from(name)) {
            (Some(ValueSource::CommandLine), _) => "",
            (Some(_), Some(from)) => from,
            _ => continue,
        };
        let texts = matches.get_raw(id).into_iter().flatten();
        let says_something = texts.into_iter().any(|text| {
            let text = text.to_string_lossy();
            match (is_truth(arg), is_number(arg)) {
                (true, _) => truth(&text) == Ok(true),
                (_, true) => text != "0",
                _ => !text.is_empty(),
            }
        });
        if says_something {
            given.0.insert(name.to_owned(), from.to_owned());
        }
    }
    given
}

/// Help and the version as they are; a mistake as one sentence, without the usage.
fn explain(error: &clap::Error, beneath: &Beneath) -> Told {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return Told::Help(error.render().to_string());
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let ends = ["\n\nUsage:", "\n\nFor more information"];
    let end = ends.iter().filter_map(|end| text.find(end)).min();
    let mut message = text[..end.unwrap_or(text.len())].trim_end().to_owned();
    if let Some(ContextValue::String(of)) = error.get(ContextKind::InvalidArg) {
        let name = of.trim_start_matches('-').split([' ', '=', '[']).next();
        if let Some(from) = name.and_then(|name| beneath.from(name)) {
            message.push_str(from);
        }
    }
    Told::Refused(Refusal::wrong(message))
}

/// Where the connector file can be named, for those who named none.
pub(super) fn without_connector() -> Refusal {
    Refusal::wrong(format!(
        "there is no connector file: name it by `--config-path` or `{}`",
        settings::VARIABLE
    ))
}
