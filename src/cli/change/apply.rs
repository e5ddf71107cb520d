//! `rolecall apply PLAN`: sends exactly what a plan file has.

use std::io::Write;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use super::credential::HandedArgs;
use super::{MakingArgs, Stop, make, plan_file, with_plan};
use crate::cli::Outcome;
use crate::provision::AskError;

/// Which plan.
#[derive(Debug, Args)]
pub(in crate::cli) struct ApplyArgs {
    /// The plan file, as `--plan` wrote it.
    plan: PathBuf,
    /// Allow the system to be changed. Without it, nothing is.
    #[arg(long, env = "ROLECALL_PROVISIONING", hide_env_values = true)]
    provisioning: bool,
    #[command(flatten)]
    handed: HandedArgs,
    #[command(flatten)]
    making: MakingArgs,
}

/// Applies the plan.
pub(in crate::cli) fn apply(args: &ApplyArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let plan_file = match plan_file::read(&args.plan) {
        Ok(plan_file) => plan_file,
        Err(error) => return Ok(Stop::Wrong(error).tell()),
    };
    if !args.provisioning {
        let error = anyhow!("this would change the system: `--provisioning` allows it");
        return Ok(Stop::Wrong(error).tell());
    }
    let handed = match args.handed.read() {
        Ok(handed) => handed,
        Err(error) => return Ok(Stop::Wrong(error).tell()),
    };
    let connector = &plan_file.connector;
    let done = with_plan(connector, args.making.strict, async |plan| {
        let readied = plan_file.asked.prepare(plan, &handed)?;
        let steps = readied.plan().await.map_err(AskError::from)?;
        plan_file.check(plan, &steps).map_err(Stop::Wrong)?;
        make(readied, &args.making, out).await
    });
    Ok(done.unwrap_or_else(Stop::tell))
}
