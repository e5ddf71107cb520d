//! `connect` of an API → something that requests can be sent with.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};

use super::auth::Authenticate;
use super::request::base::{Base, host, safe};
use super::request::defaults::Defaults;
use super::request::kept::Common;
use super::request::parts::RequestParts;
use super::request::pre_requests::{self, PreRequests};
use super::request::template::Purpose;
use super::wire::clock::{Clock, Replaceable, SystemClock};
use super::wire::conditions::Conditions;
use super::wire::error_rules::ErrorRules;
use super::wire::exchange::Wire;
use super::wire::failure::Failure;
use super::wire::limiter::Limiter;
use super::wire::retry::RetryPolicy;
use super::wire::tls::Tls;
use super::wire::transport::{Network, Record, Recorder, Replay, Timeouts, Transport};
use crate::config::CompileContext;
use crate::config::ConnectorConfig;
use crate::config::connect::HttpConnectConfig;
use crate::config::http::PaginationConfig;
use crate::expr::{Inputs, Variables};
use crate::source::http::auth::{Anonymous, NotSet};
use crate::source::redact::Redactor;
use crate::source::{Source, SourceError, meter};

/// How long logging out may take.
const LOGOUT_TIMEOUT: Duration = Duration::from_secs(5);

/// An API: where it is, who asks, and how often.
#[derive(Debug)]
pub struct HttpSource {
    pub(super) base: Base,
    pub(super) auth: Box<dyn Authenticate>,
    tls: Tls,
    pub(super) defaults: Defaults,
    pub(super) pagination: Option<PaginationConfig>,
    pub(super) errors: ErrorRules,
    pub(super) conditions: Conditions,
    /// Requests made before all others.
    pub(super) common: Common,
    pub(super) retry: RetryPolicy,
    timeouts: Timeouts,
    /// How long the API may be silent where the file does not say it.
    silence: OnceLock<Duration>,
    pub(super) limiter: Arc<Limiter>,
    pub(super) redactor: Redactor,
    /// Whether requests prove who asks.
    pub(super) authenticated: bool,
    pub(super) clock: Arc<Replaceable>,
    /// Whether pages say what they were asked with.
    tells: AtomicBool,
    /// Made when the first request is sent, so that compiling a file reads no certificates.
    client: Mutex<Option<reqwest::Client>>,
    /// Where answers come from when it is not the network.
    transport: OnceLock<Box<dyn Transport>>,
}

impl HttpSource {
    /// Compiles how an API is reached. Asks nothing; every mistake is noted.
    pub fn compile(
        connect: &HttpConnectConfig,
        config: &ConnectorConfig,
        cx: &mut CompileContext,
    ) -> Option<Arc<HttpSource>> {
        Self::compile_with_clock(connect, config, Arc::new(SystemClock), cx)
    }

    /// The same with a clock of the caller's, for programs that must not wait.
    pub fn compile_with_clock(
        connect: &HttpConnectConfig,
        config: &ConnectorConfig,
        clock: Arc<dyn Clock>,
        cx: &mut CompileContext,
    ) -> Option<Arc<HttpSource>> {
        let client = config.http.as_ref();
        let errors = ErrorRules::compile(config.error_handling.as_deref(), cx);
        let conditions = Conditions::compile(config.error_handling.as_deref(), cx);
        let base = Base::compile(&connect.base_url, cx);
        let auth: Box<dyn Authenticate> = match &connect.auth {
            // Why it cannot be compiled was noted; listings are still checked.
            Some(auth) => auth.compile(cx).unwrap_or_else(|| Box::new(NotSet)),
            None => Box::new(Anonymous),
        };
        let pre = &connect.pre_requests;
        let defaults = connect.request_defaults.as_ref();
        let defaults = Defaults::compile(defaults, client, !pre.is_empty(), cx);
        let tls = Tls::compile(connect.tls.as_ref(), connect.base_url.0.span, cx);
        let (base, defaults) = (base?, defaults?);
        let variables = Variables::of(&["vars", pre_requests::VARIABLE]);
        // Mistakes were noted; listings are still checked.
        let common = PreRequests::compile(
            pre,
            &[],
            &base,
            &conditions,
            variables,
            Purpose::Listing,
            cx,
        )
        .unwrap_or_default();
        let common = Common::new(pre, common);
        let secrets = auth.secrets().into_iter().chain(defaults.secrets());
        let secrets = secrets.chain(tls.secrets());
        Some(Arc::new(HttpSource {
            redactor: Redactor::new(secrets.chain(common.requests.secrets())),
            authenticated: connect
                .auth
                .as_ref()
                .is_some_and(|auth| auth.kind != "none"),
            base,
            common,
            auth,
            tls,
            defaults,
            pagination: connect.pagination.clone(),
            errors,
            conditions,
            retry: RetryPolicy::compile(client.and_then(|client| client.retry.as_ref())),
            timeouts: Timeouts::compile(client),
            silence: OnceLock::new(),
            limiter: Limiter::compile(client),
            clock: Arc::new(Replaceable::new(clock)),
            tells: AtomicBool::new(false),
            client: Mutex::new(None),
            transport: OnceLock::new(),
        }))
    }

    /// Whether the file has requests that are made before all others.
    pub fn has_pre_requests(&self) -> bool {
        !self.common.is_empty()
    }

