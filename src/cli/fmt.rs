//! `rolecall fmt FILE…`: connector files, tidied.

use std::io::{Write, stderr};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::{Outcome, report};
use crate::config;
use crate::diagnostic::SourceFile;
use crate::rewrite::{Untidy, tidy, unified};

/// Which files to tidy.
#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    /// The connector files, or others in YAML. `-` reads standard input and writes to standard output.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write nothing; say which files are not tidy, and exit with 1 when one is not.
    #[arg(long)]
    check: bool,
    /// Write nothing; show what would change.
    #[arg(long)]
    diff: bool,
}

/// Tidies the files.
pub(crate) fn run(args: &FmtArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Done;
    for path in &args.files {
        let from_input = path.as_os_str() == "-";
        let file = match read(path, from_input) {
            Ok(file) => file,
            Err(error) => {
                eprintln!("{}", report::failure(&error));
                outcome = Outcome::Wrong;
                continue;
            }
        };
        let shown = file.path().display().to_string();
        let tidied = match tidy(&file) {
            Ok(tidied) => tidied,
            Err(Untidy::NotYaml(found)) => {
                report::diagnostics(&found, report::colour_on_stderr(), &mut stderr().lock())?;
                outcome = Outcome::Wrong;
                continue;
            }
            Err(Untidy::Unsafe) => {
                eprintln!("error: `{shown}` is left as it is: tidied, it would say something else");
                outcome = Outcome::Wrong;
                continue;
            }
        };
        let is_tidy = tidied == file.text();
        if !is_tidy && args.check && matches!(outcome, Outcome::Done) {
            outcome = Outcome::Failed;
        }
        if args.diff {
            write!(out, "{}", unified(&shown, file.text(), &tidied))?;
        } else if args.check {
            if !is_tidy {
                writeln!(out, "{shown} is not tidy")?;
            }
        } else if from_input {
            write!(out, "{tidied}")?;
        } else if !is_tidy {
            super::whole_file::replace(path, tidied.as_bytes())?;
            writeln!(out, "{shown}")?;
        }
    }
    Ok(outcome)
}

/// A file, or standard input, as text.
pub(super) fn read(
    path: &std::path::Path,
    from_input: bool,
) -> anyhow::Result<std::sync::Arc<SourceFile>> {
    if from_input {
        let text = std::io::read_to_string(std::io::stdin());
        return Ok(SourceFile::new(
            "standard input",
            text.context("reading standard input")?,
        ));
    }
    config::read_text(path).map_err(|diagnostic| {
        let error = anyhow::anyhow!("{}", diagnostic.message);
        match diagnostic.help {
            Some(help) => anyhow::anyhow!("{error}; {help}"),
            None => error,
        }
    })
}
