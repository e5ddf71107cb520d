//! `inspect … export`: everything of a run → files for spreadsheets and other programs.

mod folder;
mod tables;
mod workbook;

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::render::{Screen, name};
use super::view::SyncView;
use crate::c1z::Sync;
use crate::cli::report::counted;
use crate::cli::terminal::printable;
use folder::Folder;
use workbook::Workbook;

/// Where an export goes.
#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// A folder for CSV and JSON Lines, one file per table; a file for XLSX.
    #[arg(long, value_name = "DIR|FILE")]
    to: PathBuf,
    /// Replace files that are there already, whoever wrote them.
    #[arg(long)]
    force: bool,
}

/// What an export is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
    Csv,
    Jsonl,
    Xlsx,
}

/// A place for tables: a folder of files, or a workbook. Rows come one by one, a table after the other.
trait Tables {
    /// Begins a table under its name, for example `grants`.
    fn begin(&mut self, table: &'static str, columns: &[String]) -> anyhow::Result<()>;
    /// Adds a row to it.
    fn row(&mut self, values: Vec<String>) -> anyhow::Result<()>;
    /// Ends it.
    fn end(&mut self) -> anyhow::Result<()>;
}

pub(super) fn run(
    args: &ExportArgs,
    format: Option<ExportFormat>,
    sync: &Sync,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let is_workbook = args.to.extension() == Some(OsStr::new("xlsx"));
    let format = format.unwrap_or(match is_workbook {
        true => ExportFormat::Xlsx,
        false => ExportFormat::Csv,
    });
    let about = json!({ "sync": SyncView::from(sync.run()) });
    match format {
        ExportFormat::Xlsx => {
            let mut book = Workbook::create(&args.to, args.force, sync.run())?;
            tables::write(sync, Some(workbook::MAX_COLUMNS), &mut book)?;
            let cut = book.finish()?;
            if cut > 0 {
                let cells = counted(cut, "cell");
                eprintln!(
                    "{cells} cut at 32,767 characters, the most that XLSX holds: CSV has them whole"
                );
            }
        }
        ExportFormat::Csv => {
            let mut folder = Folder::create(&args.to, args.force)?;
            tables::write(sync, None, &mut folder)?;
            folder.finish(about)?;
        }
        ExportFormat::Jsonl => {
            let mut folder = Folder::create(&args.to, args.force)?;
            tables::write_lines(sync, &mut folder)?;
            folder.finish(about)?;
        }
    }
    let to = args.to.display().to_string();
    screen.line(&format!("{}: {}", printable(&to), name(sync.run())))
}
