//! A recording in place of the network: the same answers to the same requests, and no waits.

use std::collections::{HashMap, VecDeque};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use regex::Regex;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value as Json;

use super::asked::Asked;
use super::by_hand;
use super::recording::{self, Exchange};
use super::scrub::{GONE, Secrets};
use super::{About, Broken, Transport, Undelivered};
use crate::config::Environment;
use crate::expr::{Value, parse_time};
use crate::source::SourceError;
use crate::source::http::Clock;

/// How far apart two moments in otherwise equal requests may be: the clock of a repeated run stands
/// still where that of the recorded one went on.
const SAME_MOMENT: i64 = 3600;

/// How much of a long request is compared to find the nearest one.
const COMPARED: usize = 300;

/// Answers from a folder that a recording was written to.
#[derive(Debug)]
pub struct Replay {
    folder: PathBuf,
    about: recording::About,
    exchanges: Vec<Exchange>,
    /// True where people wrote the exchanges: they are found however they are written.
    by_hand: bool,
    /// Which exchanges answer a request, in the order in which they were recorded.
    unused: Mutex<HashMap<Asked, VecDeque<usize>>>,
    /// What was asked, in its order.
    asked: Mutex<Vec<String>>,
    now: Mutex<SystemTime>,
}

impl Replay {
    /// Reads a recording.
    pub fn open(folder: &Path) -> Result<Arc<Self>, String> {
        let (about, exchanges) = recording::read(folder)?;
        Ok(Self::new(folder, about, exchanges, false))
    }

    /// Takes exchanges that people wrote. The order of query parameters does not count, nor how
    /// characters are encoded; one that does not say what was sent answers whatever is sent. The clock
    /// begins at `started`.
    pub fn of(exchanges: Vec<Exchange>, started: SystemTime) -> Arc<Self> {
        let since = started.duration_since(SystemTime::UNIX_EPOCH);
        let since = since.unwrap_or_default().as_millis();
        let about = recording::About {
            started_ms: u64::try_from(since).unwrap_or_default(),
            ..recording::About::default()
        };
        Self::new(Path::new(""), about, exchanges, true)
    }

    fn new(
        folder: &Path,
        about: recording::About,
        exchanges: Vec<Exchange>,
        by_hand: bool,
    ) -> Arc<Self> {
        let mut unused: HashMap<Asked, VecDeque<usize>> = HashMap::new();
        for (index, exchange) in exchanges.iter().enumerate() {
            unused
                .entry(Asked::recorded(exchange))
                .or_default()
                .push_back(index);
        }
        let started = SystemTime::UNIX_EPOCH + Duration::from_millis(about.started_ms);
        Arc::new(Self {
            folder: folder.to_owned(),
            about,
            exchanges,
            by_hand,
            unused: Mutex::new(unused),
            asked: Mutex::default(),
            now: Mutex::new(started),
        })
    }

    /// The environment for compiling the connector: what is not set has the value that it had when
    /// the recording was made, or else a stand-in. No secret is needed.
    pub fn environment<'e>(&'e self, inner: &'e dyn Environment) -> impl Environment + 'e {
        StandingIn {
            replay: self,
            inner,
        }
    }

    /// The recorded requests that nobody made, in their order.
    pub fn never_asked(&self) -> Vec<String> {
        let unused = self.unused_indexes().into_iter();
        unused
            .map(|index| self.exchanges[index].ask.clone())
            .collect()
    }

    /// The places of the exchanges that nobody asked for, in their order.
    pub fn unused_indexes(&self) -> Vec<usize> {
        let unused = self.unused();
        let mut indexes: Vec<_> = unused.values().flatten().copied().collect();
        indexes.sort_unstable();
        indexes
    }

