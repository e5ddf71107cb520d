//! The way of a record: as JSON, and as text for people.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value as Json;

use crate::cli::preview::RowView;
use crate::cli::terminal::printable;

/// The way of a record.
#[derive(Debug, Serialize)]
pub(super) struct WayView {
    pub listing: String,
    pub page: usize,
    pub number: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<AskedView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked_with: Vec<StepView>,
    pub record: Json,
    pub expressions: Vec<StepView>,
    pub became: Vec<RowView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct AskedView {
    /// One line: the request, or what was bound.
    pub line: String,
    #[serde(skip)]
    pub has_values: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// An expression, where it is written, and what it came to.
#[derive(Debug, Serialize)]
pub(super) struct StepView {
    pub path: String,
    pub line: usize,
    pub column: usize,
    pub expression: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl WayView {
    /// Writes it for people.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
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
            let json = serde_json::to_value(row).map_err(io::Error::from)?;
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

fn write_steps(title: &str, steps: &[StepView], out: &mut dyn Write) -> io::Result<()> {
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

fn write_json(json: &Json, out: &mut dyn Write) -> io::Result<()> {
    for line in format!("{json:#}").lines() {
        writeln!(out, "    {}", printable(line))?;
    }
    Ok(())
}
