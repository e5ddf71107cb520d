//! `--log-format flat`: a message as one object whose fields stand side by side, as the Go connectors
//! log.

use std::fmt;

use chrono::Utc;
use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Messages as flat objects.
pub(super) struct Flat;

impl<S> FormatEvent<S, JsonFields> for Flat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut to: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        let level = match *about.level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            // Those connectors know no finer one.
            _ => "debug",
        };
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut object = Map::new();
        object.insert("level".to_owned(), level.into());
        let seconds = Utc::now().timestamp_micros() as f64 / 1e6;
        object.insert("ts".to_owned(), seconds.into());
        let caller = match (about.file(), about.line()) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            _ => about.target().to_owned(),
        };
        object.insert("caller".to_owned(), caller.into());
        object.insert("msg".to_owned(), fields.message.into());
        let own = object.len();
        let spans = context
            .event_scope()
            .into_iter()
            .flat_map(|it| it.from_root());
        let of_spans = spans.flat_map(|span| {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>();
            let fields = fields.and_then(|text| serde_json::from_str::<Map<_, _>>(text).ok());
            fields.unwrap_or_default()
        });
        for (name, value) in of_spans.chain(fields.others) {
            // What says where a message comes from is not lost to a field of the same name; of
            // others the innermost counts.
            let taken = object.keys().take(own).any(|known| *known == name);
            let name = if taken { format!("field.{name}") } else { name };
            object.insert(name, value);
        }
        writeln!(to, "{}", Json::Object(object))
    }
}

/// The fields of a message.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Json>,
}

impl Fields {
    fn note(&mut self, field: &Field, value: impl Into<Json>) {
        self.others.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            _ => self.note(field, format!("{value:?}")),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.to_owned(),
            _ => self.note(field, value),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.note(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.note(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.note(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.note(field, value);
    }
}
