//! `rolecall daemon FILE`: service mode.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::connector_file::plan_of;
use super::{Outcome, change, events, report, scope, signals};
use crate::config::ProcessEnvironment;
use crate::daemon::task::{Connector, PartialSyncs, Syncs};
use crate::daemon::{Daemon, Health, Ledger, Link, LinkSettings, Settings, about};
use crate::model::ResourceTypeId;
use crate::plan::{Plan, Purpose};
use crate::protocol::ClientId;
use crate::provision::{Actions, AuditLog, ClientSecret};
use crate::source::Meter;
use crate::sync::Concurrency;

/// Which connector, for which platform.
#[derive(Debug, Args)]
pub(super) struct DaemonArgs {
    /// The connector file.
    file: PathBuf,
    #[command(flatten)]
    platform: PlatformArgs,
    /// Allow the system to be changed. Without it, tasks that would are refused.
    #[arg(long, env = "ROLECALL_PROVISIONING", hide_env_values = true)]
    provisioning: bool,
    /// Where a line is kept of everything that is sent, and one of what became of it. Not written:
    /// `audit.jsonl` in the folder of `--state`.
    #[arg(long, value_name = "FILE", env = "ROLECALL_AUDIT")]
    audit: Option<PathBuf>,
    /// The folder of what must outlive the process: syncs under way, answers that the platform does
    /// not have yet.
    #[arg(
        long,
        value_name = "DIR",
        env = "ROLECALL_STATE",
        default_value = ".rolecall"
    )]
    state: PathBuf,
    /// Take warnings of the connector file for errors.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    tasks: TaskArgs,
}

/// The platform, and who this connector is there.
#[derive(Debug, Args)]
#[command(next_help_heading = "The platform")]
struct PlatformArgs {
    /// The client id: `NAME@HOST[:PORT]/REST`.
    #[arg(long, value_name = "ID", env = "ROLECALL_CLIENT_ID")]
    client_id: String,
    /// The client secret. Other users of the machine see command lines: prefer the variable or a file.
    #[arg(
        long,
        value_name = "SECRET",
        env = "ROLECALL_CLIENT_SECRET",
        hide_env_values = true,
        required_unless_present = "client_secret_file"
    )]
    client_secret: Option<SecretString>,
    /// A file that holds the client secret.
    #[arg(
        long,
        value_name = "FILE",
        env = "ROLECALL_CLIENT_SECRET_FILE",
        conflicts_with = "client_secret"
    )]
    client_secret_file: Option<PathBuf>,
    /// Where the platform is, instead of where the client id says.
    #[arg(long, value_name = "HOST[:PORT]", env = "ROLECALL_PLATFORM_HOST")]
    platform_host: Option<String>,
    /// Certificates of authorities to trust, in PEM form, instead of those of the system.
    #[arg(long, value_name = "FILE", env = "ROLECALL_PLATFORM_CA")]
    platform_ca: Option<PathBuf>,
    /// What this machine calls itself. Not written: its host name.
    #[arg(long, value_name = "ID", env = "ROLECALL_HOST_ID")]
    host_id: Option<String>,
}

