//! `rolecall explain FILE TYPE ID`: the way of one record, from what was asked to what it became.

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Value as Json;

use super::Outcome;
use super::preview::{Looked, RowView, RunArgs, look};
use super::terminal::printable;
use crate::causes::in_one_line;
use crate::config;
use crate::diagnostic::{Location, SourceFile};
use crate::model::ResourceId;
use crate::preview::{Journey, Places, Step, Wanted, What, paging};
use crate::source::Asked;
use crate::sync::Phase;

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

/// Tells ways, without secrets.
struct Teller<'l> {
    places: Places,
    file: Arc<SourceFile>,
    looked: &'l Looked,
}

/// The way of a record.
#[derive(Debug, Serialize)]
struct WayView {
    listing: String,
    page: usize,
    number: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<AskedView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    asked_with: Vec<StepView>,
    record: Json,
    expressions: Vec<StepView>,
    became: Vec<RowView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<String>,
}

#[derive(Debug, Serialize)]
struct AskedView {
    /// One line: the request, or what was bound.
    line: String,
    #[serde(skip)]
    has_values: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

/// An expression, where it is written, and what it came to.
#[derive(Debug, Serialize)]
struct StepView {
    path: String,
    line: usize,
    column: usize,
    expression: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl Teller<'_> {
    fn tell(&self, way: &Journey<'_>) -> WayView {
        let hide = &self.looked.hide;
        let listing = way.listing;
        let section = match listing.phase {
            Phase::Resources => "list",
            Phase::Grants => "grants",
            _ => "entitlements",
        };
        let near = format!("resource_types.{}.{section}", listing.resource_type);
        let steps = |steps: &[Step]| -> Vec<StepView> {
            let told = steps.iter().filter(|step| !step.is_literal);
            told.map(|step| self.step(step, &near)).collect()
        };
        let record = way.record;
        WayView {
            listing: listing.name.clone(),
            page: way.page_number,
            number: way.number,
            asked: way.page.told.as_ref().map(|told| {
                let (statement, body, has_values) = match &told.asked {
                    Asked::Request(request) => (None, request.body.clone(), false),
                    Asked::Statement {
                        sql,
                        values,
                        database,
                    } => {
                        let has_values = !values.is_empty() || database.is_some();
                        (Some(sql.clone()), None, has_values)
                    }
                };
                AskedView {
                    line: hide.text(&paging::line(&told.asked)),
                    has_values,
                    statement: statement.map(|it| hide.text(&it)),
                    body: body.map(|it| hide.text(&it)),
                    status: told.answer.as_ref().map(|answer| answer.status),
                }
            }),
            asked_with: steps(&way.page.steps),
            record: Json::from(&hide.value(&record.record)),
            expressions: steps(&record.steps),
            became: record
                .rows
                .iter()
                .map(|seen| RowView::of(&seen.row, hide))
                .collect(),
            failures: record.failures.iter().map(|it| hide.text(it)).collect(),
        }
    }

    fn step(&self, step: &Step, near: &str) -> StepView {
        let hide = &self.looked.hide;
        let at = Location {
            file: self.file.clone(),
            span: step.place,
        };
        let (line, column) = at.line_column();
        StepView {
            path: self.places.path(step.place, near).unwrap_or("?").to_owned(),
            line,
            column,
            expression: hide.text(&step.source),
            value: match &step.value {
                Ok(value) => Some(Json::from(&hide.value(value))),
                Err(_) => None,
            },
            failure: step.value.as_ref().err().map(|error| hide.text(error)),
        }
    }

    fn failure(&self) -> Option<String> {
        let failure = self.looked.preview.failure.as_ref()?;
        Some(self.looked.hide.text(&in_one_line(failure)))
    }

    /// What is said where no record was found.
    fn nothing(&self, id: &ResourceId, what: What) -> String {
        let listings = &self.looked.preview.listings;
        let pages: usize = listings.iter().map(|listing| listing.pages.len()).sum();
        let records: usize = listings.iter().map(|it| it.records().count()).sum();
        let is_cut = listings.iter().any(|listing| listing.is_cut);
        let found = listings
            .iter()
            .any(|listing| listing.rows().any(|row| row.is(id)));
        match (what, found) {
            (What::Resources, _) | (_, false) => format!(
                "no record is `{id}`: {records} records on {pages} pages were looked at{}",
                match is_cut {
                    true => ", and there are more: `--pages` says on how many to look",
                    false => "",
                }
            ),
            (what, true) => format!("`{id}` is there, and no record brings it {what}"),
        }
    }
}

impl WayView {
    fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(out, "{}", printable(&self.listing))?;
        if let Some(asked) = &self.asked {
            if let Some(statement) = &asked.statement {
                writeln!(out, "  asked:")?;
                for line in statement.trim().lines() {
                    writeln!(out, "    {}", printable(line))?;
                }
                if asked.has_values {
                    writeln!(out, "    with {}", printable(&asked.line))?;
                }
            } else {
                writeln!(out, "  asked: {}", printable(&asked.line))?;
            }
            if let Some(body) = &asked.body {
                writeln!(out, "    {}", printable(body))?;
            }
            if let Some(status) = asked.status {
                writeln!(out, "  answered: {status}")?;
            }
        }
        write_steps("  to ask it:", &self.asked_with, out)?;
        writeln!(out, "  record {} of page {}:", self.number, self.page)?;
        write_json(&self.record, out)?;
        write_steps("  mapped:", &self.expressions, out)?;
        for failure in &self.failures {
            writeln!(out, "  cannot be mapped: {}", printable(failure))?;
        }
        for row in &self.became {
            writeln!(out, "  became:")?;
            let json = serde_json::to_value(row).map_err(std::io::Error::from)?;
            write_json(&json, out)?;
        }
        if self.became.is_empty() && self.failures.is_empty() {
            let skipped = self.expressions.iter().rev().find(|step| {
                let is_skip = step.path.ends_with("skip_if");
                is_skip && step.value == Some(Json::Bool(true))
            });
            match skipped {
                Some(step) => writeln!(
                    out,
                    "  became nothing: `{}` is true, at line {}",
                    printable(&step.expression),
                    step.line
                )?,
                None => writeln!(out, "  became nothing")?,
            }
        }
        Ok(())
    }
}

fn write_steps(title: &str, steps: &[StepView], out: &mut dyn Write) -> std::io::Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(out, "{title}")?;
    for step in steps {
        let value = match (&step.value, &step.failure) {
            (Some(value), _) => format!("= {value}"),
            (None, failure) => format!("! {}", failure.as_deref().unwrap_or_default()),
        };
        let StepView {
            path, line, column, ..
        } = step;
        writeln!(out, "    {line}:{column} {}", printable(path))?;
        let expression = step.expression.trim().replace('\n', " ");
        writeln!(out, "      {}", printable(&expression))?;
        writeln!(out, "      {}", printable(&value))?;
    }
    Ok(())
}

fn write_json(json: &Json, out: &mut dyn Write) -> std::io::Result<()> {
    for line in format!("{json:#}").lines() {
        writeln!(out, "    {}", printable(line))?;
    }
    Ok(())
}
