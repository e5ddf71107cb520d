//! What a Go connector does besides connecting.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::config::parse_duration;

/// What is done instead.
#[derive(Debug, Subcommand)]
pub(super) enum SubCommand {
    /// Say what the connector can do, as JSON
    Capabilities,
    /// Say how the connector is configured, as JSON
    Config,
    /// Ask a running service how it is
    HealthCheck(HealthCheckArgs),
    /// Print the script that completes command lines in a shell
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// What a running service is asked.
#[derive(Debug, Args)]
pub(super) struct HealthCheckArgs {
    /// What to ask for
    #[arg(long, value_enum, default_value_t = Endpoint::Health)]
    pub endpoint: Endpoint,
    /// How long to wait, in seconds or as a duration
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time)]
    pub timeout: Duration,
}

/// What there is to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Endpoint {
    /// Whether the connector works.
    Health,
    /// Whether it takes tasks.
    Ready,
    /// Whether it runs.
    Live,
}

impl Endpoint {
    /// Its name, which is its path as well.
    pub fn name(self) -> &'static str {
        match self {
            Endpoint::Health => "health",
            Endpoint::Ready => "ready",
            Endpoint::Live => "live",
        }
    }
}

fn time(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().map(Duration::from_secs);
    let time = seconds.or_else(|| parse_duration(text));
    time.filter(|time| !time.is_zero())
        .ok_or_else(|| "write seconds, or a duration such as `500ms`".to_owned())
}
