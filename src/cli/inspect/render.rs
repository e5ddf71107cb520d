//! Rows → a table for people, JSON or CSV for programs.

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use comfy_table::{ContentArrangement, Table, TableComponent, presets};
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::terminal::{inert, printable};
use crate::model::SyncRun;
use crate::sync::RecordedVerdict;

/// How a listing is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Format {
    /// For people: no wider than the terminal, and never cut off through a pipe.
    Table,
    /// For programs: every fact, in names that stay.
    Json,
    /// For spreadsheets: one line per row, names first; what looks like a formula is made text.
    Csv,
}

/// One row of a listing, in its three forms. The JSON form is its `Serialize`.
pub(in crate::cli) trait Row: Serialize {
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
pub(in crate::cli) struct Screen<'a> {
    out: &'a mut dyn Write,
    pub format: Format,
    width: Option<u16>,
}

impl<'a> Screen<'a> {
    pub fn new(out: &'a mut dyn Write, format: Format, width: Option<u16>) -> Self {
        Self { out, format, width }
    }

    /// Prints a listing as its rows come. `noun` is what one row is, with its plural.
    ///
    /// Only a table waits for the last of them: its columns are as wide as what stands in them.
    pub fn list<R: Row>(
        &mut self,
        run: &SyncRun,
        (one, many): (&str, &str),
        rows: impl Iterator<Item = anyhow::Result<R>>,
    ) -> anyhow::Result<()> {
        match self.format {
            Format::Json => {
                let head = [("sync_id", json!(run.id.0))];
                self.json_list(&head, many, rows)
            }
            Format::Csv => self.csv(R::NAMES, rows.map(|row| Ok(row?.values()))),
            Format::Table => {
                let rows: Vec<_> = rows
                    .map(|row| Ok(row?.cells()))
                    .collect::<anyhow::Result<_>>()?;
                let count = rows.len();
                if count > 0 {
                    self.table(R::TITLES, rows.into_iter())?;
                }
                let noun = if count == 1 { one } else { many };
                self.line(&format!("{count} {noun} in {}", name(run)))
            }
        }
    }

    /// Prints an object with the values of `head` and one array, row by row, as if it were written
    /// as a whole.
    pub fn json_list<R: Serialize>(
        &mut self,
        head: &[(&str, Value)],
        many: &str,
        rows: impl Iterator<Item = anyhow::Result<R>>,
    ) -> anyhow::Result<()> {
        let mut list = self.begin_json_list(head, many)?;
        for row in rows {
            list.row(&row?)?;
        }
        list.end(&[])
    }

    /// Begins such an object; its rows come one by one.
    pub fn begin_json_list<'s>(
        &'s mut self,
        head: &[(&str, Value)],
        many: &str,
    ) -> anyhow::Result<JsonList<'s, 'a>> {
        self.line("{")?;
        for (key, value) in head {
            self.line(&format!("  \"{key}\": {},", indented(value, "  ")?))?;
        }
        write!(self.out, "  \"{many}\": [")?;
        Ok(JsonList {
            screen: self,
            is_empty: true,
        })
    }

    pub fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value).map_err(io::Error::from)?;
        self.line("")
    }

    pub fn csv(
        &mut self,
        names: &[&str],
        rows: impl Iterator<Item = anyhow::Result<Vec<String>>>,
    ) -> anyhow::Result<()> {
        let mut csv = self.begin_csv(names)?;
        for row in rows {
            csv.row(row?)?;
        }
        csv.end()
    }

    /// Begins a CSV; its rows come one by one.
    pub fn begin_csv<'s>(&'s mut self, names: &[&str]) -> anyhow::Result<CsvRows<'s>> {
        let mut csv = csv::Writer::from_writer(&mut *self.out as &mut dyn Write);
        csv.write_record(names).map_err(cause)?;
        Ok(CsvRows(Box::new(csv)))
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

/// An object with one array, while its rows come.
pub(in crate::cli) struct JsonList<'s, 'a> {
    screen: &'s mut Screen<'a>,
    is_empty: bool,
}

impl JsonList<'_, '_> {
    pub fn row(&mut self, row: &impl Serialize) -> anyhow::Result<()> {
        let before = if self.is_empty { "\n" } else { ",\n" };
        self.is_empty = false;
        Ok(write!(
            self.screen.out,
            "{before}    {}",
            indented(row, "    ")?
        )?)
    }

    /// Ends the array, then the object with the values of `tail`.
    pub fn end(self, tail: &[(&str, Value)]) -> anyhow::Result<()> {
        let out = &mut self.screen.out;
        write!(out, "{}", if self.is_empty { "]" } else { "\n  ]" })?;
        for (key, value) in tail {
            write!(out, ",\n  \"{key}\": {}", indented(value, "  ")?)?;
        }
        Ok(write!(out, "\n}}\n")?)
    }
}

/// A CSV, while its rows come.
pub(in crate::cli) struct CsvRows<'s>(Box<csv::Writer<&'s mut dyn Write>>);

impl CsvRows<'_> {
    /// Writes a row with nothing in it that a spreadsheet would run.
    pub fn row(&mut self, values: Vec<String>) -> anyhow::Result<()> {
        let values = values.into_iter().map(inert);
        self.0.write_record(values).map_err(cause)
    }

    pub fn end(mut self) -> anyhow::Result<()> {
        Ok(self.0.flush()?)
    }
}

/// A run by its id, with what must be known before its rows are believed.
pub(super) fn name(run: &SyncRun) -> String {
    let state = if run.ended_at.is_some() {
        "sync"
    } else {
        "unfinished sync"
    };
    let doubt = match RecordedVerdict::partial(&run.token) {
        Some(_) => ": PARTIAL, something may be missing; `stats` says what",
        None => "",
    };
    format!("{state} {}{doubt}", run.id)
}

/// A value as JSON for people, to stand in a line that begins with `indent`.
fn indented(value: &impl Serialize, indent: &str) -> anyhow::Result<String> {
    // No text in JSON holds a line break of its own.
    Ok(serde_json::to_string_pretty(value)?.replace('\n', &format!("\n{indent}")))
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
