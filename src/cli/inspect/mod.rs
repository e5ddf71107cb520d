//! `rolecall inspect FILE.c1z …`: a sync file → tables, JSON or CSV of what it holds.

mod access;
mod entitlements;
mod grants;
mod names;
mod principals;
mod render;
mod resources;
mod select;
mod stats;
mod syncs;
mod verify;
pub mod view;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};

pub use render::Format;

use super::Outcome;
use crate::c1z::{C1z, ReadLimits};
use crate::model::SyncId;
use render::Screen;

/// Which file to look into, and for what.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The sync file.
    #[arg(value_name = "FILE.c1z")]
    file: PathBuf,
    #[command(subcommand)]
    what: What,
    /// How to print it.
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    format: Format,
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
    /// Where the file contradicts itself, what is missing in it, and what of it is in doubt.
    ///
    /// Exit code 0 when it is sound, 1 when there are errors, 3 when there are only warnings.
    Verify(verify::VerifyArgs),
}

/// Prints what `args` ask for. A reader that goes away early, such as `head`, is no error.
pub fn run(args: InspectArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let width = io::stdout()
        .is_terminal()
        .then(terminal_size::terminal_size)
        .flatten()
        .map(|(terminal_size::Width(columns), _)| columns);
    run_with_width(args, out, width)
}

/// Prints what `args` ask for, tables no wider than `width`. `None`: as wide as they are.
pub fn run_with_width(
    args: InspectArgs,
    out: &mut dyn Write,
    width: Option<u16>,
) -> anyhow::Result<Outcome> {
    let mut out = BufWriter::new(out);
    let mut screen = Screen::new(&mut out, args.format, width);
    let printed = print(&args, &mut screen);
    match printed.and_then(|outcome| out.flush().map(|()| outcome).map_err(Into::into)) {
        Err(error) if super::is_broken_pipe(&error) => Ok(Outcome::Done),
        printed => printed,
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
        What::Syncs | What::Verify(_) => {}
    }
    Ok(Outcome::Done)
}
