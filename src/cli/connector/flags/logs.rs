//! What operators are told.

use clap::{Args, ValueEnum};

/// Logs and traces.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct LogFlags {
    /// The least severe message to log: debug, info, warn or error
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log_level: String,
    /// How messages are written; not written: `console` on a terminal, else `json`
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
    /// Where messages go: files, `stderr` or `stdout`; not written: standard error
    #[arg(long, value_name = "FILE,…")]
    pub log_path: Vec<String>,
    /// Accepted for old command lines: only a build of theirs that is no service reads it
    #[arg(long, value_name = "TIME")]
    pub log_level_debug_expires_at: Option<String>,
    /// Send traces of a sync to this OpenTelemetry collector, by OTLP over HTTP
    #[arg(long, value_name = "URL")]
    pub otel_collector_endpoint: Option<String>,
    /// Not supported: the machine's own certificates are trusted, and those of `SSL_CERT_FILE`
    #[arg(long, value_name = "FILE", hide = true)]
    pub otel_collector_endpoint_tls_cert_path: Option<String>,
    /// Not supported either
    #[arg(long, value_name = "PEM", hide = true)]
    pub otel_collector_endpoint_tls_cert: Option<String>,
    /// Send traces without TLS, where the endpoint does not say it
    #[arg(long, hide = true)]
    pub otel_collector_endpoint_tls_insecure: bool,
    /// Send no traces
    #[arg(long, hide = true)]
    pub otel_tracing_disabled: bool,
    /// Accepted for old command lines: logs are never sent
    #[arg(long, hide = true)]
    pub otel_logging_disabled: bool,
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli::connector) enum LogFormat {
    /// For people.
    Console,
    /// For programs: one object per line.
    Json,
}
