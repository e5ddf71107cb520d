//! The network, and a copy of what comes from it without secrets.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use secrecy::SecretString;

use super::asked::{self, Asked};
use super::network::with_body;
use super::recording::{self, Exchange, INLINE};
use super::scrub::{Scrubber, Secrets};
use super::{About, Broken, Network, Transport, Undelivered};
use crate::config::{Environment, names_secret};
use crate::source::http::source::HttpSource;
use crate::source::redact::Redactor;

/// Writes the exchanges of a run into a folder.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    next: AtomicU32,
    /// The variables that the connector asked for.
    variables: Mutex<BTreeMap<String, String>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    about: recording::About,
    started: Option<SystemTime>,
    /// Variables that are secrets by their names, in every form.
    secrets: Vec<SecretString>,
    /// What first went wrong.
    problem: Option<String>,
}

impl Recorder {
    /// Makes the folder. It may be there already, but must be empty.
    pub fn create(folder: &Path) -> io::Result<Arc<Self>> {
        recording::create(folder)?;
        Ok(Arc::new(Self {
            folder: folder.to_owned(),
            next: AtomicU32::new(1),
            variables: Mutex::default(),
            state: Mutex::default(),
        }))
    }

    /// The environment for compiling the connector: what it asks for is remembered.
    pub fn environment<'e>(&'e self, inner: &'e dyn Environment) -> impl Environment + 'e {
        Remembering {
            recorder: self,
            inner,
        }
    }

    /// How many exchanges were written.
    pub fn exchanges(&self) -> u32 {
        self.next.load(Ordering::Relaxed) - 1
    }

    /// Why the recording is not whole, where it is not.
    pub fn problem(&self) -> Option<String> {
        self.state().problem.clone()
    }

    /// Begins with the exchanges of a source.
    pub(in crate::source::http) fn begin(&self, source: &HttpSource) {
        let variables = self.variables.lock();
        let variables = variables.unwrap_or_else(PoisonError::into_inner);
        let secrets = variables.iter().filter(|(name, _)| names_secret(name));
        let secrets = Redactor::new(secrets.map(|(_, value)| SecretString::from(value.as_str())));
        let started = source.now();
        let since = started.duration_since(SystemTime::UNIX_EPOCH);
        let mut state = self.state();
        state.secrets = secrets.forms();
        state.started = Some(started);
        state.about = recording::About {
            rolecall: env!("CARGO_PKG_VERSION").to_owned(),
            started_ms: u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or_default(),
            api: source.base.url().origin().ascii_serialization(),
            variables: BTreeMap::new(),
        };
        let written = recording::write_about(&self.folder, &state.about);
        state.note(written);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn secrets(&self, redactor: &Redactor) -> Secrets {
        let mut forms = redactor.forms();
        forms.extend(self.state().secrets.iter().cloned());
        Secrets::new(&forms)
    }

    /// Notes the variables that are part of a URL and no secret: a repeated run may lack them.
    fn note_variables(&self, asked: &Asked, base: &str, secrets: &Secrets) {
        let variables = self.variables.lock();
        let variables = variables.unwrap_or_else(PoisonError::into_inner);
        let mut state = self.state();
        let shown = format!("{base} {}", asked.ask).to_lowercase();
        let known = state.about.variables.len();
        for (name, value) in variables.iter().filter(|(name, _)| !names_secret(name)) {
            let looked_for = value.trim().trim_end_matches('/').to_lowercase();
            if !looked_for.is_empty()
                && shown.contains(&looked_for)
                && secrets.clean(value) == *value
            {
                state.about.variables.insert(name.clone(), value.clone());
            }
        }
        if state.about.variables.len() > known {
            let written = recording::write_about(&self.folder, &state.about);
            state.note(written);
        }
    }

    fn since_start(&self, now: SystemTime) -> u64 {
        let started = self.state().started.unwrap_or(now);
        let since = now.duration_since(started).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

impl State {
    /// A recording that cannot be written is no reason for a run to fail, but is told.
    fn note(&mut self, written: io::Result<()>) {
        if let Err(error) = written
            && self.problem.is_none()
        {
            tracing::warn!(%error, "the recording cannot be written");
            self.problem = Some(error.to_string());
        }
    }
}

struct Remembering<'e> {
    recorder: &'e Recorder,
    inner: &'e dyn Environment,
}

impl Environment for Remembering<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let value = self.inner.get(name)?;
        let variables = self.recorder.variables.lock();
        let mut variables = variables.unwrap_or_else(PoisonError::into_inner);
        variables.insert(name.to_owned(), value.clone());
        Some(value)
    }
}

