//! `rolecall inspect FILE.c1z …`: a sync file → tables, JSON or CSV of what it holds.

mod access;
mod diff;
mod entitlements;
mod export;
mod grants;
mod names;
mod principals;
pub(super) mod render;
mod resources;
mod select;
mod stats;
mod syncs;
mod verify;
pub mod view;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Outcome;
use crate::c1z::{C1z, ReadLimits};
use crate::model::SyncId;
use export::ExportFormat;
use render::{Format, Screen};

/// Which file to look into, and for what.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The sync file.
    #[arg(value_name = "FILE.c1z")]
    file: PathBuf,
    #[command(subcommand)]
    what: What,
    /// How to print it; `export` has csv, jsonl and xlsx, everything else table, json and csv.
    #[arg(long, global = true, value_enum)]
    format: Option<AnyFormat>,
    /// The sync run to show, instead of the latest finished one.
    #[arg(long, global = true, value_name = "ID")]
    sync_id: Option<String>,
    /// The largest database to unpack, in MiB.
    #[arg(
        long,
        global = true,
        value_name = "MIB",
        default_value_t = 10 * 1024,
        env = "BATON_DECODER_MAX_DECODED_SIZE_MB",
        hide_env_values = true
    )]
    max_decoded_mib: u64,
}

/// Every format of any command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AnyFormat {
    /// For people: no wider than the terminal, and never cut off through a pipe.
    Table,
    /// For programs: every fact, in names that stay.
    Json,
    /// For spreadsheets: one line per row, names first; what looks like a formula is made text.
    Csv,
    /// For programs, from `export`: every fact, one object per line.
    Jsonl,
    /// For spreadsheets, from `export`: a workbook.
    Xlsx,
}

impl AnyFormat {
    /// The format in which something is printed.
    fn of_print(wanted: Option<Self>) -> Option<Format> {
        match wanted {
            None | Some(Self::Table) => Some(Format::Table),
            Some(Self::Json) => Some(Format::Json),
            Some(Self::Csv) => Some(Format::Csv),
            Some(Self::Jsonl | Self::Xlsx) => None,
        }
    }

    /// The format of an export, where it has one of this name.
    fn of_export(self) -> Option<ExportFormat> {
        match self {
            Self::Table | Self::Json => None,
            Self::Csv => Some(ExportFormat::Csv),
            Self::Jsonl => Some(ExportFormat::Jsonl),
            Self::Xlsx => Some(ExportFormat::Xlsx),
        }
    }
}

#[derive(Debug, Subcommand)]
enum What {
    /// Users, groups, roles and everything else access is given to or on.
    Resources(resources::ResourcesArgs),
    /// What can be held on resources.
    ///
    /// `-t` and `-r` name the resource it is held on.
    Entitlements(entitlements::EntitlementsArgs),
    /// Who holds what.
    ///
    /// `-t` and `-r` name the resource something is held on, not who holds it: for that, see
    /// `access`.
    Grants(grants::GrantsArgs),
    /// Those who hold something.
    ///
    /// `-t` and `-r` name the resource it is held on.
    Principals(principals::PrincipalsArgs),
    /// What one principal can reach; without arguments, who has access to what.
    ///
    /// `-t` and `-r` name the principal; `-t` alone shows every principal of the type.
    Access(access::AccessArgs),
    /// When the sync ran and how much it found.
    Stats,
    /// The syncs that the file holds, the latest first.
    Syncs,
    /// What another sync, usually a later one, has that this one has not: who gained and lost what.
    Diff(diff::DiffArgs),
    /// Everything of a sync in files: CSV or JSON Lines, one per table, or one XLSX workbook.
    Export(export::ExportArgs),
    /// Where the file contradicts itself, what is missing in it, and what of it is in doubt.
    ///
    /// Exit code 0 when it is sound, 1 when there are errors, 3 when there are only warnings.
    Verify(verify::VerifyArgs),
}

/// Prints what `args` ask for. A reader that goes away early, such as `head`, is no error.
pub fn run(args: InspectArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    run_with_width(args, out, width())
}

/// How wide tables may be: as the terminal, and through a pipe as they are.
pub(super) fn width() -> Option<u16> {
    io::stdout()
        .is_terminal()
        .then(terminal_size::terminal_size)
        .flatten()
        .map(|(terminal_size::Width(columns), _)| columns)
}

/// Prints what `args` ask for, tables no wider than `width`. `None`: as wide as they are.
pub fn run_with_width(
    args: InspectArgs,
    out: &mut dyn Write,
    width: Option<u16>,
) -> anyhow::Result<Outcome> {
    let Some(format) = args.printed_format() else {
        eprintln!("error: {}", args.wrong_format());
        return Ok(Outcome::Wrong);
    };
    let mut out = BufWriter::new(out);
    let mut screen = Screen::new(&mut out, format, width);
    let printed = print(&args, &mut screen);
    match printed.and_then(|outcome| out.flush().map(|()| outcome).map_err(Into::into)) {
        Err(error) if super::is_broken_pipe(&error) => Ok(Outcome::Done),
        printed => printed,
    }
}

impl InspectArgs {
    /// How to print; `None` when the command has no such format.
    fn printed_format(&self) -> Option<Format> {
        match (&self.what, self.format) {
            (What::Export(_), Some(wanted)) => wanted.of_export().map(|_| Format::Table),
            (_, wanted) => AnyFormat::of_print(wanted),
        }
    }

    fn wrong_format(&self) -> &'static str {
        match self.what {
            What::Export(_) => "`export` has the formats `csv`, `jsonl` and `xlsx`",
            _ => "`jsonl` and `xlsx` are formats of `export`; this has `table`, `json` and `csv`",
        }
    }
}

fn print(args: &InspectArgs, screen: &mut Screen) -> anyhow::Result<Outcome> {
    let limits = ReadLimits {
        decoded_bytes: args.max_decoded_mib.saturating_mul(1 << 20),
    };
    let open = || C1z::open(&args.file, limits);
    let wanted = args.sync_id.clone().map(SyncId);
    let listing = match &args.what {
        What::Verify(how) => return verify::run(how, open(), wanted.as_ref(), screen),
        What::Diff(how) => return diff::run(how, &open()?, wanted.as_ref(), limits, screen),
        What::Syncs => {
            syncs::run(&open()?, screen)?;
            return Ok(Outcome::Done);
        }
        listing => listing,
    };
    let file = open()?;
    let sync = file.sync(wanted.as_ref())?;
    match listing {
        What::Resources(args) => resources::run(args, &sync, screen)?,
        What::Entitlements(args) => entitlements::run(args, &sync, screen)?,
        What::Grants(args) => grants::run(args, &sync, screen)?,
        What::Principals(args) => principals::run(args, &sync, screen)?,
        What::Access(args) => access::run(args, &sync, screen)?,
        What::Stats => stats::run(&sync, screen)?,
        What::Export(how) => {
            let format = args.format.and_then(AnyFormat::of_export);
            export::run(how, format, &sync, screen)?;
        }
        What::Diff(_) | What::Syncs | What::Verify(_) => {}
    }
    Ok(Outcome::Done)
}
