//! Who keeps the answers of requests that were made before others, and for how long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;
use tokio::sync::OnceCell;

use super::pre_requests::{PreRequests, VARIABLE};
use crate::config::decode::Named;
use crate::config::http::RequestConfig;
use crate::expr::{Inputs, Map};
use crate::source::SourceError;
use crate::source::http::answered::Written;
use crate::source::http::wire::exchange::Wire;

/// The connector's own pre-requests: made once per process.
#[derive(Default)]
pub(in crate::source::http) struct Common {
    /// The names, also of those that have mistakes.
    names: Vec<String>,
    pub requests: PreRequests,
    answers: OnceCell<Map>,
}

/// Answers may hold secrets.
impl std::fmt::Debug for Common {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Common({:?})", self.requests)
    }
}

impl Common {
    pub(in crate::source::http) fn new(
        configs: &Named<RequestConfig>,
        requests: PreRequests,
    ) -> Self {
        let names = configs.iter().map(|(name, _)| name.text.clone());
        Self {
            names: names.collect(),
            requests,
            answers: OnceCell::new(),
        }
    }

    pub(in crate::source::http) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The names.
    pub(in crate::source::http) fn known(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    /// The answers; whoever comes while they are asked for waits.
    async fn answers(&self, wire: &Wire<'_>, inputs: &Inputs) -> Result<Map, SourceError> {
        let ask = || async {
            let vars = inputs.get("vars").cloned();
            let inputs = vars
                .into_iter()
                .fold(Inputs::new(), |inputs, vars| inputs.with("vars", vars));
            // What every request carries may need these very answers.
            let defaults = wire.source.defaults.without(VARIABLE);
            let wire = Wire {
                rules: &wire.source.errors,
                ..*wire
            };
            self.requests
                .run(&wire, &defaults, &inputs, Map::new())
                .await
        };
        self.answers.get_or_try_init(ask).await.cloned()
    }
}

impl PreRequests {
    /// The answers for one request that is made for the sake of a change; `None` when there is
    /// nothing to ask. `written` comes to hold the requests that may have changed the system.
    pub(in crate::source::http) async fn answers_once(
        &self,
        wire: &Wire<'_>,
        inputs: &Inputs,
        written: &mut Vec<Written>,
    ) -> Result<Option<Map>, SourceError> {
        let source = wire.source;
        if self.is_empty() && source.common.requests.is_empty() {
            return Ok(None);
        }
        let common = source.common.answers(wire, inputs).await?;
        self.run_noting(wire, &source.defaults, inputs, common, written)
            .await
            .map(Some)
    }
}

/// The pre-requests of one listing: made once per subject, whose pages share the answers. A later
/// process, which goes on at a page, makes them again.
#[derive(Default)]
pub(in crate::source::http) struct Kept {
    requests: PreRequests,
    answers: Mutex<HashMap<String, Arc<Map>>>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kept({:?})", self.requests)
    }
}

impl Kept {
    pub(in crate::source::http) fn new(requests: PreRequests) -> Self {
        Self {
            requests,
            answers: Mutex::default(),
        }
    }

    /// Whether they depend on a variable.
    pub(in crate::source::http) fn mentions(&self, variable: &str) -> bool {
        self.requests.mentions(variable)
    }

    /// Whether a job is waited for.
    pub(in crate::source::http) fn is_job(&self) -> bool {
        self.requests.is_job()
    }

    /// The answers for a page; `None` when there is nothing to ask. The `first` page asks anew, and
    /// so does one whose answers were not kept.
    pub(in crate::source::http) async fn answers(
        &self,
        wire: &Wire<'_>,
        inputs: &Inputs,
        first: bool,
    ) -> Result<Option<Arc<Map>>, SourceError> {
        let common = &wire.source.common;
        if self.requests.is_empty() && common.requests.is_empty() {
            return Ok(None);
        }
        let kept = self.lock().remove(&subject(inputs));
        if let Some(answers) = kept.filter(|_| !first) {
            return Ok(Some(answers));
        }
        let common = common.answers(wire, inputs).await?;
        let defaults = &wire.source.defaults;
        let answers = self.requests.run(wire, defaults, inputs, common).await?;
        Ok(Some(Arc::new(answers)))
    }

    /// Keeps the answers for the next page of the same subject.
    pub(in crate::source::http) fn keep(&self, inputs: &Inputs, answers: &Arc<Map>) {
        if !self.requests.is_empty() {
            self.lock().insert(subject(inputs), answers.clone());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Map>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a listing runs for.
fn subject(inputs: &Inputs) -> String {
    let parts = ["parent_resource", "resource"].map(|name| {
        let value = inputs.get(name);
        let field = |field| value.and_then(|value| value.get(field)).map(Json::from);
        (field("type"), field("id"))
    });
    serde_json::to_string(&parts).expect("ids are plain data")
}
