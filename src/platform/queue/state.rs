//! Where a task stands, and how it came there.

use chrono::{DateTime, Utc};
use rusqlite::{Transaction, params};
use serde::Serialize;

use crate::platform::moment;

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for a connector.
    Pending,
    /// A connector works on it.
    Leased,
    /// It was done.
    Done,
    /// It failed for good.
    Failed,
    /// Somebody called it off.
    Cancelled,
}

impl State {
    const ALL: [Self; 5] = [
        State::Pending,
        State::Leased,
        State::Done,
        State::Failed,
        State::Cancelled,
    ];

    /// Its name in the database and in what is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Leased => "leased",
            State::Done => "done",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether nothing more happens to the task.
    pub fn is_end(self) -> bool {
        matches!(self, State::Done | State::Failed | State::Cancelled)
    }
}

/// What happened to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Somebody asked for it.
    Queued,
    /// A connector got it.
    Leased,
    /// The connector was silent for too long.
    LeaseExpired,
    /// The connector failed in a way that may pass.
    FailedForNow,
    /// Somebody called it off while a connector worked on it.
    CancelAsked,
    /// A file for it arrived.
    Uploaded,
    /// It was done.
    Done,
    /// It failed for good.
    Failed,
    /// It was called off.
    Cancelled,
}

impl Event {
    const ALL: [Self; 9] = [
        Event::Queued,
        Event::Leased,
        Event::LeaseExpired,
        Event::FailedForNow,
        Event::CancelAsked,
        Event::Uploaded,
        Event::Done,
        Event::Failed,
        Event::Cancelled,
    ];

    /// Its name in the database and in what is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Event::Queued => "queued",
            Event::Leased => "leased",
            Event::LeaseExpired => "lease_expired",
            Event::FailedForNow => "failed_for_now",
            Event::CancelAsked => "cancel_asked",
            Event::Uploaded => "uploaded",
            Event::Done => "done",
            Event::Failed => "failed",
            Event::Cancelled => "cancelled",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

/// A line of the history.
pub(super) struct Line<'l> {
    pub task: &'l str,
    pub event: Event,
    pub attempt: u32,
    pub host: Option<&'l str>,
    pub note: Option<&'l str>,
}

impl Line<'_> {
    /// Appends it.
    pub fn append(&self, tx: &Transaction<'_>, now: DateTime<Utc>) -> rusqlite::Result<()> {
        tx.prepare_cached(
            "insert into history (task, at, event, attempt, host, note)
             values (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            self.task,
            moment::column(now),
            self.event.as_str(),
            self.attempt,
            self.host,
            self.note,
        ])?;
        Ok(())
    }
}

/// Ends a task.
pub(super) struct End<'e> {
    pub line: Line<'e>,
    pub code: i32,
    pub message: &'e str,
    pub answer: Option<&'e [u8]>,
}

impl End<'_> {
    /// Makes it so. The event must be an end.
    pub fn make(&self, tx: &Transaction<'_>, now: DateTime<Utc>) -> rusqlite::Result<()> {
        tx.prepare_cached(
            "update tasks set state = ?2, ended_at = ?3, code = ?4, message = ?5, answer = ?6,
                              until = null
             where id = ?1",
        )?
        .execute(params![
            self.line.task,
            self.line.event.as_str(),
            moment::column(now),
            self.code,
            self.message,
            self.answer,
        ])?;
        self.line.append(tx, now)
    }
}

/// Makes a task wait for another attempt.
pub(super) fn back(
    tx: &Transaction<'_>,
    line: &Line<'_>,
    not_before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "update tasks set state = 'pending', not_before = ?2, host = null, until = null
         where id = ?1",
    )?
    .execute(params![line.task, moment::column(not_before)])?;
    line.append(tx, now)
}
