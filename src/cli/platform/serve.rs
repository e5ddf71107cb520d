//! `rolecall platform serve`.

use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Args;
use tokio_util::sync::CancellationToken;

use super::HomeArgs;
use crate::cli::events::duration;
use crate::cli::{Outcome, report, signals, stderr};
use crate::platform::{Platform, Timing, system_clock};
use crate::protocol::authority;

/// Where it listens, and how it deals with tasks.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Where to listen. Not written: on this machine only, at the port that `init` was told.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// How long a connector may be silent about a task that it sends heartbeats for; then another one
    /// gets it.
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    lease: Duration,
    /// How long it may work on a task without a heartbeat: many connectors send them for syncs only.
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = duration)]
    silent_lease: Duration,
    /// How often connectors ask for tasks.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration)]
    poll: Duration,
    /// When a task that failed in a way that may pass is handed out again; twice as long after each
    /// further attempt, up to five minutes.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    retry_after: Duration,
    /// How long access tokens are good.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    token_lifetime: Duration,
}

/// Below these, connectors would do nothing but ask.
const SHORTEST: Duration = Duration::from_millis(10);
const SHORTEST_LEASE: Duration = Duration::from_secs(1);
const HTTPS: u16 = 443;

/// Serves until it is interrupted.
pub(super) fn run(args: &ServeArgs, home: &HomeArgs) -> anyhow::Result<Outcome> {
    let timing = match args.timing() {
        Ok(timing) => timing,
        Err(error) => {
            eprintln!("{}", report::failure(&error));
            return Ok(Outcome::Wrong);
        }
    };
    let home = home.open()?;
    let listen = args.listen.clone().unwrap_or_else(|| {
        let port = authority(home.host()).ok().and_then(|host| host.port_u16());
        format!("127.0.0.1:{}", port.unwrap_or(HTTPS))
    });
    let listener = TcpListener::bind(&listen).with_context(|| {
        format!("cannot listen on `{listen}`; `--listen` says where else, `ADDRESS:PORT`")
    })?;
    let listening = listener.local_addr()?;
    let said = format!(
        "serving `{}` on {listening}, as {}; interrupt to end",
        home.directory().display(),
        home.host()
    );
    let platform = Platform::new(home, timing, system_clock());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let end = CancellationToken::new();
        let asked = signals::stop(end.clone(), || {
            stderr::say("ending after the calls under way; once more to end at once");
        });
        let asked = tokio::spawn(asked);
        stderr::say(&said);
        let served = platform.serve(listener, end).await;
        asked.abort();
        served
    })?;
    Ok(Outcome::Done)
}

impl ServeArgs {
    fn timing(&self) -> anyhow::Result<Timing> {
        let least = [
            ("--lease", self.lease, SHORTEST_LEASE),
            ("--silent-lease", self.silent_lease, SHORTEST_LEASE),
            ("--poll", self.poll, SHORTEST),
            ("--token-lifetime", self.token_lifetime, SHORTEST_LEASE),
        ];
        for (name, value, least) in least {
            if value < least {
                return Err(anyhow!("`{name}` is shorter than {least:?}"));
            }
        }
        Ok(Timing {
            lease: self.lease,
            silent_lease: self.silent_lease,
            poll: self.poll,
            backoff: self.retry_after,
            token: self.token_lifetime,
            ..Timing::default()
        })
    }
}
