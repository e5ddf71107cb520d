//! `rolecall migrate FILE…`: old shapes of the language, brought up to date.

use std::io::{Write, stderr};
use std::path::PathBuf;

use clap::Args;

use super::{Outcome, fmt, report};
use crate::diagnostic::SourceFile;
use crate::rewrite::{migrate, tidy, unified};

/// Which files to bring up to date.
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// The connector files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the files. Otherwise what would change is only shown.
    #[arg(long)]
    write: bool,
}

/// Brings the files up to date; shows what changes, and why.
pub(crate) fn run(args: &MigrateArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Done;
    for path in &args.files {
        let file = match fmt::read(path, false) {
            Ok(file) => file,
            Err(error) => {
                eprintln!("{}", report::failure(&error));
                outcome = Outcome::Wrong;
                continue;
            }
        };
        let migrated = match migrate(&file) {
            Ok(migrated) => migrated,
            Err(found) => {
                report::diagnostics(&found, report::colour_on_stderr(), &mut stderr().lock())?;
                outcome = Outcome::Wrong;
                continue;
            }
        };
        let shown = path.display().to_string();
        if migrated.migrations.is_empty() {
            writeln!(out, "{shown}: nothing is old in it")?;
            continue;
        }
        // What was tidy stays so.
        let was_tidy = tidy(&file).is_ok_and(|tidied| tidied == file.text());
        let text = match was_tidy {
            true => tidy(&SourceFile::new(path, migrated.text.as_str())).unwrap_or(migrated.text),
            false => migrated.text,
        };
        write!(out, "{}", unified(&shown, file.text(), &text))?;
        writeln!(out)?;
        for migration in &migrated.migrations {
            writeln!(out, "{shown}:{}: {}", migration.line, migration.reason)?;
        }
        if args.write {
            super::whole_file::replace(path, text.as_bytes())?;
            writeln!(out, "{shown} is written")?;
        }
    }
    Ok(outcome)
}
