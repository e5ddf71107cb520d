//! Who holds a task: heartbeats extend it, everything else asks for it.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Queue, Refusal, State, Worker};
use crate::platform::{PlatformError, moment};

/// A task as far as answers to it go.
pub(super) struct Held {
    pub kind: String,
    pub attempt: u32,
    pub attempts: u32,
    pub cancel: bool,
    state: State,
    host: Option<String>,
}

impl Held {
    /// The task of a worker's client.
    pub fn find(tx: &Transaction<'_>, worker: Worker<'_>, id: &str) -> Result<Self, Refusal> {
        let mut find = tx.prepare_cached(
            "select kind, attempt, attempts, cancel, state, host from tasks
             where id = ?1 and client = ?2",
        )?;
        let found = find.query_row([id, worker.client], |row| {
            Ok((
                row.get::<_, String>(4)?,
                Self {
                    kind: row.get(0)?,
                    attempt: row.get(1)?,
                    attempts: row.get(2)?,
                    cancel: row.get(3)?,
                    state: State::Pending,
                    host: row.get(5)?,
                },
            ))
        });
        let (state, held) = found
            .optional()?
            .ok_or_else(|| Refusal::Unknown(id.to_owned()))?;
        let state = State::parse(&state).ok_or(PlatformError::Damaged("the state of a task"))?;
        Ok(Self { state, ..held })
    }

    /// Whether the worker holds it. A lease that ran out is still the worker's while nobody asked
    /// for tasks since: what was done is better heard than done again.
    pub fn is_with(&self, worker: Worker<'_>) -> bool {
        self.state == State::Leased && self.host.as_deref() == Some(worker.host)
    }

    /// Fails where the worker does not hold it.
    pub fn check(&self, worker: Worker<'_>, id: &str) -> Result<(), Refusal> {
        let task = id.to_owned();
        match self.is_with(worker) {
            true => Ok(()),
            false if self.state.is_end() => Err(Refusal::Ended {
                task,
                state: self.state,
            }),
            false => Err(Refusal::NotHeld(task)),
        }
    }
}

impl Queue {
    /// Extends a worker's lease. Returns false when it should stop, because somebody called the task
    /// off or because it is not the worker's any more.
    pub fn heartbeat(
        &self,
        worker: Worker<'_>,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, Refusal> {
        self.database.write(|tx| {
            let held = Held::find(tx, worker, id)?;
            if !held.is_with(worker) {
                return Ok(false);
            }
            let until = moment::column(now + self.timing.lease);
            tx.prepare_cached("update tasks set until = ?2 where id = ?1")?
                .execute(params![id, until])?;
            Ok(!held.cancel)
        })
    }

    /// Fails where a worker does not hold a task.
    pub fn check_held(&self, worker: Worker<'_>, id: &str) -> Result<(), Refusal> {
        self.database
            .read(|tx| Held::find(tx, worker, id)?.check(worker, id))
    }
}
