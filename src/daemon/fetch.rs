//! Asking for tasks: when, how many, and how long to wait after the platform failed to answer.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::sleep;
use tonic::Code;
use tracing::{info, warn};

use super::attend::Shared;
use super::link::RpcError;
use super::settings::Settings;
use crate::proto::connectorapi::baton::v1::Task;
use crate::source::Backoff;

/// The least time between two questions, whatever the platform says: after a task, and where there
/// was none.
const AFTER_A_TASK: Duration = Duration::from_millis(50);
const AFTER_NOTHING: Duration = Duration::from_millis(500);
/// The longest time between two questions, whatever the platform says.
const LONGEST: Duration = Duration::from_secs(5 * 60);
/// The waits after questions that failed.
const FAILED: Backoff = Backoff {
    attempts: u32::MAX,
    initial: Duration::from_secs(1),
    longest: Duration::from_secs(60),
};

/// Asks for tasks.
pub(super) struct Fetcher {
    delay: Duration,
    failures: u32,
    /// How many tasks are asked for at once; `None`: one, by the call for that.
    batch: Option<usize>,
    /// Tasks that were handed out, and wait for a slot.
    held: VecDeque<Task>,
}

impl Fetcher {
    pub fn new(settings: &Settings) -> Self {
        Self {
            delay: Duration::ZERO,
            failures: 0,
            batch: settings.batch.then_some(settings.task_concurrency),
            held: VecDeque::new(),
        }
    }

    /// Waits until the platform may be asked again, or something is there.
    pub async fn wait(&self) {
        if self.held.is_empty() {
            sleep(self.delay).await;
        }
    }

    /// The next task; `None` where there is none now.
    pub async fn next(&mut self, shared: &Shared) -> Option<Task> {
        if let Some(task) = self.held.pop_front() {
            return Some(task);
        }
        let answered = match self.batch {
            Some(slots) => self.several(shared, slots).await,
            None => one(shared).await,
        };
        match answered {
            Ok((tasks, next_poll)) => {
                shared.doing.heard(false);
                if self.failures > 0 {
                    info!("the platform answers again");
                }
                self.failures = 0;
                self.held = tasks;
                let least = match self.held.is_empty() {
                    true => AFTER_NOTHING,
                    false => AFTER_A_TASK,
                };
                self.delay = next_poll.unwrap_or_default().clamp(least, LONGEST);
                self.held.pop_front()
            }
            Err(error) => {
                self.failed(&error, shared);
                None
            }
        }
    }

    /// Tasks that were handed out and not begun.
    pub fn held(self) -> VecDeque<Task> {
        self.held
    }

    /// Some tasks, as many as make two for each slot.
    async fn several(&self, shared: &Shared, slots: usize) -> Result<Answered, RpcError> {
        let known = shared.known();
        let wanted = (2 * slots).saturating_sub(known.len()).clamp(1, 100);
        let size = u32::try_from(wanted).unwrap_or(100);
        let answered = shared.link.get_tasks(size, known.clone()).await?;
        let tasks = answered.tasks.into_iter();
        // Some platforms send what they were told is known already.
        let new = tasks.filter(|task| !known.contains(&task.id)).collect();
        Ok((new, answered.next_poll.as_ref().and_then(super::positive)))
    }

    fn failed(&mut self, error: &RpcError, shared: &Shared) {
        if self.batch.is_some() && error.code == Code::Unimplemented {
            warn!("the platform hands tasks out one by one only");
            self.batch = None;
            self.delay = Duration::ZERO;
            return;
        }
        self.failures = self.failures.saturating_add(1);
        self.delay = error.wait(&FAILED, self.failures);
        warn!(
            failures = self.failures,
            retry_in_ms = u64::try_from(self.delay.as_millis()).unwrap_or(u64::MAX),
            "the platform could not be asked for tasks: {error}"
        );
        shared.doing.failed(error.to_string());
    }
}

/// Tasks, and how long to wait before the next question.
type Answered = (VecDeque<Task>, Option<Duration>);

async fn one(shared: &Shared) -> Result<Answered, RpcError> {
    let answered = shared.link.get_task().await?;
    let next_poll = answered.next_poll.as_ref().and_then(super::positive);
    // A task that says `none` is none.
    let task = answered.task.filter(|task| !super::attend::is_none(task));
    Ok((task.into_iter().collect(), next_poll))
}