/// Sends requests, and copies them and their answers.
#[derive(Debug)]
pub(in crate::source::http) struct Record(pub Arc<Recorder>);

#[async_trait::async_trait]
impl Transport for Record {
    async fn send(
        &self,
        request: reqwest::Request,
        about: &About<'_>,
    ) -> Result<reqwest::Response, Undelivered> {
        let recorder = &self.0;
        let secrets = recorder.secrets(about.redactor);
        let asked = Asked::of(&request, about, &secrets);
        recorder.note_variables(&asked, about.source.base.url().as_str(), &secrets);
        let number = recorder.next.fetch_add(1, Ordering::Relaxed);
        let began = about.source.now();
        let exchange = Exchange {
            ask: asked.ask,
            sent: asked.sent,
            with: asked::headers(request.headers(), &secrets, false),
            at_ms: recorder.since_start(began),
            ..Exchange::default()
        };
        let mut copy = Copy {
            recorder: recorder.clone(),
            number,
            exchange,
            scrubber: Scrubber::new(secrets.clone(), about.credentials),
            body: Vec::new(),
            file: None,
            done: false,
        };
        let sent = Network.send(request, about).await;
        let took = about.source.now().duration_since(began).unwrap_or_default();
        copy.exchange.took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let response = match sent {
            Ok(response) => response,
            Err(undelivered) => {
                if let Undelivered::Broken(broken) = &undelivered {
                    copy.broke(broken, &secrets);
                }
                return Err(undelivered);
            }
        };
        copy.exchange.answer = Some(response.status().as_u16());
        copy.exchange.headers = asked::headers(response.headers(), &secrets, about.credentials);
        Ok(with_body(response, (copy, secrets), |response, state| {
            Box::pin(async move {
                let (copy, secrets) = state;
                let part = response.chunk().await.map_err(Broken::of).transpose();
                match &part {
                    Some(Ok(part)) => copy.take(part),
                    Some(Err(broken)) => copy.broke(broken, secrets),
                    None => copy.end(),
                }
                part
            })
        }))
    }
}

/// An exchange under way. What was not read to its end is written as far as it came.
struct Copy {
    recorder: Arc<Recorder>,
    number: u32,
    exchange: Exchange,
    scrubber: Scrubber,
    /// The start of the body; all of it, when it is small.
    body: Vec<u8>,
    /// The rest, when it is not.
    file: Option<File>,
    done: bool,
}

impl Copy {
    fn take(&mut self, part: &[u8]) {
        let clean = self.scrubber.feed(part);
        self.keep(&clean);
    }

    fn keep(&mut self, clean: &[u8]) {
        let kept = match &mut self.file {
            Some(file) => file.write_all(clean),
            None => {
                self.body.extend_from_slice(clean);
                match self.body.len() > INLINE {
                    true => self.spill(),
                    false => Ok(()),
                }
            }
        };
        self.recorder.state().note(kept);
    }

    fn spill(&mut self) -> io::Result<()> {
        let name = recording::body_name(self.number);
        let mut file = recording::private(&self.recorder.folder.join(&name))?;
        file.write_all(&std::mem::take(&mut self.body))?;
        self.exchange.body_file = Some(name);
        self.file = Some(file);
        Ok(())
    }

    fn broke(&mut self, broken: &Broken, secrets: &Secrets) {
        self.exchange.broken = Some(recording::Breakage {
            reason: secrets.clean(&broken.reason),
            transient: broken.transient,
        });
        self.end();
    }

    fn end(&mut self) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let rest = self.scrubber.finish();
        self.keep(&rest);
        let path = recording::path(&self.recorder.folder, self.number);
        let written = recording::write(&path, &self.exchange, &self.body);
        self.recorder.state().note(written);
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // A request that nobody waited for has no answer to tell of.
        if self.exchange.answer.is_some() {
            self.end();
        }
    }
}
