//! Actions that run on their own, and what became of them: what a daemon needs, whose caller does
//! not wait until an action has come to its end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::Utc;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map as JsonMap, Value as Json, json};
use tokio::sync::watch;

use super::super::ask::AskError;
use super::super::audit::Journal;
use super::super::run::RunOptions;
use super::invoke::invoke;
use crate::ksuid;
use crate::plan::Plan;

/// How long an action may take.
const LIMIT: Duration = Duration::from_secs(60 * 60);
/// How long whoever runs one waits for its end, where they do not say.
const USUAL_WAIT: Duration = Duration::from_secs(1);
/// How many runs are remembered.
const REMEMBERED: usize = 1000;

/// Where a run stands. The last two are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionStatus {
    /// It has not begun.
    Pending,
    /// It is under way.
    Running,
    /// It did what it should.
    Complete,
    /// It did not, or nobody knows.
    Failed,
}

impl ActionStatus {
    /// Whether nothing becomes of it any more.
    pub fn is_final(self) -> bool {
        matches!(self, ActionStatus::Complete | ActionStatus::Failed)
    }
}

/// A run of an action.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionState {
    /// Its id: a KSUID.
    pub id: String,
    /// The id of the action.
    pub name: String,
    /// Where it stands.
    pub status: ActionStatus,
    /// What it answers; empty until then. That of a failed one has `error`.
    pub response: Json,
}

/// The actions of a connector, run on their own. What is remembered of them goes with the process.
#[derive(Debug, Clone)]
pub struct Actions {
    plan: Arc<Plan>,
    runs: Arc<Mutex<IndexMap<String, Run>>>,
    limit: Duration,
    remembered: usize,
}

#[derive(Debug)]
struct Run {
    state: watch::Sender<ActionState>,
    /// Failed only because whoever asked went away: its real end still counts.
    provisional: bool,
}

impl Actions {
    /// The actions of a plan, with the limits of the protocol.
    pub fn new(plan: Arc<Plan>) -> Self {
        Self::with_limits(plan, LIMIT, REMEMBERED)
    }

    /// The same with other limits: how long a run may take, and how many are remembered.
    pub fn with_limits(plan: Arc<Plan>, limit: Duration, remembered: usize) -> Self {
        Self {
            plan,
            runs: Arc::default(),
            limit,
            remembered,
        }
    }

    /// Runs an action, and waits for its end as long as `wait` says, or a second. It goes on however
    /// long that is, up to its limit, also when nobody waits any more. Fails only where it cannot be
    /// tried: whatever happens to it later is in the state.
    pub async fn invoke(
        &self,
        name: &str,
        arguments: JsonMap<String, Json>,
        wait: Option<Duration>,
        journal: Box<dyn Journal>,
        options: RunOptions,
    ) -> Result<ActionState, AskError> {
        // Whoever asks hears of wrong arguments at once.
        invoke(&self.plan, name, &arguments)?;
        let id = ksuid::generate(Utc::now());
        let mut states = self.remember(&id, name)?;
        let run = Self::run(
            self.plan.clone(),
            name.to_owned(),
            arguments,
            journal,
            options,
        );
        tokio::spawn(self.clone().follow(id.clone(), tokio::spawn(run)));
        let waiting = Waiting {
            actions: self,
            id: &id,
            given_up: true,
        };
        let wait = wait.unwrap_or(USUAL_WAIT).min(self.limit);
        let end = states.wait_for(|state| state.status.is_final());
        let _ = tokio::time::timeout(wait, end).await;
        waiting.came_back();
        let state = states.borrow().clone();
        Ok(state)
    }

    /// Where a run stands.
    pub fn status(&self, id: &str) -> Result<ActionState, AskError> {
        let runs = self.lock();
        let run = runs.get(id).ok_or_else(|| AskError::Unknown {
            what: "run of an action",
            name: id.to_owned(),
            hint: "; runs are forgotten when the process ends, and the oldest of many before"
                .into(),
        })?;
        Ok(run.state.borrow().clone())
    }