    /// The connection pool. Redirects are followed by us: a client's own would take headers that
    /// hold credentials to other hosts.
    pub(super) fn client(&self) -> Result<reqwest::Client, SourceError> {
        let mut client = self
            .client
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(client) = client.as_ref() {
            return Ok(client.clone());
        }
        install_tls();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("rolecall/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(60));
        if let Some(timeout) = self.timeouts.connect {
            builder = builder.connect_timeout(timeout);
        }
        let built = self
            .tls
            .apply(builder)?
            .build()
            .map_err(|error| SourceError::Unreachable {
                system: host(self.base.url()),
                reason: format!("the HTTP client cannot start: {error}"),
                transient: false,
            })?;
        Ok(client.insert(built).clone())
    }

    /// Writes every exchange from now on into a recording.
    pub fn record(&self, recorder: &Arc<Recorder>) {
        recorder.begin(self);
        let _ = self.transport.set(Box::new(Record(recorder.clone())));
    }

    /// Takes every answer from a recording. Nothing is sent, and nobody waits.
    pub fn replay(&self, replay: &Arc<Replay>) {
        self.clock.replace(replay.clone());
        let _ = self.transport.set(Box::new(replay.clone()));
    }

    /// Lets the API be silent for so long, unless the file says how long it may be.
    pub fn allow_silence(&self, time: Duration) {
        let _ = self.silence.set(time);
    }

    /// How long answers may take.
    pub(super) fn timeouts(&self) -> Timeouts {
        self.timeouts
            .with_usual_silence(self.silence.get().copied())
    }

    /// Says how many listings run side by side: so many requests go at a time, unless the file says
    /// otherwise.
    pub fn side_by_side(&self, listings: u32) {
        self.limiter.side_by_side(listings);
    }

    /// Whether pages say what they were asked with.
    pub(super) fn tells(&self) -> bool {
        self.tells.load(Ordering::Relaxed)
    }

    pub(super) fn now(&self) -> std::time::SystemTime {
        self.clock.now()
    }

    /// Where answers come from.
    pub(super) fn transport(&self) -> &dyn Transport {
        self.transport.get().map_or(&Network, Box::as_ref)
    }

    /// Waits before something that failed is tried again, and counts that; gives the error back where
    /// it will not pass, or has been met too often.
    pub(super) async fn wait_or_give_up(
        &self,
        failed: &mut u32,
        error: SourceError,
    ) -> Result<(), SourceError> {
        *failed += 1;
        let wait = self.retry.wait(*failed, error.retry_after());
        let Some(wait) = wait.filter(|_| error.is_transient()) else {
            return Err(error);
        };
        let wait_ms = wait.as_millis();
        tracing::info!(reason = %error, attempt = *failed, wait_ms, "trying again");
        self.clock.wait(error.wait_reason(), wait).await;
        meter::retried();
        Ok(())
    }

    async fn probe(&self, method: Method) -> Result<StatusCode, Failure> {
        let mut request = RequestParts::new(method, self.base.url().clone());
        request.headers =
            HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        // The shared headers may be templates over `vars`, which only a run knows; a plain
        // request is enough to see whether somebody answers.
        self.defaults
            .client_headers
            .apply_headers(&mut request, &Inputs::new())
            .ok();
        self.defaults
            .carried
            .apply_headers(&mut request, &Inputs::new())
            .ok();
        let wire = Wire {
            source: self,
            redactor: &self.redactor,
            rules: &self.errors,
        };
        let mut failed = 0;
        loop {
            let error = match wire.exchange(request.clone()).await {
                Ok((response, _)) => return Ok(response.status()),
                Err(failure) => failure.error,
            };
            self.wait_or_give_up(&mut failed, error).await?;
        }
    }
}

/// Chooses the cryptography of TLS for the process, once. Somebody may have chosen before us.
pub(crate) fn install_tls() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

#[async_trait::async_trait]
impl Source for HttpSource {
    fn http(&self) -> Option<&HttpSource> {
        Some(self)
    }

    fn tell(&self) {
        self.tells.store(true, Ordering::Relaxed);
    }

    fn redact(&self, text: &str) -> String {
        self.redactor.whole(text)
    }

    /// Asks for `base_url` to see whether somebody answers. Any answer below 500 will do, 401 too:
    /// many APIs answer so at their root whoever asks, and whether the credentials are good only a
    /// listing can tell.
    async fn check(&self) -> Result<(), SourceError> {
        let mut status = self
            .probe(Method::HEAD)
            .await
            .map_err(|failure| failure.error)?;
        if status.is_server_error() {
            // Some servers fail on `HEAD` alone.
            status = self
                .probe(Method::GET)
                .await
                .map_err(|failure| failure.error)?;
        }
        match status.as_u16() {
            502..=504 => Err(SourceError::Status {
                method: Method::GET.to_string(),
                url: safe(self.base.url()),
                status: status.to_string(),
                detail: String::new(),
                transient: true,
                retry_after: None,
                by_rule: false,
            }),
            _ => Ok(()),
        }
    }

    async fn close(&self) {
        let wire = Wire {
            source: self,
            redactor: &self.redactor,
            rules: &self.errors,
        };
        // What was read stands, whether or not the API lets us go.
        match tokio::time::timeout(LOGOUT_TIMEOUT, self.auth.close(&wire)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(reason = %error, "the API did not log us out"),
            Err(_) => tracing::warn!("the API did not log us out in time"),
        }
        self.client
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .take();
    }
}
