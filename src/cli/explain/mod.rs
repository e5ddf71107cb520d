//! `rolecall explain FILE TYPE ID`: the way of one record, from what was asked to what it became.

mod teller;
mod way;

use std::io::Write;
use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};

use super::Outcome;
use super::preview::{RunArgs, look};
use super::terminal::printable;
use crate::config;
use crate::model::ResourceId;
use crate::preview::{Journey, Places, Wanted, What};
use teller::Teller;
use way::WayView;

/// Which record.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    run: RunArgs,
    /// The resource type.
    #[arg(value_name = "TYPE")]
    resource_type: String,
    /// The id of the resource.
    #[arg(value_name = "ID")]
    id: String,
    /// The records that become grants on the resource, instead of the resource's own.
    #[arg(long, conflicts_with = "entitlements")]
    grants: bool,
    /// The records that become entitlements of the resource, instead of its own.
    #[arg(long)]
    entitlements: bool,
    /// Pages of each listing to look for it on.
    #[arg(long, value_name = "N", default_value = "100")]
    pages: NonZeroUsize,
    /// How many records to show.
    #[arg(long, value_name = "N", default_value = "5")]
    limit: NonZeroUsize,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    format: ExplainFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum ExplainFormat {
    /// For people.
    Text,
    /// One JSON object, for tools.
    Json,
}

/// Parents and resources that listings run for while one is looked for.
const RESOURCES: usize = 1000;

/// Shows the way.
pub(crate) fn run(args: &ExplainArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let what = match (args.grants, args.entitlements) {
        (true, _) => What::Grants,
        (_, true) => What::Entitlements,
        _ => What::Resources,
    };
    let id = ResourceId::new(args.resource_type.as_str(), args.id.as_str());
    let wanted = Wanted {
        pages: args.pages.get(),
        resources: RESOURCES,
        records: usize::MAX,
        only: Some(id.clone()),
        ..Wanted::first_page(args.resource_type.as_str(), what)
    };
    let looked = match look(&args.run, &wanted)? {
        Ok(looked) => looked,
        Err(outcome) => return Ok(outcome),
    };
    let ways = match what {
        What::Resources => Journey::of_resource(&looked.preview, &id),
        What::Entitlements | What::Grants => Journey::on_resource(&looked.preview, &id),
    };
    let written = config::load(&args.run.file).file;
    let teller = Teller {
        places: Places::of(&written),
        file: written,
        looked: &looked,
    };
    let shown: Vec<WayView> = ways
        .iter()
        .take(args.limit.get())
        .map(|way| teller.tell(way))
        .collect();
    if args.format == ExplainFormat::Json {
        let failure = teller.failure();
        let view = serde_json::json!({
            "resource": id.to_string(),
            "records": shown,
            "more": ways.len() - shown.len(),
            "failure": failure,
        });
        writeln!(out, "{view:#}")?;
    } else {
        for (at, way) in shown.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            way.write(out)?;
        }
        if ways.len() > shown.len() {
            let more = ways.len() - shown.len();
            writeln!(out, "\n… and {more} more records: `--limit {}`", ways.len())?;
        }
        if let Some(failure) = teller.failure() {
            writeln!(out, "failed: {}", printable(&failure))?;
        }
        if ways.is_empty() {
            writeln!(out, "{}", teller.nothing(&id, what))?;
        }
    }
    let has_failed = ways.iter().any(|way| !way.record.failures.is_empty());
    Ok(match (looked.end(), ways.is_empty()) {
        (Outcome::Done | Outcome::Partial, true) => Outcome::NotFound,
        (Outcome::Done | Outcome::Partial, false) if has_failed => Outcome::Partial,
        (Outcome::Done | Outcome::Partial, false) => Outcome::Done,
        (failed, _) => failed,
    })
}
