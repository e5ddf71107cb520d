//! One task, from when the platform hands it out until it has the answer.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tracing::{error, info, warn};

use super::answer::{Answer, Failure};
use super::doing::{self, Doing};
use super::ledger::{Ledger, is_task_id};
use super::link::Link;
use super::pulse::{self, First};
use super::task::{self, Connector};
use crate::proto::connector::v2::ConnectorMetadata;
use crate::proto::connectorapi::baton::v1::task::TaskType;
use crate::proto::connectorapi::baton::v1::{BatonServiceFinishTaskRequest, Task};
use crate::protocol::{Lane, lane, task_kind};
use crate::source::Backoff;

/// The waits between attempts to tell an answer.
const TELL: Backoff = Backoff {
    attempts: u32::MAX,
    initial: Duration::from_secs(1),
    longest: Duration::from_secs(60),
};

/// What all tasks of a daemon share.
pub(super) struct Shared {
    pub link: Link,
    pub connector: Arc<Connector>,
    pub metadata: ConnectorMetadata,
    pub ledger: Ledger,
    pub doing: Arc<Doing>,
    /// The ids of tasks under way.
    pub known: Mutex<HashSet<String>>,
    /// One sync at a time.
    pub sync_lane: Semaphore,
    pub waiting_syncs: AtomicUsize,
    pub most_waiting_syncs: usize,
    /// No more tasks are begun.
    pub stop: CancellationToken,
    /// Syncs are broken off and handed back.
    pub hand_back: CancellationToken,
}

/// Whether a task says that there is none.
pub(super) fn is_none(task: &Task) -> bool {
    matches!(task.task_type, Some(TaskType::None(_)))
}

