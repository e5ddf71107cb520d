//! `rolecall eval FILE EXPR`: what an expression makes of a record.

use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde_json::Value as Json;

use super::{Outcome, report};
use crate::config::scalar::{ExprText, Text};
use crate::config::{self, Bare, CompileContext, Dialect, ProcessEnvironment};
use crate::diagnostic::{self, Severity, SourceFile, Span};
use crate::expr::{EvalError, Expression, Inputs, Map, Scope, Value, Variables, to_text};
use crate::mapping::resource_value;
use crate::model::{Resource, ResourceId};

/// Variables that expressions have somewhere.
const NAMES: &[&str] = &[
    "item",
    "cols",
    "resource",
    "parent_resource",
    "principal",
    "entitlement",
    "response",
    "headers",
    "vars",
    "input",
];

/// What to evaluate, and on what.
#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// The connector file whose language and `vars` count; `-` for none: bare text is CEL then, as in
    /// the files of databases.
    file: PathBuf,
    /// The expression as the file would have it: CEL, or a template after `tmpl:`. In the files of
    /// APIs bare text is literal, so CEL begins with `cel:` there.
    #[arg(value_name = "EXPR")]
    expression: String,
    /// The record as JSON: what is called `item` in the files of APIs and `cols` (`.name`) in those of
    /// databases. `-` reads it from standard input, `@FILE` from a file.
    #[arg(long, value_name = "JSON")]
    record: Option<String>,
    /// The resource as JSON, for example `{"type": "group", "id": "g1", "display_name": "Staff"}`.
    #[arg(long, value_name = "JSON")]
    resource: Option<String>,
    /// Another variable as JSON, for example `--var principal='{"id": "ada"}'`. May be repeated.
    #[arg(long = "var", value_name = "NAME=JSON")]
    vars: Vec<String>,
}

/// Evaluates; the value goes to `out` as JSON, its text to standard error.
pub(crate) fn run(args: &EvalArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let prepared = prepare(args);
    let (dialect, inputs, record) = match prepared {
        Ok(Some(prepared)) => prepared,
        Ok(None) => return Ok(Outcome::Wrong),
        Err(error) => {
            eprintln!("{}", report::failure(&error));
            return Ok(Outcome::Wrong);
        }
    };
    let Some(expression) = compile(&args.expression, dialect, &inputs)? else {
        return Ok(Outcome::Wrong);
    };
    let scope = Scope::new(&inputs, record.as_ref());
    let value = match expression.value(&scope) {
        Ok(value) => value,
        Err(error) => {
            eprintln!("{}", failure(&error));
            return Ok(Outcome::Failed);
        }
    };
    writeln!(out, "{:#}", Json::from(&value))?;
    match to_text(&value) {
        Ok(Some(text)) => eprintln!("as text: {}", super::terminal::printable(&text)),
        Ok(None) => eprintln!("as text: nothing, for null stands for absence"),
        Err(reason) => eprintln!("as text: an error, for {reason}"),
    }
    Ok(Outcome::Done)
}

/// The language and the variables. `None` when what is wrong with the file was shown.
fn prepare(args: &EvalArgs) -> anyhow::Result<Option<(Dialect, Inputs, Option<Value>)>> {
    let mut inputs = Inputs::new();
    let mut dialect = Dialect::Sql;
    if args.file != Path::new("-") {
        let loaded = config::load(&args.file);
        let Some((of_file, config)) = &loaded.config else {
            show(&loaded.diagnostics)?;
            return Ok(None);
        };
        dialect = *of_file;
        let file = loaded.file.clone();
        // What is not set is simply not there: it may not be needed.
        let mut cx = CompileContext::new(file, dialect, &ProcessEnvironment, Severity::Warning);
        let vars = config.vars.iter();
        let vars =
            vars.filter_map(|(name, text)| Some((name.text.clone(), Value::Text(cx.env(text)?))));
        inputs.set("vars", Value::Map(vars.collect::<Map>()));
    }
    let record = args.record.as_deref().map(record).transpose()?;
    for name in ["item", "cols"] {
        if let Some(record) = &record {
            inputs.set(name, record.clone());
        }
    }
    if let Some(written) = &args.resource {
        inputs.set("resource", resource(&json(written, "--resource")?)?);
    }
    for written in &args.vars {
        let (name, value) = written
            .split_once('=')
            .with_context(|| format!("`--var {written}` has no value; write `--var name=JSON`"))?;
        inputs.set(name, Value::from(json(value, &format!("--var {name}"))?));
    }
    Ok(Some((dialect, inputs, record)))
}

