//! Service mode: the platform that tasks come from.

use clap::Args;
use secrecy::SecretString;

/// The platform, and what is done for it.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct ServiceFlags {
    /// The client id that the platform gave; with it, tasks are taken from the platform
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// The client secret that belongs to it
    #[arg(long, value_name = "SECRET", value_parser = secret)]
    pub client_secret: Option<SecretString>,
    /// Let the platform change the system; flags that ask for one change need no leave
    #[arg(short, long)]
    pub provisioning: bool,
    /// Accepted for old command lines: connector files describe no tickets
    #[arg(long)]
    pub ticketing: bool,
    /// Refuse tasks that ask for a full sync
    #[arg(long)]
    pub skip_full_sync: bool,
    /// Tasks side by side: 1 to 100
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub task_concurrency: u16,
    /// What becomes of a sync that may lack something: `fail` or `upload`; an addition of rolecall
    #[arg(long, value_name = "WHAT")]
    pub partial_syncs: Option<String>,
    /// Tell over HTTP how the service is
    #[arg(long)]
    pub health_check: bool,
    /// The port to tell it on
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    pub health_check_port: u16,
    /// The address to tell it on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1", hide = true)]
    pub health_check_bind_address: String,
}

fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}