impl Shared {
    /// The ids of tasks under way.
    pub fn known(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    /// Does a task and tells the answer. A short one keeps its slot until then; a sync has a lane of
    /// its own, so that nothing waits for it.
    pub async fn attend(self: Arc<Self>, task: Task, slot: OwnedSemaphorePermit) {
        if let Some(TaskType::Hello(_)) = &task.task_type {
            // The call is the answer.
            match self.link.hello(&task.id, &self.metadata).await {
                Ok(()) => info!("said hello"),
                Err(error) => warn!("the platform asked for a hello, and refuses it: {error}"),
            }
            return;
        }
        if !is_task_id(&task.id) {
            error!("the platform handed out a task with an id that is none: it is left");
            return;
        }
        let Some(_known) = Known::begin(&self, &task.id) else {
            info!("the task came again while it is under way");
            return;
        };
        match self.ledger.answer_to(&task.id) {
            Ok(None) => {}
            Ok(Some(answer)) => {
                info!("the task came again after it was done: the same answer is told");
                return self.tell(answer).await;
            }
            Err(error) => {
                let message = format!("whether the task was done before cannot be read: {error}");
                error!("{message}");
                let failure = Answer::Failed(Failure::retryable(Code::Internal, message));
                return self
                    .tell(failure.request(self.link.host_id(), &task.id))
                    .await;
            }
        }
        let kind = task_kind(&task);
        let (began, task_id) = (Instant::now(), task.id.clone());
        info!("the task begins");
        self.doing.begins(kind);
        let (answer, _slot) = match lane(&task) {
            Lane::Short => (Some(self.clone().short(task).await), Some(slot)),
            Lane::Sync => {
                drop(slot);
                (self.clone().sync(task).await, None)
            }
        };
        let took = began.elapsed();
        self.doing
            .ends(kind, answer.as_ref().map(Answer::code), took);
        let Some(answer) = answer else {
            info!("the task is left without an answer");
            return;
        };
        log(&answer, took);
        self.keep_and_tell(answer.request(self.link.host_id(), &task_id))
            .await;
    }

    /// Gives back a task that was not begun.
    pub async fn hand_back(self: Arc<Self>, task: Task) {
        if is_none(&task) || !is_task_id(&task.id) {
            return;
        }
        let answer = Answer::Failed(shutting_down());
        self.tell(answer.request(self.link.host_id(), &task.id))
            .await;
    }

    async fn short(self: Arc<Self>, task: Task) -> Answer {
        let cancel = CancellationToken::new();
        let task_id = task.id.clone();
        let run = self.run(task, &cancel);
        tokio::select! {
            answer = run => answer,
            () = pulse::beat(&self.link, &task_id, pulse::USUAL, &cancel) => unreachable!("it goes on"),
        }
    }

    /// `None` where the platform does not want the task done.
    async fn sync(self: Arc<Self>, task: Task) -> Option<Answer> {
        let every = match pulse::first(&self.link, &task.id).await {
            First::GoOn(every) => every,
            First::Leave => return None,
        };
        let cancel = CancellationToken::new();
        let task_id = task.id.clone();
        let work = self.clone().sync_in_its_lane(task, &cancel);
        let work = async {
            tokio::pin!(work);
            tokio::select! {
                answer = &mut work => return answer,
                () = self.hand_back.cancelled() => cancel.cancel(),
            }
            match work.await {
                Answer::Failed(failure) if failure.code == Code::Cancelled => {
                    shutting_down().into()
                }
                answer => answer,
            }
        };
        tokio::select! {
            answer = work => Some(answer),
            () = pulse::beat(&self.link, &task_id, every, &cancel) => unreachable!("it goes on"),
        }
    }

    async fn sync_in_its_lane(self: Arc<Self>, task: Task, cancel: &CancellationToken) -> Answer {
        let waiting = Waiting::begin(&self.waiting_syncs);
        if waiting.before >= self.most_waiting_syncs {
            let message = "several syncs of this connector are waiting for each other already";
            return Failure::retryable(Code::ResourceExhausted, message).into();
        }
        let lane = tokio::select! {
            lane = self.sync_lane.acquire() => lane.expect("nobody closes it"),
            () = cancel.cancelled() => {
                return Failure::retryable(Code::Cancelled, "cancelled before it began").into();
            }
            () = self.stop.cancelled() => return shutting_down().into(),
        };
        drop(waiting);
        let answer = self.run(task, cancel).await;
        drop(lane);
        answer
    }

    /// Runs a task apart from the daemon: a fault in one must not end the others.
    async fn run(self: &Arc<Self>, task: Task, cancel: &CancellationToken) -> Answer {
        let (shared, cancel) = (self.clone(), cancel.clone());
        let syncs = lane(&task) == Lane::Sync;
        let run = async move {
            // Where that cannot be told, it may have.
            let came_before = shared.ledger.begin(&task.id).unwrap_or_else(|error| {
                error!("that the task begins cannot be noted: {error}");
                true
            });
            task::run(&shared.connector, &task, came_before, &shared.link, &cancel).await
        };
        let run = tracing::Instrument::in_current_span(run);
        tokio::spawn(run).await.unwrap_or_else(|_| {
            // What a panic says may hold values.
            let message =
                "the task was broken off by a fault of the program: what became of it is not known";
            Answer::Failed(Failure {
                retryable: syncs,
                ..Failure::lasting(Code::Internal, message)
            })
        })
    }

    async fn keep_and_tell(&self, answer: BatonServiceFinishTaskRequest) {
        if let Err(error) = self.ledger.keep(&answer) {
            error!("the answer cannot be kept, only told: {error}");
        }
        self.tell(answer).await;
    }

    /// Tells an answer until the platform has it, or refuses it.
    pub async fn tell(&self, mut answer: BatonServiceFinishTaskRequest) {
        // An earlier process may have had another name: in containers, each has its own.
        self.link.host_id().clone_into(&mut answer.host_id);
        let mut failures = 0;
        while let Err(error) = self.link.finish(&answer).await {
            if super::refuses_the_task(&error) {
                warn!("the platform does not want the answer of the task: {error}");
                break;
            }
            failures += 1;
            warn!(failures, "the answer could not be told: {error}");
            sleep(error.wait(&TELL, failures)).await;
        }
        if let Err(error) = self.ledger.told(&answer) {
            error!("that the answer was told cannot be noted: {error}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shutting_down() -> Failure {
    let message = "the connector is shutting down; a sync goes on where it was";
    Failure::retryable(Code::Unavailable, message)
}

fn log(answer: &Answer, took: Duration) {
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match answer {
        Answer::Done(_) => info!(duration_ms, "the task is done"),
        Answer::Failed(failure) => warn!(
            duration_ms,
            code = doing::name(failure.code),
            retryable = failure.retryable,
            "the task failed: {}",
            failure.message
        ),
    }
}

/// A task under way, until this is dropped.
struct Known<'s> {
    shared: &'s Shared,
    id: String,
}

impl<'s> Known<'s> {
    /// `None` when it is under way already.
    fn begin(shared: &'s Shared, id: &str) -> Option<Self> {
        let new = shared.lock().insert(id.to_owned());
        new.then(|| Self {
            shared,
            id: id.to_owned(),
        })
    }
}

impl Drop for Known<'_> {
    fn drop(&mut self) {
        self.shared.lock().remove(&self.id);
    }
}

/// A sync that waits for its turn, until this is dropped.
struct Waiting<'c> {
    count: &'c AtomicUsize,
    /// How many waited before.
    before: usize,
}

impl<'c> Waiting<'c> {
    fn begin(count: &'c AtomicUsize) -> Self {
        let before = count.fetch_add(1, Ordering::Relaxed);
        Self { count, before }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
