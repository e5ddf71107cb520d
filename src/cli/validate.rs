//! `rolecall validate FILE…`: every mistake, without connecting.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Outcome, report};
use crate::config::{self, CompileContext, Environment, ProcessEnvironment};
use crate::diagnostic::{self, Diagnostic, DiagnosticView, Severity};
use crate::plan::{self, Plan};

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
        // A file can be checked where its variables are not set.
        found.extend(check(file, args.strict, Severity::Warning, &ProcessEnvironment).1);
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

/// Reads and compiles one file: the plan, when it can run, and everything found, sorted.
/// `unset_variable` is how bad an environment variable without a value is.
pub(crate) fn check(
    path: &Path,
    strict: bool,
    unset_variable: Severity,
    environment: &dyn Environment,
) -> (Option<Plan>, Vec<Diagnostic>) {
    let loaded = config::load(path);
    let mut found = loaded.diagnostics;
    let mut plan = None;
    if let Some((dialect, config)) = &loaded.config {
        let mut cx =
            CompileContext::new(loaded.file.clone(), *dialect, environment, unset_variable);
        plan = plan::compile(config, &loaded.file, &mut cx);
        found.append(&mut cx.diagnostics);
    }
    if strict {
        for diagnostic in &mut found {
            if diagnostic.severity == Severity::Warning {
                diagnostic.severity = Severity::Error;
            }
        }
    }
    diagnostic::sort(&mut found);
    if diagnostic::has_errors(&found) {
        plan = None;
    }
    (plan, found)
}
