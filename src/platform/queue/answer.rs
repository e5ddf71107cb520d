//! What connectors answer: the task ends, or waits for another attempt.

use chrono::{DateTime, Utc};
use prost::Message as _;
use rusqlite::{Transaction, params};
use sha2::{Digest as _, Sha256};
use tonic::Code;

use super::hold::Held;
use super::state::{self, End, Line};
use super::{Event, Queue, Refusal, Worker};
use crate::proto::connectorapi::baton::v1::BatonServiceFinishTaskRequest;
use crate::proto::connectorapi::baton::v1::baton_service_finish_task_request::FinalState;
use crate::proto::google::rpc::Status;

impl Queue {
    /// Takes the answer of the worker that holds a task.
    ///
    /// An answer that was taken before is taken again without effect: the worker did not hear that
    /// it arrived.
    pub fn finish(
        &self,
        request: &BatonServiceFinishTaskRequest,
        client: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let worker = Worker {
            client,
            host: &request.host_id,
        };
        let id = request.task_id.as_str();
        let answer = request.encode_to_vec();
        let digest = Sha256::digest(&answer).to_vec();
        self.database.write(|tx| {
            let held = Held::find(tx, worker, id)?;
            if !held.is_with(worker) && was_taken(tx, worker, id, &digest)? {
                return Ok(());
            }
            held.check(worker, id)?;
            self.end(tx, worker, &held, request, &answer, now)?;
            Ok(note_taken(tx, worker, id, &digest)?)
        })
    }

    /// Takes a connector's hello for the answer to the hello task `id`.
    pub fn finish_hello(
        &self,
        worker: Worker<'_>,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        self.database.write(|tx| {
            let held = Held::find(tx, worker, id)?;
            if !held.is_with(worker) && was_taken(tx, worker, id, HELLO)? {
                return Ok(());
            }
            held.check(worker, id)?;
            if held.kind != "hello" {
                return Err(Refusal::NotHello(id.to_owned()));
            }
            let end = End {
                line: line(id, Event::Done, &held, worker, None),
                code: Code::Ok.into(),
                message: "",
                answer: None,
            };
            end.make(tx, now)?;
            Ok(note_taken(tx, worker, id, HELLO)?)
        })
    }

    fn end(
        &self,
        tx: &Transaction<'_>,
        worker: Worker<'_>,
        held: &Held,
        request: &BatonServiceFinishTaskRequest,
        answer: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let id = request.task_id.as_str();
        let none = Status::default();
        let status = request.status.as_ref().unwrap_or(&none);
        let error = match &request.final_state {
            Some(FinalState::Error(error)) => Some(error),
            // A status other than OK beside a success contradicts itself: what was done is done.
            Some(FinalState::Success(_)) | None => None,
        };
        let note = (!status.message.is_empty()).then_some(status.message.as_str());
        let event = match error {
            None => Event::Done,
            Some(error) => {
                // What is not there will not be there the next time either, whatever is said.
                let lasting = error.non_retryable || status.code == i32::from(Code::Unimplemented);
                let cancelled = status.code == i32::from(Code::Cancelled);
                if held.cancel && (cancelled || !lasting) {
                    Event::Cancelled
                } else if lasting || held.attempt >= held.attempts {
                    Event::Failed
                } else {
                    let line = line(id, Event::FailedForNow, held, worker, note);
                    let not_before = now + self.timing.backoff(held.attempt);
                    tx.execute(
                        "update tasks set code = ?2, message = ?3 where id = ?1",
                        params![id, status.code, status.message],
                    )?;
                    state::back(tx, &line, not_before, now)?;
                    return Ok(());
                }
            }
        };
        let (code, message) = match (error, status.code) {
            (None, _) => (Code::Ok.into(), ""),
            // A failure that has no code all the same is one.
            (Some(_), 0) => (Code::Unknown.into(), status.message.as_str()),
            (Some(_), code) => (code, status.message.as_str()),
        };
        let end = End {
            line: line(id, event, held, worker, note),
            code,
            message,
            answer: Some(answer),
        };
        end.make(tx, now)?;
        Ok(())
    }
}

/// What stands for a hello among answers, whose digests are longer.
const HELLO: &[u8] = b"hello";

fn was_taken(
    tx: &Transaction<'_>,
    worker: Worker<'_>,
    id: &str,
    digest: &[u8],
) -> rusqlite::Result<bool> {
    let mut any = tx.prepare_cached(
        "select exists (select 1 from answers where task = ?1 and host = ?2 and digest = ?3)",
    )?;
    any.query_row(params![id, worker.host, digest], |row| row.get(0))
}

fn note_taken(
    tx: &Transaction<'_>,
    worker: Worker<'_>,
    id: &str,
    digest: &[u8],
) -> rusqlite::Result<()> {
    let mut note = tx
        .prepare_cached("insert or ignore into answers (task, host, digest) values (?1, ?2, ?3)")?;
    note.execute(params![id, worker.host, digest]).map(drop)
}

fn line<'l>(
    task: &'l str,
    event: Event,
    held: &Held,
    worker: Worker<'l>,
    note: Option<&'l str>,
) -> Line<'l> {
    Line {
        task,
        event,
        attempt: held.attempt,
        host: Some(worker.host),
        note,
    }
}
