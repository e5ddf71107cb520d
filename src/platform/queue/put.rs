//! What people do: ask for tasks, and call them off.

use chrono::{DateTime, Utc};
use prost::Message as _;
use rusqlite::{OptionalExtension as _, params};
use tonic::Code;

use super::state::{End, Line};
use super::{Event, Queue, State};
use crate::ksuid;
use crate::platform::{PlatformError, moment};
use crate::proto::connectorapi::baton::v1::Task;
use crate::protocol::{self, Lane};

/// What calling a task off came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// Nobody had it: it is cancelled.
    Now,
    /// A connector has it and hears of it with its next heartbeat.
    Asked,
    /// It has ended before.
    TooLate(State),
}

impl Queue {
    /// Adds a task for a client; returns its id. The id that the task itself has is not used.
    pub fn put(
        &self,
        client: &str,
        task: &Task,
        attempts: Option<u32>,
        now: DateTime<Utc>,
    ) -> Result<String, PlatformError> {
        let id = ksuid::generate(now);
        let task = Task {
            id: id.clone(),
            status: 0,
            ..task.clone()
        };
        let lane = match protocol::lane(&task) {
            Lane::Sync => "sync",
            Lane::Short => "short",
        };
        let attempts = attempts.unwrap_or(self.timing.attempts).max(1);
        self.database.write(|tx| {
            tx.execute(
                "insert into tasks (id, client, kind, lane, body, state, attempts, not_before,
                                    created_at)
                 values (?1, ?2, ?3, ?4, ?5, 'pending', ?6, ?7, ?7)",
                params![
                    id,
                    client,
                    protocol::task_kind(&task),
                    lane,
                    task.encode_to_vec(),
                    attempts,
                    moment::column(now),
                ],
            )?;
            let line = Line {
                task: &id,
                event: Event::Queued,
                attempt: 0,
                host: None,
                note: None,
            };
            line.append(tx, now)
        })?;
        Ok(id)
    }

    /// Calls a task off.
    pub fn cancel(&self, id: &str, now: DateTime<Utc>) -> Result<Cancelled, PlatformError> {
        self.database.write(|tx| {
            let found = tx
                .query_row(
                    "select state, attempt, host, cancel from tasks where id = ?1",
                    [id],
                    |row| {
                        Ok((
                            row.get::<_, String>(0)?,
                            row.get::<_, u32>(1)?,
                            row.get::<_, Option<String>>(2)?,
                            row.get::<_, bool>(3)?,
                        ))
                    },
                )
                .optional()?;
            let (state, attempt, host, asked) =
                found.ok_or_else(|| PlatformError::NoTask(id.to_owned()))?;
            let line = |event| Line {
                task: id,
                event,
                attempt,
                host: host.as_deref(),
                note: None,
            };
            match State::parse(&state).ok_or(PlatformError::Damaged("the state of a task"))? {
                State::Pending => {
                    let end = End {
                        line: line(Event::Cancelled),
                        code: Code::Cancelled.into(),
                        message: "it was called off before a connector had it",
                        answer: None,
                    };
                    end.make(tx, now)?;
                    Ok(Cancelled::Now)
                }
                State::Leased if asked => Ok(Cancelled::Asked),
                State::Leased => {
                    tx.execute("update tasks set cancel = 1 where id = ?1", [id])?;
                    line(Event::CancelAsked).append(tx, now)?;
                    Ok(Cancelled::Asked)
                }
                ended => Ok(Cancelled::TooLate(ended)),
            }
        })
    }
}