    /// What was asked so far, in its order, without secrets: method and target of each request.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn unused(&self) -> MutexGuard<'_, HashMap<Asked, VecDeque<usize>>> {
        self.unused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, asked: &Asked) -> Result<&Exchange, String> {
        let mut unused = self.unused();
        let left = |found: &mut VecDeque<usize>| found.pop_front();
        let found = unused.get_mut(asked).and_then(left).or_else(|| {
            let timed = Timed::of(asked);
            let similar = unused
                .iter()
                .filter(|(other, left)| !left.is_empty() && timed.is_same(&Timed::of(other)));
            let first = similar.min_by_key(|(_, left)| left.front().copied());
            let first = first.map(|(other, _)| other.clone())?;
            unused.get_mut(&first).and_then(left)
        });
        let found = found.or_else(|| {
            let exchanges = unused.iter().filter(|(_, left)| !left.is_empty());
            let same =
                exchanges.filter(|(other, _)| self.by_hand && by_hand::answers(other, asked));
            let first = same.min_by_key(|(_, left)| left.front().copied());
            let first = first.map(|(other, _)| other.clone())?;
            unused.get_mut(&first).and_then(left)
        });
        if let Some(index) = found {
            return Ok(&self.exchanges[index]);
        }
        let body = match &asked.sent {
            Some(_) => " with this body",
            None => "",
        };
        let recording = match self.by_hand {
            true => "the test",
            false => "the recording",
        };
        if let Some(used) = unused.get(asked) {
            debug_assert!(used.is_empty());
            if self.by_hand {
                return Err(format!(
                    "the test has no further answer to `{}`{body}",
                    asked.ask
                ));
            }
            return Err(format!(
                "the recording has no further answer to `{}`{body}: the recorded run asked less often",
                asked.ask
            ));
        }
        let nearest = self.nearest(asked);
        Err(match nearest {
            Some(nearest) if nearest.ask == asked.ask => format!(
                "{recording} has no answer to `{}`{body}, only to the same request with another body",
                asked.ask
            ),
            Some(nearest) => format!(
                "{recording} has no answer to `{}`{body}; the nearest request in it is `{}`",
                asked.ask, nearest.ask
            ),
            None => format!("{recording} has no answer to `{}`: it is empty", asked.ask),
        })
    }

    fn nearest(&self, asked: &Asked) -> Option<&Exchange> {
        let start = |text: &str| text.chars().take(COMPARED).collect::<String>();
        let wanted = start(&asked.ask);
        self.exchanges.iter().max_by(|a, b| {
            let alike = |exchange: &Exchange| {
                strsim::normalized_levenshtein(&wanted, &start(&exchange.ask))
            };
            alike(a).total_cmp(&alike(b))
        })
    }

    fn answer(&self, exchange: &Exchange) -> Result<reqwest::Response, Undelivered> {
        let wrong = |reason: String| {
            let ask = &exchange.ask;
            Undelivered::Failed(SourceError::Invalid(format!(
                "the recorded answer to `{ask}` cannot be used: {reason}"
            )))
        };
        let broken = exchange.broken.clone().map(|broken| Broken {
            reason: broken.reason,
            transient: broken.transient,
            slow: false,
            sent: true,
        });
        let Some(status) = exchange.answer else {
            return Err(match broken {
                Some(broken) => Undelivered::Broken(broken),
                None => wrong("it has neither `answer` nor `broken`".to_owned()),
            });
        };
        let mut head = http::Response::new(());
        *head.status_mut() = http::StatusCode::from_u16(status)
            .map_err(|_| wrong(format!("`answer: {status}` is no status")))?;
        *head.headers_mut() = headers(exchange).map_err(wrong)?;
        let (inline, file) = match &exchange.body_file {
            Some(name) => {
                let file = std::fs::File::open(self.folder.join(name));
                let file = file.map_err(|error| wrong(format!("`{name}`: {error}")))?;
                (Vec::new(), Some(file))
            }
            None => (exchange.body().map_err(wrong)?, None),
        };
        let rest = futures::stream::unfold(file, async |file| {
            let mut file = file?;
            let mut part = vec![0; 64 * 1024];
            match file.read(&mut part) {
                Ok(0) => None,
                Ok(length) => {
                    part.truncate(length);
                    Some((Ok(bytes::Bytes::from(part)), Some(file)))
                }
                Err(error) => {
                    let reason = format!("the recorded body cannot be read: {error}");
                    let broken = Broken {
                        reason,
                        transient: false,
                        slow: false,
                        sent: true,
                    };
                    Some((Err(broken), None))
                }
            }
        });
        use futures::StreamExt as _;
        let inline = (!inline.is_empty()).then(|| Ok(bytes::Bytes::from(inline)));
        let body = futures::stream::iter(inline)
            .chain(rest)
            .chain(futures::stream::iter(broken.map(Err)));
        Ok(head.map(|()| reqwest::Body::wrap_stream(body)).into())
    }
}