fn record(written: &str) -> anyhow::Result<Value> {
    let text = if written == "-" {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.context("reading the record from standard input")?;
        text
    } else if let Some(path) = written.strip_prefix('@') {
        std::fs::read_to_string(path).with_context(|| format!("cannot read `{path}`"))?
    } else {
        written.to_owned()
    };
    Ok(Value::from(json(&text, "--record")?))
}

fn json(text: &str, option: &str) -> anyhow::Result<Json> {
    serde_json::from_str(text).map_err(|error| {
        anyhow!("`{option}` is no JSON: {error}; a text needs double quotes: '\"text\"'")
    })
}

/// A resource as expressions see it, under all of its names, and whatever else was given.
fn resource(json: &Json) -> anyhow::Result<Value> {
    let given = json
        .as_object()
        .context("`--resource` is no object: write `{\"type\": \"group\", \"id\": \"g1\"}`")?;
    let text = |names: &[&str]| {
        let found = names.iter().find_map(|name| given.get(*name));
        found.map_or(String::new(), |json| {
            json.as_str()
                .map_or_else(|| json.to_string(), str::to_owned)
        })
    };
    let id = ResourceId::new(
        text(&["type", "resource_type", "Type", "ResourceTypeID"]),
        text(&["id", "ID"]),
    );
    let mut resource = Resource::new(id, text(&["display_name", "DisplayName"]));
    resource.description = text(&["description", "Description"]);
    let Value::Map(mut fields) = resource_value(&resource) else {
        return Ok(Value::from(json.clone()));
    };
    for (name, value) in given {
        fields.insert(name.clone(), Value::from(value.clone()));
    }
    Ok(Value::Map(fields))
}

/// Compiles the expression; what is wrong with it is shown.
fn compile(written: &str, dialect: Dialect, inputs: &Inputs) -> anyhow::Result<Option<Expression>> {
    let further = inputs.iter().map(|(name, _)| name.to_owned());
    let mut names: Vec<&'static str> = NAMES.to_vec();
    // Variables are names that live as long as the program, which ends after this one expression.
    names.extend(
        further
            .filter(|name| !NAMES.contains(&name.as_str()))
            .map(|name| &*name.leak()),
    );
    let variables = Variables::of(names.leak());
    let file = SourceFile::new("expression", written);
    let source = ExprText(Text {
        text: written.to_owned(),
        span: Span::new(0, written.len()),
    });
    let mut cx = CompileContext::new(file, dialect, &ProcessEnvironment, Severity::Error);
    let expression = cx.expression(&source, Bare::Literal, variables);
    show(&cx.diagnostics)?;
    if expression.is_none() && !diagnostic::has_errors(&cx.diagnostics) {
        eprintln!("error: the expression is empty");
    }
    Ok(expression)
}

fn show(found: &[diagnostic::Diagnostic]) -> std::io::Result<()> {
    let colour = report::colour_on_stderr();
    report::diagnostics(found, colour, &mut std::io::stderr().lock())
}

/// A failure on the record, the expression underlined.
fn failure(error: &EvalError) -> String {
    let mut shown = format!("error: {}\n  |", error.message);
    for line in error.expression.lines() {
        let carets = "^".repeat(line.trim_end().chars().count());
        shown.push_str(&format!("\n  | {line}\n  | {carets}"));
    }
    shown
}