    /// Where all runs stand that are remembered, in the order in which they began.
    pub fn states(&self) -> Vec<ActionState> {
        let runs = self.lock();
        runs.values()
            .map(|run| run.state.borrow().clone())
            .collect()
    }

    /// What the run of an action comes to: whether it worked, and its answer.
    async fn run(
        plan: Arc<Plan>,
        name: String,
        arguments: JsonMap<String, Json>,
        mut journal: Box<dyn Journal>,
        options: RunOptions,
    ) -> (bool, Json) {
        let invocation = match invoke(&plan, &name, &arguments) {
            Ok(invocation) => invocation,
            Err(error) => return (false, failure(&error.to_string())),
        };
        match invocation.run(journal.as_mut(), options).await {
            Ok(finished) => {
                let outcome = finished.outcome;
                let works = outcome.verdict.is_so();
                (works, outcome.result.unwrap_or_else(|| json!({})))
            }
            Err(error) => {
                let error =
                    format!("the audit file cannot be written, so nothing was sent: {error}");
                (false, failure(&error))
            }
        }
    }

    /// Waits for the end of a run, or for the end of its time, and notes it.
    async fn follow(self, id: String, run: tokio::task::JoinHandle<(bool, Json)>) {
        if let Some(run) = self.lock().get_mut(&id)
            && !run.provisional
        {
            run.state
                .send_modify(|state| state.status = ActionStatus::Running);
        }
        let stop = run.abort_handle();
        let (works, response) = match tokio::time::timeout(self.limit, run).await {
            Ok(Ok(end)) => end,
            // What a panic says may hold values.
            Ok(Err(_)) => (
                false,
                failure(
                    "the action was broken off by a fault of the program: what became of it is not known",
                ),
            ),
            Err(_) => {
                stop.abort();
                let limit = self.limit.as_secs();
                let error = format!(
                    "the action did not come to its end within {limit} s: what became of it is not known"
                );
                (false, failure(&error))
            }
        };
        if let Some(run) = self.lock().get_mut(&id) {
            run.provisional = false;
            run.state.send_modify(|state| {
                state.status = match works {
                    true => ActionStatus::Complete,
                    false => ActionStatus::Failed,
                };
                state.response = response;
            });
        }
    }

    /// Makes room for a run, and remembers it.
    fn remember(&self, id: &str, name: &str) -> Result<watch::Receiver<ActionState>, AskError> {
        let mut runs = self.lock();
        if runs.len() >= self.remembered {
            let settled = |run: &Run| run.state.borrow().status.is_final() && !run.provisional;
            let oldest = runs.values().position(settled);
            let Some(oldest) = oldest else {
                let under_way = runs.len();
                return Err(AskError::Busy(format!(
                    "running `{name}` is not possible now: {under_way} actions are under way already"
                )));
            };
            runs.shift_remove_index(oldest);
        }
        let (state, states) = watch::channel(ActionState {
            id: id.to_owned(),
            name: name.to_owned(),
            status: ActionStatus::Pending,
            response: json!({}),
        });
        let run = Run {
            state,
            provisional: false,
        };
        runs.insert(id.to_owned(), run);
        Ok(states)
    }

    fn lock(&self) -> MutexGuard<'_, IndexMap<String, Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever waits for the end of a run. When they go away before their time, the run counts as failed
/// until its real end is known.
struct Waiting<'a> {
    actions: &'a Actions,
    id: &'a str,
    given_up: bool,
}

impl Waiting<'_> {
    fn came_back(mut self) {
        self.given_up = false;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.given_up {
            return;
        }
        if let Some(run) = self.actions.lock().get_mut(self.id)
            && !run.state.borrow().status.is_final()
        {
            run.provisional = true;
            run.state.send_modify(|state| {
                state.status = ActionStatus::Failed;
                state.response =
                    failure("whoever asked did not wait for the end; the action goes on");
            });
        }
    }
}

fn failure(error: &str) -> Json {
    json!({ "success": false, "error": error })
}