fn headers(exchange: &Exchange) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &exchange.headers {
        let wrong = || format!("`{name}` is no header");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let values = match value {
            Json::Array(values) => values.iter().collect(),
            value => vec![value],
        };
        for value in values {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            headers.append(&name, HeaderValue::from_str(&text).map_err(|_| wrong())?);
        }
    }
    Ok(headers)
}

#[async_trait::async_trait]
impl Transport for Arc<Replay> {
    async fn send(
        &self,
        request: reqwest::Request,
        about: &About<'_>,
    ) -> Result<reqwest::Response, Undelivered> {
        let secrets = Secrets::new(&about.redactor.forms());
        let asked = Asked::of(&request, about, &secrets);
        let mut log = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        log.push(asked.ask.clone());
        drop(log);
        let found = self.find(&asked);
        let invalid = |reason| Undelivered::Failed(SourceError::Invalid(reason));
        self.answer(found.map_err(invalid)?)
    }
}

/// The clock of a repeated run: starts when the recorded one did, and goes on when it is asked to
/// wait, at once.
#[async_trait::async_trait]
impl Clock for Replay {
    fn now(&self) -> SystemTime {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, time: Duration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += time;
        // Others may go first, as they might while one really waits.
        tokio::task::yield_now().await;
    }
}

struct StandingIn<'e> {
    replay: &'e Replay,
    inner: &'e dyn Environment,
}

impl Environment for StandingIn<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let recorded = || self.replay.about.variables.get(name).cloned();
        let value = self.inner.get(name).or_else(recorded);
        Some(value.unwrap_or_else(|| GONE.to_owned()))
    }
}

/// A request with its moments taken out.
struct Timed {
    /// What is left, with a mark where a moment was.
    rest: String,
    /// In seconds since 1970.
    moments: Vec<i64>,
}

impl Timed {
    fn of(asked: &Asked) -> Self {
        static MOMENT: std::sync::LazyLock<Regex> = std::sync::LazyLock::new(|| {
            Regex::new(
                r"\b(?:\d{4}-\d\d-\d\dT\d\d(?::|%3A)\d\d(?::|%3A)\d\d(?:\.\d+)?(?:Z|(?:\+|%2B|-)\d\d(?::|%3A)?\d\d)?|\d{10}(?:\d{3})?)\b",
            )
            .expect("a pattern")
        });
        let whole = format!(
            "{} {} {}",
            asked.ask,
            asked.action.as_deref().unwrap_or_default(),
            asked.sent.as_deref().unwrap_or_default()
        );
        let mut moments = Vec::new();
        let rest = MOMENT.replace_all(&whole, |found: &regex::Captures<'_>| {
            let text = found[0].replace("%3A", ":").replace("%2B", "+");
            let seconds = match (text.len(), text.parse::<i64>()) {
                (13, Ok(milliseconds)) => Some(milliseconds / 1000),
                (_, Ok(seconds)) => Some(seconds),
                _ => parse_time(&Value::Text(text.clone()))
                    .ok()
                    .flatten()
                    .map(|time| time.timestamp()),
            };
            match seconds {
                Some(seconds) => {
                    moments.push(seconds);
                    "\u{0}".to_owned()
                }
                None => text,
            }
        });
        Self {
            rest: rest.into_owned(),
            moments,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        let mut pairs = self.moments.iter().zip(&other.moments);
        self.rest == other.rest
            && self.moments.len() == other.moments.len()
            && pairs.all(|(a, b)| (a - b).abs() <= SAME_MOMENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_that_are_near_each_other_are_the_same() {
        let timed = |ask: &str| {
            Timed::of(&Asked {
                ask: ask.to_owned(),
                sent: None,
                action: None,
            })
        };
        let cases = [
            ("GET /x?since=1700000000", "GET /x?since=1700000001", true),
            (
                "GET /x?since=1700000000000",
                "GET /x?since=1700000900000",
                true,
            ),
            ("GET /x?since=1700000000", "GET /x?since=1710000000", false),
            (
                "GET /x?since=2024-01-01T00%3A00%3A00Z&a=1",
                "GET /x?since=2024-01-01T00%3A00%3A03.5Z&a=1",
                true,
            ),
            (
                "GET /x?since=2024-01-01T00:00:00Z&a=1",
                "GET /x?since=2024-01-01T00:00:00Z&a=2",
                false,
            ),
            ("GET /users/1", "GET /users/2", false),
        ];
        for (a, b, same) in cases {
            assert_eq!(timed(a).is_same(&timed(b)), same, "{a} {b}");
        }
    }
}
