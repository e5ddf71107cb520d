//! The life of a daemon: hello, tasks until it is asked to stop, and a way out that loses none.

use std::collections::HashSet;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, error, info, info_span, warn};

use super::attend::Shared;
use super::doing::Doing;
use super::fetch::Fetcher;
use super::ledger::Ledger;
use super::link::Link;
use super::settings::Settings;
use super::task::Connector;
use crate::proto::connector::v2::ConnectorMetadata;
use crate::proto::connectorapi::baton::v1::Task;
use crate::protocol::task_kind;
use crate::source::Backoff;

/// The waits between attempts to be accepted by the platform.
const HELLO: Backoff = Backoff {
    attempts: u32::MAX,
    initial: Duration::from_secs(2),
    longest: Duration::from_secs(60),
};
/// What is left of the time to stop for syncs that are handed back.
const TO_HAND_BACK: Duration = Duration::from_secs(5);
/// How long an answer may take that may carry a task, when no more are wanted.
const LAST_FETCH: Duration = Duration::from_secs(5);

/// A connector in service mode.
pub struct Daemon {
    shared: Arc<Shared>,
    settings: Settings,
}

impl Daemon {
    /// A daemon that answers the tasks of a platform for a connector. Nothing is sent yet.
    pub fn new(
        link: Link,
        connector: Connector,
        metadata: ConnectorMetadata,
        ledger: Ledger,
        settings: Settings,
    ) -> Self {
        let shared = Shared {
            link,
            connector: Arc::new(connector),
            metadata,
            ledger,
            doing: Arc::default(),
            known: Mutex::new(HashSet::new()),
            sync_lane: Semaphore::new(1),
            waiting_syncs: AtomicUsize::new(0),
            most_waiting_syncs: settings.task_concurrency,
            stop: CancellationToken::new(),
            hand_back: CancellationToken::new(),
        };
        Self {
            shared: Arc::new(shared),
            settings,
        }
    }

    /// What it does and has done.
    pub fn doing(&self) -> Arc<Doing> {
        self.shared.doing.clone()
    }

    /// Runs until `stop`, then lets what is under way come to its end, or hands it back. Whatever the
    /// platform does in between, it goes on.
    pub async fn run(self, stop: &CancellationToken) {
        let shared = &self.shared;
        let tasks = TaskTracker::new();
        let stopping = async {
            stop.cancelled().await;
            shared.stop.cancel();
            shared.doing.leaves();
        };
        let serving = async {
            if self.say_hello().await {
                self.tell_what_is_left(&tasks);
                self.take_tasks(&tasks).await;
            }
        };
        tokio::join!(stopping, serving);
        self.drain(&tasks).await;
    }

    /// Says hello until the platform accepts it; false when asked to stop before.
    async fn say_hello(&self) -> bool {
        let shared = &self.shared;
        let mut failures = 0;
        loop {
            let hello = shared.link.hello("", &shared.metadata);
            let said = tokio::select! {
                () = shared.stop.cancelled() => return false,
                said = hello => said,
            };
            let Err(error) = said else {
                info!("the platform has accepted this connector");
                shared.doing.heard(true);
                return true;
            };
            failures += 1;
            let wait = error.wait(&HELLO, failures);
            error!(
                failures,
                retry_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                "the platform has not accepted this connector: {error}"
            );
            shared.doing.failed(error.to_string());
            tokio::select! {
                () = shared.stop.cancelled() => return false,
                () = sleep(wait) => {}
            }
        }
    }

    /// Tells the answers that an earlier process could not tell any more.
    fn tell_what_is_left(&self, tasks: &TaskTracker) {
        for answer in self.shared.ledger.untold() {
            let shared = self.shared.clone();
            tasks.spawn(async move {
                let span = info_span!("task", task.id = answer.task_id);
                shared.tell(answer).instrument(span).await;
            });
        }
    }

    /// Takes tasks until asked to stop. None is taken without a slot to run it in.
    async fn take_tasks(&self, tasks: &TaskTracker) {
        let shared = &self.shared;
        let slots = Arc::new(Semaphore::new(self.settings.task_concurrency));
        let mut fetcher = Fetcher::new(&self.settings);
        loop {
            let ready = async {
                fetcher.wait().await;
                slots.clone().acquire_owned().await
            };
            let slot = tokio::select! {
                () = shared.stop.cancelled() => break,
                slot = ready => slot.expect("nobody closes it"),
            };
            let fetched = tokio::select! {
                fetched = fetcher.next(shared) => fetched,
                // Dropping the call would leave a task with nobody that the answer brings.
                () = given_up_waiting(&shared.stop) => break,
            };
            let Some(task) = fetched else { continue };
            if shared.stop.is_cancelled() {
                tasks.spawn(shared.clone().hand_back(task));
                break;
            }
            self.attend(task, slot, tasks);
        }
        for task in fetcher.held() {
            tasks.spawn(shared.clone().hand_back(task));
        }
    }

    fn attend(&self, task: Task, slot: OwnedSemaphorePermit, tasks: &TaskTracker) {
        let span = info_span!("task", task.id = task.id, task.kind = task_kind(&task));
        let shared = self.shared.clone();
        tasks.spawn(shared.attend(task, slot).instrument(span));
    }

    /// Waits for what is under way. Syncs that are not done by then are handed back: the next process
    /// goes on with them.
    async fn drain(&self, tasks: &TaskTracker) {
        tasks.close();
        if tasks.is_empty() {
            return;
        }
        info!(tasks = tasks.len(), "waiting for the tasks under way");
        let for_syncs = TO_HAND_BACK.min(self.settings.drain / 2);
        let usual = self.settings.drain.saturating_sub(for_syncs);
        if timeout(usual, tasks.wait()).await.is_ok() {
            return;
        }
        self.shared.hand_back.cancel();
        if timeout(for_syncs, tasks.wait()).await.is_err() {
            warn!(
                tasks = tasks.len(),
                "some tasks are still under way: the platform hands them out again, and what became of their changes is looked up then"
            );
        }
    }
}

async fn given_up_waiting(stop: &CancellationToken) {
    stop.cancelled().await;
    sleep(LAST_FETCH).await;
}
