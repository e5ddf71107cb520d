//! `rolecall validate FILE…`: every mistake, without connecting.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Outcome, report};
use crate::config::{self, ProcessEnvironment};
use crate::diagnostic::{self, DiagnosticView, Severity};
use crate::plan::{self, Check, Purpose};

/// Which files to check, and how to tell.
#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// The connector files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t = DiagnosticFormat::Text)]
    format: DiagnosticFormat,
    /// Take warnings for errors.
    #[arg(long)]
    strict: bool,
    /// Also ask the system: look at each statement, call each listing once. Nothing is changed.
    #[arg(long)]
    online: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DiagnosticFormat {
    /// For people.
    Text,
    /// A JSON array, for tools.
    Json,
}

/// Checks the files.
pub(crate) fn run(args: &ValidateArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let mut found = Vec::new();
    for file in &args.files {
        let how = Check {
            environment: &ProcessEnvironment,
            // A file can be checked where its variables are not set.
            unset_variable: match args.online {
                true => Severity::Error,
                false => Severity::Warning,
            },
            strict: args.strict,
            purpose: Purpose::Everything,
        };
        let (plan, of_file) = plan::check(config::load(file), how);
        found.extend(of_file);
        if let Some(plan) = plan.filter(|_| args.online) {
            found.extend(super::online::ask(plan, file)?);
        }
    }
    match args.format {
        DiagnosticFormat::Json => {
            let views: Vec<DiagnosticView> = found.iter().map(DiagnosticView::from).collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&views)?)?;
        }
        DiagnosticFormat::Text if found.is_empty() => {
            let files = args.files.len();
            writeln!(
                out,
                "{files} file{}: no problems",
                if files == 1 { "" } else { "s" }
            )?;
        }
        DiagnosticFormat::Text => report::diagnostics(&found, report::colour_on_stdout(), out)?,
    }
    Ok(if diagnostic::has_errors(&found) {
        Outcome::Wrong
    } else {
        Outcome::Done
    })
}
