//! Commands that change a system: what is asked for → a dry run, a plan file, or the change and what
//! became of it.

mod apply;
mod asked;
mod credential;
mod holding;
mod list;
mod making;
mod plan_file;
mod readied;
mod said;
mod show;
mod synced;

pub(super) use apply::{ApplyArgs, apply};
pub(super) use credential::{WishArgs, password};
pub(super) use holding::{GrantArgs, RevokeArgs, grant, revoke};
pub(super) use list::{CapabilitiesArgs, ListArgs, list_actions, list_capabilities};
pub(super) use making::{
    CreateAccountArgs, CreateResourceArgs, DeleteArgs, InvokeArgs, RotateArgs, create_account,
    create_resource, delete, invoke, rotate,
};

pub(super) use said::SaidArgs;
pub(super) use synced::Synced;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use self::asked::Asked;
use self::credential::Handed;
use self::readied::Readied;
use super::connector_file::plan_of;
use super::{Outcome, report};
use crate::config::ProcessEnvironment;
use crate::host_name::host_name;
use crate::plan::{Plan, Purpose};
use crate::provision::{AskError, AuditFile, Journal, RunOptions, Who};

/// What every change can be told.
#[derive(Debug, Args)]
#[command(next_help_heading = "The change")]
pub(super) struct ChangeArgs {
    /// Allow the system to be changed. Without it, nothing is.
    #[arg(long, env = "ROLECALL_PROVISIONING", hide_env_values = true)]
    provisioning: bool,
    /// Show exactly what would be sent, without secrets, and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write what would be sent into this file, for `rolecall apply`. Sends nothing.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    making: MakingArgs,
}

/// How a change is made and told of.
#[derive(Debug, Args)]
#[command(next_help_heading = "The change")]
pub(super) struct MakingArgs {
    /// Where a line is kept of everything that is sent, and one of what became of it.
    #[arg(
        long,
        value_name = "FILE",
        env = "ROLECALL_AUDIT",
        default_value = "rolecall-audit.jsonl"
    )]
    audit: PathBuf,
    /// Who wants the change, for the audit file.
    #[arg(long, value_name = "WHO")]
    on_behalf_of: Option<String>,
    /// Ask the system afterwards until it shows the change.
    #[arg(long)]
    read_back: bool,
    /// Send it although an earlier run of the same change ended without an answer and nothing tells
    /// what became of it.
    #[arg(long)]
    again: bool,
    /// Take warnings of the connector file for errors.
    #[arg(long)]
    strict: bool,
    /// How to print what became of it.
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    format: ResultFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum ResultFormat {
    /// For people.
    Text,
    /// One JSON object, for tools.
    Json,
}

/// Why a change was not even tried.
#[derive(Debug)]
pub(super) enum Stop {
    /// What was asked for is wrong.
    Ask(AskError),
    /// Something else on the command line is, or a file that it names.
    Wrong(anyhow::Error),
    /// The connector file is, which was told.
    Told,
}

impl From<AskError> for Stop {
    fn from(error: AskError) -> Self {
        Stop::Ask(error)
    }
}

impl Stop {
    /// Tells why; returns how the command ends.
    pub fn tell(self) -> Outcome {
        let (error, outcome) = match self {
            Stop::Told => return Outcome::Wrong,
            Stop::Wrong(error) => (error, Outcome::Wrong),
            Stop::Ask(error) => {
                let outcome = Outcome::of_asked(&error);
                (error.into(), outcome)
            }
        };
        eprintln!("{}", report::failure(&error));
        outcome
    }
}

/// Makes a change, or shows it.
fn run(
    asked: &Asked,
    file: &Path,
    args: &ChangeArgs,
    handed: Handed,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let shows = args.dry_run || args.plan.is_some();
    if !shows && !args.provisioning {
        let error = anyhow::anyhow!(
            "this would change the system: `--provisioning` allows it, `--dry-run` shows what would be sent"
        );
        return Ok(Stop::Wrong(error).tell());
    }
    let done = with_plan(file, args.making.strict, async |plan| {
        if !shows {
            let readied = asked.prepare(plan, &handed)?;
            return make(readied, &args.making, out).await;
        }
        let readied = asked.prepare(plan, &handed.only_to_show())?;
        let steps = readied.plan().await.map_err(AskError::from)?;
        if let Some(path) = &args.plan {
            plan_file::write(path, file, plan, asked, &steps).map_err(Stop::Wrong)?;
        }
        let shown = match args.making.format {
            ResultFormat::Text => show::dry_run(readied.title(), &steps, out),
            ResultFormat::Json => show::dry_run_json(readied.title(), &steps, out),
        };
        shown.map_err(|error| Stop::Wrong(error.into()))?;
        Ok(Outcome::Done)
    });
    Ok(done.unwrap_or_else(Stop::tell))
}

/// Compiles a connector file, does something with its plan, and lets go of the system.
fn with_plan<T>(
    file: &Path,
    strict: bool,
    act: impl AsyncFnOnce(&Plan) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let wrong = |error: io::Error| Stop::Wrong(error.into());
    let environment = ProcessEnvironment;
    let plan = plan_of(file, &environment, strict, Purpose::Everything).map_err(wrong)?;
    let plan = plan.ok_or(Stop::Told)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(wrong)?;
    runtime.block_on(async {
        let done = act(&plan).await;
        plan.source.close().await;
        done
    })
}

/// Makes a change and tells what became of it.
async fn make(
    mut readied: Readied<'_>,
    args: &MakingArgs,
    out: &mut dyn Write,
) -> Result<Outcome, Stop> {
    if args.read_back {
        readied.read_back();
    }
    let mut journal = journal(args).map_err(Stop::Wrong)?;
    let options = RunOptions { again: args.again };
    let ran = readied.run(&mut *journal, options).await;
    let outcome = ran.context("nothing was sent").map_err(Stop::Wrong)?;
    let told = match args.format {
        ResultFormat::Text => show::outcome(&outcome, out),
        ResultFormat::Json => show::outcome_json(&outcome, out),
    };
    if let Err(error) = told {
        // The change stands, whoever hears of it.
        eprintln!("{}", report::failure(&error.into()));
    }
    Ok(Outcome::of_change(&outcome))
}

/// Whoever runs this program, for the audit file.
pub(super) fn who(on_behalf_of: Option<String>) -> Who {
    Who {
        user: whoami(),
        host: host_name().unwrap_or_default(),
        pid: std::process::id(),
        on_behalf_of,
    }
}

fn journal(args: &MakingArgs) -> anyhow::Result<Box<dyn Journal>> {
    let who = who(args.on_behalf_of.clone());
    let file = AuditFile::open(&args.audit, who).with_context(|| {
        format!(
            "nothing was sent: cannot open the audit file `{}`",
            args.audit.display()
        )
    })?;
    Ok(Box::new(file))
}

/// The user's name as the environment has it.
fn whoami() -> String {
    ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .unwrap_or_else(|| "unknown".to_owned())
}
