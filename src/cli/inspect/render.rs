//! Rows → a table for people, JSON or CSV for programs.

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use comfy_table::{ContentArrangement, Table, TableComponent, presets};
use serde::Serialize;

use crate::cli::terminal::{inert, printable};
use crate::model::SyncRun;
use crate::sync::Doubts;

/// How a listing is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: no wider than the terminal, and never cut off through a pipe.
    Table,
    /// For programs: every fact, in names that stay.
    Json,
    /// For spreadsheets: one line per row, names first; what looks like a formula is made text.
    Csv,
}

/// One row of a listing, in its three forms. The JSON form is its `Serialize`.
pub(super) trait Row: Serialize {
    /// Column titles of the table.
    const TITLES: &'static [&'static str];
    /// The cells under them.
    fn cells(&self) -> Vec<String>;
    /// Column names of the CSV.
    const NAMES: &'static [&'static str];
    /// The values under them.
    fn values(&self) -> Vec<String>;
}

/// Where everything goes, and in which form.
pub(super) struct Screen<'a> {
    out: &'a mut dyn Write,
    pub format: Format,
    width: Option<u16>,
}

impl<'a> Screen<'a> {
    pub fn new(out: &'a mut dyn Write, format: Format, width: Option<u16>) -> Self {
        Self { out, format, width }
    }

    /// Prints a listing. `noun` is what one row is, with its plural.
    pub fn list<R: Row>(
        &mut self,
        run: &SyncRun,
        (one, many): (&str, &str),
        rows: &[R],
    ) -> anyhow::Result<()> {
        match self.format {
            Format::Json => {
                let rows = serde_json::to_value(rows)?;
                self.json(&serde_json::json!({ "sync_id": run.id.0, many: rows }))
            }
            Format::Csv => self.csv(R::NAMES, rows.iter().map(Row::values)),
            Format::Table => {
                if !rows.is_empty() {
                    self.table(R::TITLES, rows.iter().map(Row::cells))?;
                }
                let noun = if rows.len() == 1 { one } else { many };
                let count = rows.len();
                self.line(&format!("{count} {noun} in {}", name(run)))
            }
        }
    }

    pub fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value).map_err(io::Error::from)?;
        self.line("")
    }

    pub fn csv(
        &mut self,
        names: &[&str],
        rows: impl Iterator<Item = Vec<String>>,
    ) -> anyhow::Result<()> {
        let mut csv = csv::Writer::from_writer(&mut self.out);
        csv.write_record(names).map_err(cause)?;
        for row in rows {
            csv.write_record(row.into_iter().map(inert))
                .map_err(cause)?;
        }
        Ok(csv.flush()?)
    }

    pub fn table(
        &mut self,
        titles: &[&str],
        rows: impl Iterator<Item = Vec<String>>,
    ) -> anyhow::Result<()> {
        let mut table = Table::new();
        table
            .load_preset(presets::NOTHING)
            .set_style(TableComponent::HeaderLines, '─')
            .set_style(TableComponent::MiddleHeaderIntersections, '─')
            .set_header(titles.iter().map(|title| printable(title)))
            .add_rows(rows.map(|row| {
                row.iter()
                    .map(|cell| printable(cell).into_owned())
                    .collect::<Vec<_>>()
            }));
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        match self.width {
            Some(width) => table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        // The padding of the last column says nothing and wraps in narrow windows.
        for line in table.lines() {
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    pub fn line(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.out, "{text}")?)
    }
}

/// A run by its id, with what must be known before its rows are believed.
pub(super) fn name(run: &SyncRun) -> String {
    let state = if run.ended_at.is_some() {
        "sync"
    } else {
        "unfinished sync"
    };
    let doubt = match Doubts::parse(&run.token) {
        Some(_) => ": PARTIAL, something may be missing; `stats` says what",
        None => "",
    };
    format!("{state} {}{doubt}", run.id)
}

/// A moment, to the second.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The failure of the output itself, which `csv` wraps without naming it as its source.
fn cause(error: csv::Error) -> anyhow::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => anyhow::anyhow!("{other:?}"),
    }
}
