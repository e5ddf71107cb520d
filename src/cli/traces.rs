//! Spans → an OpenTelemetry collector, where one is named.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::{Protocol, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter,
};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use super::stderr;
use crate::source::http::install_tls;
use crate::span;

/// How long the end of a run waits for the collector.
const PATIENCE: Duration = Duration::from_secs(2);

/// Spans that may wait to be sent, where the environment does not say how many.
const WAITING: usize = 16_384;

/// Where collectors take traces.
const PATH: &str = "v1/traces";

/// What sends spans.
pub(super) struct Traces {
    provider: SdkTracerProvider,
    failure: Failure,
}

/// Why spans could not be sent, the first time.
#[derive(Debug, Clone, Default)]
struct Failure(Arc<Mutex<Option<String>>>);

impl Failure {
    fn note(&self, sent: &OTelSdkResult) {
        if let Err(error) = sent {
            let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| match error {
                OTelSdkError::InternalFailure(reason) => reason.clone(),
                OTelSdkError::Timeout(_) => "the collector does not answer".to_owned(),
                other => other.to_string(),
            });
        }
    }

    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Traces {
    /// Makes ready what sends spans to `endpoint`, or to where the environment says. `None` where
    /// nobody wants them. An environment is made for many programs: what is wrong there is told, and
    /// does not keep a sync from running.
    pub fn start(endpoint: Option<&str>) -> anyhow::Result<Option<Self>> {
        if endpoint.is_some() {
            return Self::to(endpoint).map(Some);
        }
        if !is_wanted(|name| std::env::var(name).ok()) {
            return Ok(None);
        }
        Ok(Self::to(None)
            .inspect_err(|error| stderr::say(&format!("no traces are sent: {error:#}")))
            .ok())
    }

    fn to(endpoint: Option<&str>) -> anyhow::Result<Self> {
        install_tls();
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary);
        let exporter = match endpoint {
            Some(written) => exporter.with_endpoint(place(written)?),
            None => exporter,
        };
        let failure = Failure::default();
        let exporter = Noting {
            exporter: exporter.build()?,
            failure: failure.clone(),
        };
        let provider = SdkTracerProvider::builder()
            .with_span_processor(in_batches(exporter))
            .with_resource(resource())
            .build();
        Ok(Self { provider, failure })
    }

    /// Takes the spans of this program, and nothing else: neither messages nor what libraries do.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("rolecall"))
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| {
                metadata.is_span() && metadata.target() == span::TARGET
            }))
    }

    /// Sends what is left, and says so when that cannot be done. A collector that does not answer is
    /// not waited for.
    pub fn end(self) {
        self.failure
            .note(&self.provider.shutdown_with_timeout(PATIENCE));
        if let Some(reason) = self.failure.take() {
            stderr::say(&format!("the traces are not whole: {reason}"));
        }
    }
}

/// Sends spans in batches, by a thread of its own. A sync that asks quickly makes thousands of them
/// between two batches, and those that find no room are lost.
fn in_batches(exporter: impl SpanExporter + 'static) -> BatchSpanProcessor {
    let config = BatchConfigBuilder::default();
    let config = match std::env::var_os("OTEL_BSP_MAX_QUEUE_SIZE") {
        Some(_) => config,
        None => config.with_max_queue_size(WAITING),
    };
    BatchSpanProcessor::builder(exporter)
        .with_batch_config(config.build())
        .build()
}

/// Whether the environment names a collector, and does not say that nothing is to be sent.
fn is_wanted(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name| variable(name).filter(|value| !value.trim().is_empty());
    let says = |name, word: &str| set(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
    let named = set("OTEL_EXPORTER_OTLP_ENDPOINT")
        .or_else(|| set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
        .is_some();
    named && !says("OTEL_SDK_DISABLED", "true") && !says("OTEL_TRACES_EXPORTER", "none")
}

/// The URL that spans are sent to: that of a collector, unless it says where the collector takes
/// traces.
fn place(written: &str) -> anyhow::Result<String> {
    let mut url =
        Url::parse(written).with_context(|| format!("`--otlp-endpoint {written}` is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        bail!(
            "`--otlp-endpoint {written}` is no HTTP URL; write that of the collector's HTTP receiver, for example `http://localhost:4318`"
        );
    }
    if !url.path().ends_with(PATH) {
        let path = format!("{}/{PATH}", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    Ok(url.into())
}

/// What sends the spans. `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` go first.
fn resource() -> Resource {
    let builder = || {
        Resource::builder()
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
    };
    let named = builder().build();
    let name = named.get(&Key::from_static_str("service.name"));
    match name {
        Some(name) if !name.as_str().starts_with("unknown_service") => named,
        _ => builder().with_service_name("rolecall").build(),
    }
}

/// An exporter whose first failure is kept.
#[derive(Debug)]
struct Noting<E> {
    exporter: E,
    failure: Failure,
}

impl<E: SpanExporter> SpanExporter for Noting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let sent = self.exporter.export(batch).await;
        self.failure.note(&sent);
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_a_collector_or_says_that_there_is_none() {
        let wanted = |set: &[(&str, &str)]| {
            is_wanted(|name| {
                let found = set.iter().find(|(of, _)| *of == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
        assert!(!wanted(&[]));
        assert!(!wanted(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]));
        assert!(wanted(&[endpoint]));
        assert!(wanted(&[(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "http://h/t"
        )]));
        assert!(!wanted(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")]));
        assert!(!wanted(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]));
    }

    #[test]
    fn the_collector_is_enough() {
        let place = |written| place(written).map_err(|error| error.to_string());
        let full = Ok("http://localhost:4318/v1/traces".to_owned());
        assert_eq!(place("http://localhost:4318"), full);
        assert_eq!(place("http://localhost:4318/v1/traces"), full);
        assert_eq!(
            place("https://otlp.acme.example/tenant/"),
            Ok("https://otlp.acme.example/tenant/v1/traces".to_owned())
        );
        for wrong in ["localhost:4317", "collector", "grpc://collector:4317"] {
            let reason = place(wrong).expect_err("is no HTTP URL");
            assert!(reason.contains(wrong), "{reason}");
        }
    }
}
