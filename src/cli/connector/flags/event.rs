//! What changed in the system.

use clap::Args;

/// Which events.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct EventFlags {
    /// Print what changed, one event per line
    #[arg(long, num_args = 0..=1, default_missing_value = "true", default_value = "false", action = clap::ArgAction::Set, hide = true)]
    pub event_feed: bool,
    /// Which feed
    #[arg(long, value_name = "ID", hide = true)]
    pub event_feed_id: Option<String>,
    /// Since when, in RFC 3339; not written: the last 24 hours
    #[arg(long, value_name = "TIME", hide = true)]
    pub event_feed_start_at: Option<String>,
    /// Where an earlier listing ended
    #[arg(long, value_name = "TEXT", hide = true)]
    pub event_feed_cursor: Option<String>,
}
