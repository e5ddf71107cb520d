//! `rolecall list-actions`: the actions of a connector file.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::cli::Outcome;
use crate::cli::connector_file::plan_of;
use crate::config::ProcessEnvironment;
use crate::plan::Purpose;
use crate::provision::action_schemas;

/// Of which file.
#[derive(Debug, Args)]
pub(in crate::cli) struct ListActionsArgs {
    /// The connector file.
    file: PathBuf,
}

/// Prints the actions as JSON: their names, arguments and answers.
pub(in crate::cli) fn list_actions(
    args: &ListActionsArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let environment = ProcessEnvironment;
    let Some(plan) = plan_of(&args.file, &environment, false, Purpose::Everything)? else {
        return Ok(Outcome::Wrong);
    };
    let schemas = serde_json::to_string_pretty(&action_schemas(&plan))?;
    writeln!(out, "{schemas}")?;
    Ok(Outcome::Done)
}
