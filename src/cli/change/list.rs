//! `rolecall list-actions` and `rolecall capabilities`: what can be done by a connector file.

use std::io::{Write, stderr};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::{Outcome, report};
use crate::config::{self, ProcessEnvironment};
use crate::diagnostic::Severity;
use crate::plan::{self, Check, Plan, Purpose};
use crate::provision::{Capabilities, action_schemas};

/// Of which file.
#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// The connector file.
    file: PathBuf,
}

/// Of which file, and in which form.
#[derive(Debug, Args)]
pub(in crate::cli) struct CapabilitiesArgs {
    #[command(flatten)]
    of: ListArgs,
    /// Name the protocol's message in the JSON, as other connectors do.
    #[arg(long)]
    as_any: bool,
}

/// Prints the actions as JSON: their names, arguments and answers.
pub(in crate::cli) fn list_actions(
    args: &ListArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    print(args, action_schemas, out)
}

/// Prints what the connector can do as JSON: for each resource type, and in all.
pub(in crate::cli) fn list_capabilities(
    args: &CapabilitiesArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    match args.as_any {
        true => print(&args.of, |plan| Capabilities::of(plan).as_any(), out),
        false => print(&args.of, Capabilities::of, out),
    }
}

fn print<T: Serialize>(
    args: &ListArgs,
    of: impl Fn(&Plan) -> T,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    // Nothing is connected to: variables of `connect` need no values.
    let environment = ProcessEnvironment;
    let how = Check {
        environment: &environment,
        unset_variable: Severity::Warning,
        strict: false,
        purpose: Purpose::Everything,
    };
    let (plan, found) = plan::check(config::load(&args.file), how);
    let Some(plan) = plan else {
        report::diagnostics(&found, report::colour_on_stderr(), &mut stderr().lock())?;
        return Ok(Outcome::Wrong);
    };
    writeln!(out, "{}", serde_json::to_string_pretty(&of(&plan))?)?;
    Ok(Outcome::Done)
}
