//! Requests that really go out, and how long they may take.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::{Instant, timeout_at};

use super::{About, Broken, Transport, Undelivered};
use crate::config::http::HttpClientConfig;

/// How long connecting may take: a host that does not answer at all is noticed earlier than one
/// that works on a long answer.
const CONNECT: Duration = Duration::from_secs(15);

/// How long an API may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// How long each part of a request may take; `None` without a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::source::http) struct Timeouts {
    /// Until there is a connection.
    pub connect: Option<Duration>,
    /// Until the answer begins, and between two parts of it.
    pub read: Option<Duration>,
    /// All of it.
    pub whole: Option<Duration>,
    /// Whether the file says nothing of how long the answer may be silent.
    unsaid: bool,
}

impl Timeouts {
    /// What is written, and else the defaults. A limit on the whole is one on each part as well, so
    /// where it is written the defaults of the parts do not cut it short.
    pub fn compile(config: Option<&HttpClientConfig>) -> Self {
        let limit = |time: Duration| (!time.is_zero()).then_some(time);
        let of = |field: fn(&HttpClientConfig) -> Option<Duration>| config.and_then(field);
        let whole = of(|config| config.timeout.map(|time| time.0));
        let read = of(|config| config.read_timeout.map(|time| time.0));
        let connect = of(|config| config.connect_timeout.map(|time| time.0));
        Self {
            connect: limit(connect.unwrap_or(CONNECT)),
            read: match (read, whole) {
                (Some(read), _) => limit(read),
                (None, Some(_)) => None,
                (None, None) => Some(SILENCE),
            },
            whole: whole.and_then(limit),
            unsaid: read.is_none() && whole.is_none(),
        }
    }

    /// With another silence where the file says nothing of it.
    pub fn with_usual_silence(self, time: Option<Duration>) -> Self {
        match (time, self.unsaid) {
            (Some(time), true) => Self {
                read: Some(time),
                ..self
            },
            _ => self,
        }
    }

    /// The moment at which a part that begins now has taken too long, and what is said then.
    fn next(&self, sent: Instant, begun: bool) -> Option<(Instant, String)> {
        let silent = self.read.map(|read| {
            let what = match begun {
                true => "the answer stopped coming for",
                false => "no answer within",
            };
            let help = "`http.read_timeout` allows more";
            (
                Instant::now() + read,
                format!("{what} {}; {help}", seconds(read)),
            )
        });
        let over = self.whole.map(|whole| {
            let what = match begun {
                true => "the answer was not complete within",
                false => "no answer within",
            };
            let help = "`http.timeout` allows more";
            (sent + whole, format!("{what} {}; {help}", seconds(whole)))
        });
        silent.into_iter().chain(over).min_by_key(|(end, _)| *end)
    }
}

/// The network.
#[derive(Debug)]
pub(in crate::source::http) struct Network;

#[async_trait::async_trait]
impl Transport for Network {
    async fn send(
        &self,
        request: reqwest::Request,
        about: &About<'_>,
    ) -> Result<reqwest::Response, Undelivered> {
        let client = about.source.client().map_err(Undelivered::Failed)?;
        let timeouts = about.source.timeouts();
        let sent = Instant::now();
        let response = within(timeouts.next(sent, false), client.execute(request)).await;
        let response = response.and_then(|response| {
            response.map_err(|error| match (error.is_connect() && error.is_timeout(), timeouts.connect) {
                (true, Some(limit)) => Broken {
                    sent: false,
                    ..Broken::too_slow(format!(
                        "no connection within {}; is the host right, and does a firewall let this machine through? `http.connect_timeout` allows more",
                        seconds(limit)
                    ))
                },
                (true, None) | (false, _) => {
                    let names_proxy = error.is_connect() && names_proxy();
                    let mut broken = Broken::of(error);
                    if names_proxy {
                        broken.reason.push_str("; the environment names a proxy: is it the right one?");
                    }
                    broken
                }
            })
        });
        let response = response.map_err(Undelivered::Broken)?;
        Ok(with_body(response, (), move |response, ()| {
            Box::pin(async move {
                let part = within(timeouts.next(sent, true), response.chunk()).await;
                let part = part.and_then(|part| part.map_err(Broken::of));
                part.transpose()
            })
        }))
    }
}

/// True when the environment sends requests elsewhere: then it may be the proxy that is not there.
fn names_proxy() -> bool {
    let names = ["http_proxy", "https_proxy", "all_proxy"];
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    names
        .iter()
        .any(|name| set(name) || set(&name.to_uppercase()))
}

/// The next part of a body; `None` behind the last one.
pub(in crate::source::http) type Part = Option<Result<bytes::Bytes, Broken>>;

/// The same answer, whose body comes part by part from `next`. `state` lives as long as the body.
pub(in crate::source::http) fn with_body<S, F>(
    response: reqwest::Response,
    state: S,
    next: F,
) -> reqwest::Response
where
    S: Send + 'static,
    F: for<'a> FnMut(&'a mut reqwest::Response, &'a mut S) -> BoxFuture<'a, Part> + Send + 'static,
{
    let mut head = http::Response::new(());
    *head.status_mut() = response.status();
    *head.version_mut() = response.version();
    *head.headers_mut() = response.headers().clone();
    let body = futures::stream::unfold(
        (response, state, next),
        |(mut response, mut state, mut next)| async move {
            let part = next(&mut response, &mut state).await?;
            Some((part, (response, state, next)))
        },
    );
    head.map(|()| reqwest::Body::wrap_stream(body)).into()
}

async fn within<T>(
    limit: Option<(Instant, String)>,
    work: impl Future<Output = T>,
) -> Result<T, Broken> {
    match limit {
        Some((end, reason)) => timeout_at(end, work)
            .await
            .map_err(|_| Broken::too_slow(reason)),
        None => Ok(work.await),
    }
}

/// A time for people: `30s`, `0.5s`.
fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs_f64())
}
