//! Logs for operators.

mod flat;
mod places;

use std::fmt;

use clap::{Args, ValueEnum};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::traces::Traces;
use crate::span;

use flat::Flat;
use places::Places;

/// The target of messages that tell how far a run is. They are for people: among text logs each is a
/// line as it is, whatever the level; among JSON logs, a message like others.
pub(super) const PROGRESS: &str = "progress";

/// How much is logged, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logging")]
pub(crate) struct LoggingArgs {
    /// The least severe message to log; `RUST_LOG` says it per module. Not written: `info` for a
    /// daemon, `warn` otherwise.
    #[arg(long, global = true, value_name = "LEVEL", env = "ROLECALL_LOG_LEVEL")]
    log_level: Option<Level>,
    /// How a message is written.
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "ROLECALL_LOG_FORMAT",
        default_value = "text"
    )]
    log_format: LogFormat,
    /// Where messages go: a file, at whose end they are added, `stderr` or `stdout`. May be given
    /// several times. Not written: standard error.
    #[arg(long, global = true, value_name = "FILE", env = "ROLECALL_LOG_PATH")]
    log_path: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One object per line, with the fields of a message in one of their own.
    Json,
    /// One object per line: `level`, `ts`, `caller`, `msg`, and the fields of a message and of what
    /// it belongs to beside them.
    Flat,
}

/// Sends log messages to where they should go from now on, and spans to where traces go. `usual` is
/// the level where nobody says one.
pub(super) fn start(
    args: &LoggingArgs,
    usual: Level,
    traces: Option<&Traces>,
) -> anyhow::Result<()> {
    let level = match args.log_level.unwrap_or(usual) {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    };
    // Libraries log at a level of their own: theirs is noise here below warnings.
    let default = format!("warn,rolecall={level}");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let always = [format!("{PROGRESS}=info"), format!("{}=off", span::TARGET)];
    let filter = always.iter().fold(filter, |filter, directive| {
        filter.add_directive(directive.parse().expect("a target and a level"))
    });
    let places = Places::open(&args.log_path)?;
    let on_terminal = places.is_stderr_only() && super::report::colour_on_stderr();
    let messages = tracing_subscriber::fmt::layer().with_writer(places);
    let messages = match args.log_format {
        LogFormat::Text => messages
            .with_ansi(on_terminal)
            .event_format(Text(Format::default()))
            .boxed(),
        LogFormat::Json => messages.json().boxed(),
        LogFormat::Flat => messages
            .with_ansi(false)
            .fmt_fields(JsonFields::new())
            .event_format(Flat)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(messages.with_filter(filter))
        .with(traces.map(Traces::layer))
        .init();
    Ok(())
}

/// Messages as text: those about progress as they are, others with their time and level.
struct Text(Format<Full>);

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut to: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if event.metadata().target() != PROGRESS {
            return self.0.format_event(context, to, event);
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        writeln!(to, "{}", message.0)
    }
}

/// The text of a message.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
