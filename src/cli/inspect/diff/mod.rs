//! `inspect A diff B`: two runs → who gained and lost what, and what else is not the same.

mod change;
mod fields;
mod printer;

use std::path::PathBuf;

use anyhow::bail;
use clap::ValueEnum;

use super::render::Screen;
use super::view::SyncView;
use crate::c1z::diff::{self, Facts, Side};
use crate::c1z::{C1z, ReadLimits, Sync};
use crate::cli::Outcome;
use crate::model::{SyncId, SyncKind, SyncRun};
use change::Changes;
use printer::Printer;

/// What to compare with, and what of it.
#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// The later sync file. Left out: two syncs of the same file are compared, the one before the
    /// latest with the latest, when the command line names none.
    #[arg(value_name = "OTHER.c1z")]
    other: Option<PathBuf>,
    /// The sync run of the later file, instead of the latest finished one.
    #[arg(long, value_name = "ID")]
    other_sync_id: Option<String>,
    /// Compare only these.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Only>,
    /// Exit with 3 when there are differences.
    #[arg(long)]
    exit_code: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    /// Resource types.
    Types,
    /// Users, groups, roles and everything else access is given to or on.
    Resources,
    /// What can be held.
    Entitlements,
    /// Who holds what.
    Grants,
}

const ALL: [(Only, Facts); 4] = [
    (Only::Types, Facts::ResourceTypes),
    (Only::Resources, Facts::Resources),
    (Only::Entitlements, Facts::Entitlements),
    (Only::Grants, Facts::Grants),
];

pub(super) fn run(
    args: &DiffArgs,
    file: &C1z,
    wanted: Option<&SyncId>,
    limits: ReadLimits,
    screen: &mut Screen,
) -> anyhow::Result<Outcome> {
    let opened = args.other.as_ref().map(|path| C1z::open(path, limits));
    let opened = opened.transpose()?;
    let other = opened.as_ref().unwrap_or(file);
    let other_wanted = args.other_sync_id.clone().map(SyncId);
    let to = other.sync(other_wanted.as_ref())?;
    let from = match (wanted, &opened) {
        (None, None) => before(file, to.run())?,
        _ => file.sync(wanted)?,
    };
    let warnings = warnings(from.run(), to.run());
    let mut printer = Printer::begin(screen, (file, &from), (other, &to), &warnings)?;
    let changes = Changes::between(&from, &to);
    let [old, new] = [(file, &from), (other, &to)].map(|(file, sync)| Side {
        file,
        run: sync.run(),
    });
    for (only, facts) in ALL {
        if !args.only.is_empty() && !args.only.contains(&only) {
            continue;
        }
        diff::diff(facts, old, new, |difference| -> anyhow::Result<()> {
            match changes.of(facts, difference)? {
                Some(change) => printer.tell(&change),
                // The messages differ in nothing that a reader is told.
                None => Ok(()),
            }
        })?;
    }
    let differs = printer.end()?;
    Ok(match differs && args.exit_code {
        true => Outcome::Partial,
        false => Outcome::Done,
    })
}

/// The finished run of the same kind that came before another one.
fn before<'f>(file: &'f C1z, to: &SyncRun) -> anyhow::Result<Sync<'f>> {
    let runs = file.runs()?;
    let later = runs.iter().skip_while(|run| run.id != to.id).skip(1);
    let mut before = later.filter(|run| run.kind == to.kind && run.ended_at.is_some());
    match before.next() {
        Some(run) => Ok(file.sync(Some(&run.id))?),
        None => bail!(
            "`{}` holds no other {} sync that ended before {}; name a second file",
            file.path().display(),
            to.kind.as_str(),
            to.id
        ),
    }
}

/// What keeps an absence from being a loss, or a presence from being a gain.
fn warnings(from: &SyncRun, to: &SyncRun) -> Vec<String> {
    let doubt = |run: &SyncRun| {
        let view = SyncView::from(run);
        match (&run.kind, view.ended_at, view.partial) {
            (_, None, _) => Some("did not end".to_owned()),
            (_, _, Some(_)) => Some("is PARTIAL".to_owned()),
            (SyncKind::Full, ..) => None,
            (kind, ..) => Some(format!("is of kind `{}`", kind.as_str())),
        }
    };
    let from_doubt = doubt(from).map(|why| {
        format!(
            "sync {} {why}: what is told as added may have been there",
            from.id
        )
    });
    let to_doubt = doubt(to).map(|why| {
        format!(
            "sync {} {why}: what is told as removed may still be there",
            to.id
        )
    });
    from_doubt.into_iter().chain(to_doubt).collect()
}
