//! `rolecall validate FILE…`: every mistake, without connecting.

mod fix;

use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::report::counted;
use super::terminal::printable;
use super::{Outcome, file_search, online, report};
use crate::config::{self, Loaded, ProcessEnvironment};
use crate::connector_test::check_beside;
use crate::diagnostic::{self, Diagnostic, DiagnosticView, Severity, render_github, sarif};
use crate::plan::{self, Check, Plan, Purpose};

/// What the file that comes by standard input is called in messages.
const STANDARD_INPUT: &str = "stdin";

/// Which files to check, and how to tell.
#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// The connector files. Folders are searched for them, with the folders in them; `-` is standard
    /// input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t = DiagnosticFormat::Text)]
    format: DiagnosticFormat,
    /// Take warnings for errors.
    #[arg(long)]
    strict: bool,
    /// Change the files where one change surely puts a mistake right, and tell what is left.
    #[arg(long)]
    fix: bool,
    /// Also ask the systems: look at each statement, call each listing once. Nothing is changed.
    #[arg(long)]
    online: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiagnosticFormat {
    /// For people.
    Text,
    /// A JSON array, for tools.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Commands for the log of GitHub Actions, which shows them beside the lines.
    Github,
}

/// Checks the files.
pub(crate) fn run(args: &ValidateArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let from_input = |path: &&PathBuf| path.as_path() == Path::new("-");
    if args.fix && args.files.iter().any(|path| from_input(&path)) {
        eprintln!("error: `--fix` changes files, and standard input is none");
        return Ok(Outcome::Wrong);
    }
    let searched = file_search::find(&args.files);
    eprint!("{}", searched.account());
    let empty = searched.folders.iter().filter(|folder| folder.is_empty());
    let empty: Vec<_> = empty.map(|folder| folder.folder().display()).collect();
    for folder in &empty {
        eprintln!("error: there is no connector file in {folder}");
    }
    let mut found = Vec::new();
    for file in &searched.files {
        if args.fix {
            for line in fix::fix(file, args.strict)? {
                eprintln!("{}", printable(&line));
            }
        }
        let loaded = load(file)?;
        let of_tests = check_beside(file, &loaded);
        let (plan, of_file) = checked(loaded, args.strict, args.online);
        found.extend(of_file);
        found.extend(of_tests);
        if let Some(plan) = plan.filter(|_| args.online) {
            found.extend(online::ask(plan, file, args.strict)?);
        }
    }
    show(args.format, &found, searched.files.len(), out)?;
    Ok(if diagnostic::has_errors(&found) || !empty.is_empty() {
        Outcome::Wrong
    } else {
        Outcome::Done
    })
}

fn load(file: &Path) -> anyhow::Result<Loaded> {
    if file != Path::new("-") {
        return Ok(config::load(file));
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().read_to_end(&mut bytes);
    read.context("reading the connector from standard input")?;
    Ok(config::load_bytes(Path::new(STANDARD_INPUT), bytes))
}

/// Everything that is wrong with a file, sorted.
fn check(loaded: Loaded, strict: bool) -> Vec<Diagnostic> {
    checked(loaded, strict, false).1
}

/// The same with the plan of a file that can run. `online`: its system is going to be asked.
fn checked(loaded: Loaded, strict: bool, online: bool) -> (Option<Plan>, Vec<Diagnostic>) {
    let how = Check {
        environment: &ProcessEnvironment,
        // A file can be checked where its variables are not set, and its system cannot.
        unset_variable: match online {
            true => Severity::Error,
            false => Severity::Warning,
        },
        strict,
        purpose: Purpose::Everything,
    };
    plan::check(loaded, how)
}

fn show(
    format: DiagnosticFormat,
    found: &[Diagnostic],
    files: usize,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    match format {
        DiagnosticFormat::Json => {
            let views: Vec<DiagnosticView> = found.iter().map(DiagnosticView::from).collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&views)?)?;
        }
        DiagnosticFormat::Sarif => {
            writeln!(out, "{}", serde_json::to_string_pretty(&sarif(found))?)?;
        }
        DiagnosticFormat::Github => {
            for diagnostic in found {
                writeln!(out, "{}", render_github(diagnostic))?;
            }
        }
        DiagnosticFormat::Text => {
            report::excerpts(found, report::colour_on_stdout(), out)?;
            if files > 0 {
                writeln!(out, "{}", summary(found, files))?;
            }
        }
    }
    Ok(())
}

/// The last lines: how much was found, and what to do about it.
fn summary(found: &[Diagnostic], files: usize) -> String {
    let mut summary = format!(
        "{}: {}",
        counted(files as u64, "file"),
        report::tally(found)
    );
    if let Some(first) = found.first() {
        summary.push_str(&format!(
            "\nmore on a code: `rolecall explain-code {}`",
            first.code
        ));
    }
    let fixable = found.iter().filter(|diagnostic| !diagnostic.fix.is_empty());
    let fixable = fixable.count() as u64;
    if fixable > 0 {
        summary.push_str(&format!(
            "\n`rolecall validate --fix` would put {fixable} of them right"
        ));
    }
    summary
}
