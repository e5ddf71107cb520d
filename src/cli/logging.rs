//! Logs for operators, on standard error.

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// How much is logged, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logging")]
pub(crate) struct LoggingArgs {
    /// The least severe message to log; `RUST_LOG` says it per module.
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "ROLECALL_LOG_LEVEL",
        default_value = "warn"
    )]
    log_level: Level,
    /// How a message is written.
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "ROLECALL_LOG_FORMAT",
        default_value = "text"
    )]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// Sends log messages to standard error from now on.
pub(crate) fn start(args: &LoggingArgs) {
    let level = match args.log_level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    };
    // Libraries log at a level of their own: theirs is noise here below warnings.
    let default = format!("warn,rolecall={level}");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match args.log_format {
        LogFormat::Text => builder.with_ansi(super::report::colour_on_stderr()).init(),
        LogFormat::Json => builder.json().init(),
    }
}