/// How tasks are taken and done.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tasks")]
struct TaskArgs {
    /// Tasks side by side, besides the sync under way.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    task_concurrency: u16,
    /// Ask for several tasks at once.
    #[arg(long)]
    get_tasks: bool,
    /// Refuse tasks that ask for a full sync.
    #[arg(long)]
    skip_full_sync: bool,
    /// The types to sync where a task names none.
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    resource_types: Vec<String>,
    /// Listings side by side within a sync, as `rolecall sync` takes it.
    #[arg(long, value_name = "N", default_value = "4", value_parser = scope::concurrency)]
    concurrency: Concurrency,
    /// What becomes of a sync that may lack something.
    #[arg(long, value_enum, default_value_t = Partial::Fail)]
    partial_syncs: Partial,
    /// How long tasks may take that are under way when the daemon is asked to stop.
    #[arg(long, value_name = "DURATION", default_value = "25s", value_parser = events::duration)]
    drain: Duration,
    /// Answer `/health`, `/ready`, `/live` and `/metrics` at this address, for example
    /// `127.0.0.1:8081`.
    #[arg(long, value_name = "ADDR:PORT")]
    health: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Partial {
    /// The task fails, and the platform may hand it out again: what is missing from an upload would
    /// count as gone.
    Fail,
    /// It is uploaded all the same.
    Upload,
}

/// Runs the daemon until it is asked to stop.
pub(super) fn run(args: &DaemonArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let environment = ProcessEnvironment;
    let plan = plan_of(&args.file, &environment, args.strict, Purpose::Everything)?;
    let Some(plan) = plan else {
        return Ok(Outcome::Wrong);
    };
    let readied = Readied::new(args, Arc::new(plan));
    let readied = match readied {
        Ok(readied) => readied,
        Err(error) => {
            eprintln!("{}", report::failure(&error));
            return Ok(Outcome::Wrong);
        }
    };
    // Whoever watches the output sees messages, not this.
    out.flush()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(readied.run(args))?;
    // What is still under way is not waited for.
    runtime.shutdown_background();
    Ok(Outcome::Done)
}

/// Everything that was said, checked.
struct Readied {
    plan: Arc<Plan>,
    link: Link,
    client_secret: ClientSecret,
    ledger: Ledger,
    syncs: Syncs,
    audit: PathBuf,
}

impl Readied {
    fn new(args: &DaemonArgs, plan: Arc<Plan>) -> anyhow::Result<Self> {
        let secret = args.platform.secret()?;
        let client_secret = ClientSecret::parse(&secret)?;
        let link = Link::new(LinkSettings {
            host: args.platform.platform_host.clone(),
            ca_file: args.platform.platform_ca.clone(),
            host_id: args.platform.host_id.clone(),
            ..LinkSettings::new(ClientId::parse(&args.platform.client_id)?, secret)
        })?;
        let syncs = Syncs {
            directory: args.state.join("syncs"),
            resource_types: args
                .tasks
                .resource_types
                .iter()
                .cloned()
                .map(ResourceTypeId)
                .collect(),
            concurrency: args.tasks.concurrency.clone(),
            skip_full: args.tasks.skip_full_sync,
            partial: match args.tasks.partial_syncs {
                Partial::Fail => PartialSyncs::Fail,
                Partial::Upload => PartialSyncs::Upload,
            },
        };
        crate::sync::Scope {
            types: syncs.resource_types.clone(),
            ..Default::default()
        }
        .check(&plan)?;
        let answers = args.state.join("answers");
        let ledger = Ledger::open(&answers).with_context(|| {
            format!(
                "cannot use `{}`; `--state` names another folder",
                answers.display()
            )
        })?;
        let audit = args.audit.clone();
        Ok(Self {
            plan,
            link,
            client_secret,
            ledger,
            syncs,
            audit: audit.unwrap_or_else(|| args.state.join("audit.jsonl")),
        })
    }

    async fn run(self, args: &DaemonArgs) -> anyhow::Result<()> {
        let plan = self.plan;
        if let Some(http) = plan.source.http() {
            let most = self.syncs.concurrency.most() + usize::from(args.tasks.task_concurrency);
            http.side_by_side(u32::try_from(most).unwrap_or(u32::MAX));
        }
        let meter = Arc::new(Meter::default());
        let connector = Connector {
            actions: Actions::new(plan.clone()),
            provisioning: args.provisioning,
            client_secret: Some(self.client_secret),
            audit: AuditLog::new(self.audit, change::who(None)),
            syncs: self.syncs,
            meter: meter.clone(),
            plan: plan.clone(),
        };
        let settings = Settings {
            task_concurrency: usize::from(args.tasks.task_concurrency),
            batch: args.tasks.get_tasks,
            drain: args.tasks.drain,
        };
        let metadata = about(&plan, args.provisioning);
        let daemon = Daemon::new(self.link, connector, metadata, self.ledger, settings);
        if let Some(address) = args.tasks.health {
            let health = Health::new(plan.clone(), daemon.doing(), meter);
            serve_health(address, health).await?;
        }
        let stop = CancellationToken::new();
        tokio::spawn(signals::stop(stop.clone(), || {
            info!("stopping; once more to stop at once");
        }));
        info!(connector = plan.app_name, "serving the platform");
        daemon.run(&stop).await;
        plan.source.close().await;
        info!("stopped");
        Ok(())
    }
}

impl PlatformArgs {
    fn secret(&self) -> anyhow::Result<SecretString> {
        match (&self.client_secret, &self.client_secret_file) {
            (Some(secret), _) => Ok(secret.clone()),
            (None, Some(file)) => {
                let text = std::fs::read_to_string(file);
                let text = text.with_context(|| {
                    format!("cannot read the client secret in `{}`", file.display())
                })?;
                Ok(SecretString::from(text.trim().to_owned()))
            }
            (None, None) => Err(anyhow!("the client secret is missing")),
        }
    }
}

async fn serve_health(address: SocketAddr, health: Health) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot answer health checks at {address}"))?;
    info!(address = %listener.local_addr()?, "answering health checks");
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, health.router()).await {
            error!("health checks are not answered any more: {error}");
        }
    });
    Ok(())
}
