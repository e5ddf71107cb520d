//! `rolecall preview FILE TYPE [WHAT]`: one listing, as a sync would have it.

mod rows;
mod run;
mod text;
mod view;

pub(super) use run::{Looked, RunArgs, look};
pub(super) use view::RowView;

use std::io::{BufWriter, Write};
use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};

use super::Outcome;
use super::inspect::render::{Format, Screen};
use super::inspect::width;
use crate::preview::{Wanted, What};

/// Which listing, and how much of it.
#[derive(Debug, Args)]
pub(crate) struct PreviewArgs {
    #[command(flatten)]
    run: RunArgs,
    /// The resource type.
    #[arg(value_name = "TYPE")]
    resource_type: String,
    /// What of it: its resources, what can be held on them, or who holds it.
    #[arg(value_enum, default_value_t = Listing::List)]
    what: Listing,
    /// Pages of each listing. With two or more, paging itself is looked at.
    #[arg(long, value_name = "N", default_value = "1")]
    pages: NonZeroUsize,
    /// For how many resources entitlements and grants are listed, and for how many parents resources
    /// are: the first ones.
    #[arg(long, value_name = "N", default_value = "3")]
    resources: NonZeroUsize,
    /// Rows shown of each listing.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Show the records as the system sent them, before they are mapped.
    #[arg(long)]
    raw: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = PreviewFormat::Table)]
    format: PreviewFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Listing {
    /// Its resources.
    List,
    /// What can be held on them.
    Entitlements,
    /// Who holds it.
    Grants,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum PreviewFormat {
    /// For people: no wider than the terminal.
    Table,
    /// One JSON object, for tools.
    Json,
}

/// Records after which a listing is left alone that has no pages.
const RECORDS: usize = 1000;

/// Looks at the listing.
pub(crate) fn run(args: &PreviewArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let wanted = Wanted {
        pages: args.pages.get(),
        resources: args.resources.get(),
        records: RECORDS,
        ..Wanted::first_page(
            args.resource_type.as_str(),
            match args.what {
                Listing::List => What::Resources,
                Listing::Entitlements => What::Entitlements,
                Listing::Grants => What::Grants,
            },
        )
    };
    let looked = match look(&args.run, &wanted)? {
        Ok(looked) => looked,
        Err(outcome) => return Ok(outcome),
    };
    let mut out = BufWriter::new(out);
    match args.format {
        PreviewFormat::Json => {
            let mut screen = Screen::new(&mut out, Format::Json, None);
            screen.json(&view::PreviewView::of(&looked))?;
        }
        PreviewFormat::Table => {
            let mut screen = Screen::new(&mut out, Format::Table, width());
            text::show(&looked, args.raw, args.limit, &mut screen)?;
        }
    }
    out.flush()?;
    Ok(looked.end())
}
