//! `rolecall kinds`: what the language offers, from the registries.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::Outcome;
use super::report::colour_on_stdout;
use crate::config::connect::AuthFamily;
use crate::config::http::{DecoderFamily, HttpPaginationFamily, SqlPaginationFamily};
use crate::config::kind::{KindView, views};
use crate::expr::{FunctionDoc, documented_functions};
use crate::source::sql::{DialectView, documented_dialects};

/// What to list.
#[derive(Debug, Args)]
pub(crate) struct KindsArgs {
    /// One group only.
    #[arg(value_enum)]
    group: Option<Group>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = KindsFormat::Text)]
    format: KindsFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Group {
    /// Auth kinds of APIs.
    Auth,
    /// Paging strategies of APIs and of databases.
    Pagination,
    /// What answers of APIs are written in.
    Decoders,
    /// SQL dialects.
    Dialects,
    /// Functions that rolecall adds to CEL.
    Functions,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KindsFormat {
    /// For people.
    Text,
    /// One JSON object, for tools.
    Json,
}

/// Everything the registries hold.
#[derive(Debug, serde::Serialize)]
struct Catalogue {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    auth: Vec<KindView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    http_pagination: Vec<KindView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sql_pagination: Vec<KindView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    decoders: Vec<KindView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dialects: Vec<DialectView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    functions: Vec<FunctionDoc>,
}

/// Prints the catalogue.
pub(crate) fn run(args: &KindsArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let wanted = |group| args.group.is_none_or(|only| only == group);
    let when =
        |group, kinds: fn() -> Vec<KindView>| if wanted(group) { kinds() } else { Vec::new() };
    let catalogue = Catalogue {
        auth: when(Group::Auth, views::<AuthFamily>),
        http_pagination: when(Group::Pagination, views::<HttpPaginationFamily>),
        sql_pagination: when(Group::Pagination, views::<SqlPaginationFamily>),
        decoders: when(Group::Decoders, views::<DecoderFamily>),
        dialects: if wanted(Group::Dialects) {
            documented_dialects()
        } else {
            Vec::new()
        },
        functions: if wanted(Group::Functions) {
            documented_functions()
        } else {
            Vec::new()
        },
    };
    match args.format {
        KindsFormat::Json => writeln!(out, "{}", serde_json::to_string_pretty(&catalogue)?)?,
        KindsFormat::Text => text(&catalogue, out)?,
    }
    Ok(Outcome::Done)
}

fn text(catalogue: &Catalogue, out: &mut dyn Write) -> std::io::Result<()> {
    let mut page = Page { out, first: true };
    page.kinds("Auth kinds (`connect.auth`)", &catalogue.auth)?;
    page.kinds(
        "Paging strategies of APIs (`pagination`)",
        &catalogue.http_pagination,
    )?;
    page.kinds(
        "Paging strategies of databases (`pagination`)",
        &catalogue.sql_pagination,
    )?;
    page.kinds("Decoders (`response.decoder`)", &catalogue.decoders)?;
    if !catalogue.dialects.is_empty() {
        page.heading("SQL dialects (`connect.scheme`)")?;
        for dialect in &catalogue.dialects {
            page.entry(dialect.scheme, dialect.description)?;
        }
    }
    if !catalogue.functions.is_empty() {
        page.heading(
            "Functions, besides those of CEL and its string, list, math and base64 extensions",
        )?;
        for function in &catalogue.functions {
            page.entry(&function.signature, &function.description)?;
        }
    }
    Ok(())
}

struct Page<'p> {
    out: &'p mut dyn Write,
    first: bool,
}

impl Page<'_> {
    fn heading(&mut self, text: &str) -> std::io::Result<()> {
        if !std::mem::take(&mut self.first) {
            writeln!(self.out)?;
        }
        match colour_on_stdout() {
            true => writeln!(self.out, "\x1b[1m{text}\x1b[0m"),
            false => writeln!(self.out, "{text}"),
        }
    }

    fn entry(&mut self, name: &str, description: &str) -> std::io::Result<()> {
        writeln!(self.out, "  {name}")?;
        writeln!(self.out, "      {}", description.replace('\n', "\n      "))
    }

    fn kinds(&mut self, heading: &str, kinds: &[KindView]) -> std::io::Result<()> {
        if kinds.is_empty() {
            return Ok(());
        }
        self.heading(heading)?;
        for kind in kinds {
            self.entry(&format!("{}: {}", kind.tag, kind.name), &kind.description)?;
            for field in &kind.fields {
                let required = if field.required { " (required)" } else { "" };
                writeln!(
                    self.out,
                    "      - {}{required}: {}",
                    field.name,
                    field.description.replace('\n', " ")
                )?;
            }
        }
        Ok(())
    }
}
