//! Connectors that ask for tasks: leases that ran out end, and tasks that wait are handed out.

use chrono::{DateTime, Utc};
use prost::Message as _;
use rusqlite::{OptionalExtension as _, Transaction, params};
use tonic::Code;

use super::state::{self, End, Line};
use super::{Event, Queue, Refusal, Worker};
use crate::platform::{PlatformError, moment};
use crate::proto::connectorapi::baton::v1::Task;
use crate::proto::connectorapi::baton::v1::task::Status;
use crate::protocol;

impl Queue {
    /// Leases up to `most` tasks to a worker, the oldest first, and of syncs one at a time per client.
    ///
    /// Tasks that the worker says it knows are not handed out, and those of them that it holds are
    /// its own for another lease.
    pub fn take(
        &self,
        worker: Worker<'_>,
        most: usize,
        known: &[String],
        now: DateTime<Utc>,
    ) -> Result<Vec<Task>, Refusal> {
        // Most questions find nothing, and must not wait for whoever writes.
        if known.is_empty() && !self.has_work(worker.client, now)? {
            return Ok(Vec::new());
        }
        self.database.write(|tx| {
            for id in known {
                self.renew(tx, worker, id, now)?;
            }
            self.expire(tx, worker.client, now)?;
            let mut taken = Vec::new();
            // Nothing that is handed out makes an earlier task free: each is looked at once.
            let mut after = 0;
            while taken.len() < most {
                let Some(next) = next(tx, worker.client, after, now)? else {
                    break;
                };
                after = next.seq;
                if !known.contains(&next.id) {
                    taken.push(self.lease(tx, worker, next, now)?);
                }
            }
            Ok(taken)
        })
    }

    fn has_work(&self, client: &str, now: DateTime<Utc>) -> Result<bool, Refusal> {
        self.database.read(|tx| {
            let mut any = tx.prepare_cached(
                "select exists (select 1 from tasks where client = ?1 and
                     (state = 'pending' and not_before <= ?2 or state = 'leased' and until <= ?2))",
            )?;
            Ok(any.query_row(params![client, moment::column(now)], |row| row.get(0))?)
        })
    }

    /// A task that its holder still knows is not lost.
    fn renew(
        &self,
        tx: &Transaction<'_>,
        worker: Worker<'_>,
        id: &str,
        now: DateTime<Utc>,
    ) -> rusqlite::Result<()> {
        let until = moment::column(now + self.timing.lease);
        tx.prepare_cached(
            "update tasks set until = max(until, ?4)
             where id = ?3 and client = ?1 and host = ?2 and state = 'leased'",
        )?
        .execute(params![worker.client, worker.host, id, until])?;
        Ok(())
    }

    /// Ends the leases that ran out.
    fn expire(
        &self,
        tx: &Transaction<'_>,
        client: &str,
        now: DateTime<Utc>,
    ) -> Result<(), rusqlite::Error> {
        let mut lost = tx.prepare_cached(
            "select id, attempt, attempts, host, cancel from tasks
             where client = ?1 and state = 'leased' and until <= ?2 order by seq",
        )?;
        let lost = lost.query_map(params![client, moment::column(now)], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, u32>(1)?,
                row.get::<_, u32>(2)?,
                row.get::<_, Option<String>>(3)?,
                row.get::<_, bool>(4)?,
            ))
        })?;
        for (id, attempt, attempts, host, cancel) in lost.collect::<rusqlite::Result<Vec<_>>>()? {
            let line = |event| Line {
                task: &id,
                event,
                attempt,
                host: host.as_deref(),
                note: None,
            };
            let (event, code, message) = if cancel {
                let message = "it was called off, and the connector that had it fell silent";
                (Event::Cancelled, Code::Cancelled, message)
            } else if attempt >= attempts {
                let message =
                    "the connector that had it fell silent, and so it was the last attempt";
                (Event::Failed, Code::DeadlineExceeded, message)
            } else {
                state::back(tx, &line(Event::LeaseExpired), now, now)?;
                continue;
            };
            line(Event::LeaseExpired).append(tx, now)?;
            let end = End {
                line: line(event),
                code: code.into(),
                message,
                answer: None,
            };
            end.make(tx, now)?;
        }
        Ok(())
    }

    fn lease(
        &self,
        tx: &Transaction<'_>,
        worker: Worker<'_>,
        waiting: Waiting,
        now: DateTime<Utc>,
    ) -> Result<Task, Refusal> {
        let mut task =
            Task::decode(waiting.body.as_slice()).map_err(|_| PlatformError::Damaged("a task"))?;
        task.set_status(Status::Running);
        let attempt = waiting.attempt + 1;
        let until = now + self.timing.first_lease(protocol::lane(&task));
        tx.prepare_cached(
            "update tasks set state = 'leased', attempt = ?2, host = ?3, until = ?4 where id = ?1",
        )?
        .execute(params![
            waiting.id,
            attempt,
            worker.host,
            moment::column(until)
        ])?;
        let line = Line {
            task: &waiting.id,
            event: Event::Leased,
            attempt,
            host: Some(worker.host),
            note: None,
        };
        line.append(tx, now)?;
        Ok(task)
    }
}

/// A task that may be handed out.
struct Waiting {
    seq: i64,
    id: String,
    body: Vec<u8>,
    attempt: u32,
}

fn next(
    tx: &Transaction<'_>,
    client: &str,
    after: i64,
    now: DateTime<Utc>,
) -> rusqlite::Result<Option<Waiting>> {
    let mut next = tx.prepare_cached(
        "select seq, id, body, attempt from tasks
         where client = ?1 and state = 'pending' and not_before <= ?2 and seq > ?3
           and (lane = 'short' or not exists (
               select 1 from tasks where client = ?1 and state = 'leased' and lane = 'sync'))
         order by seq limit 1",
    )?;
    let row = next.query_row(params![client, moment::column(now), after], |row| {
        Ok(Waiting {
            seq: row.get(0)?,
            id: row.get(1)?,
            body: row.get(2)?,
            attempt: row.get(3)?,
        })
    });
    row.optional()
}
