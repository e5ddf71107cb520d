//! What people see of tasks.

use chrono::{DateTime, Utc};
use prost::Message as _;
use rusqlite::{OptionalExtension as _, Row, params};

use super::{Event, Queue, State};
use crate::platform::{PlatformError, moment};
use crate::proto::connectorapi::baton::v1::{BatonServiceFinishTaskRequest, Task};

/// A task and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRecord {
    /// The task as it was asked for.
    pub task: Task,
    /// The client id of the connector that it is for.
    pub client: String,
    /// The name of its kind.
    pub kind: String,
    /// Where it stands.
    pub state: State,
    /// How often it was handed out.
    pub attempt: u32,
    /// How often it may be.
    pub attempts: u32,
    /// Who has it, or had it at the end.
    pub host: Option<String>,
    /// How long it is theirs.
    pub until: Option<DateTime<Utc>>,
    /// Whether somebody called it off.
    pub cancel: bool,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Not to be handed out before.
    pub not_before: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// The code of the last answer, by the codes of gRPC.
    pub code: Option<i32>,
    /// Its message.
    pub message: Option<String>,
    /// The answer that ended it.
    pub answer: Option<BatonServiceFinishTaskRequest>,
}

/// A line of a task's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The task.
    pub task: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: Event,
    /// In which attempt; 0 before the first.
    pub attempt: u32,
    /// By or for whom.
    pub host: Option<String>,
    /// More about it.
    pub note: Option<String>,
}

const COLUMNS: &str = "id, client, kind, state, attempt, attempts, host, until, cancel, created_at,
    not_before, ended_at, code, message, body, answer";

impl Queue {
    /// The last `most` tasks, of one client or of all, the newest last.
    pub fn tasks(
        &self,
        client: Option<&str>,
        most: usize,
    ) -> Result<Vec<TaskRecord>, PlatformError> {
        self.database.read(|tx| {
            let sql = format!(
                "select {COLUMNS} from tasks where ?1 is null or client = ?1
                 order by seq desc limit ?2"
            );
            let mut all = tx.prepare_cached(&sql)?;
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let rows = all.query_map(params![client, most], |row| Ok(read(row)))?;
            let mut tasks = Vec::new();
            for row in rows {
                tasks.push(row??);
            }
            tasks.reverse();
            Ok(tasks)
        })
    }

    /// A task by its id.
    pub fn task(&self, id: &str) -> Result<TaskRecord, PlatformError> {
        self.database.read(|tx| {
            let sql = format!("select {COLUMNS} from tasks where id = ?1");
            let found = tx.query_row(&sql, [id], |row| Ok(read(row))).optional()?;
            found.unwrap_or_else(|| Err(PlatformError::NoTask(id.to_owned())))
        })
    }

    /// What happened: to one task or to all of them, in order.
    pub fn history(&self, id: Option<&str>) -> Result<Vec<Entry>, PlatformError> {
        self.database.read(|tx| {
            let mut all = tx.prepare_cached(
                "select task, at, event, attempt, host, note from history
                 where ?1 is null or task = ?1 order by seq",
            )?;
            let rows = all.query_map([id], |row| {
                let event: String = row.get(2)?;
                Ok(Event::parse(&event).map(|event| {
                    Ok::<_, rusqlite::Error>(Entry {
                        task: row.get(0)?,
                        at: moment::of_column(row.get(1)?),
                        event,
                        attempt: row.get(3)?,
                        host: row.get(4)?,
                        note: row.get(5)?,
                    })
                }))
            })?;
            let mut entries = Vec::new();
            for row in rows {
                entries.push(row?.ok_or(PlatformError::Damaged("the history"))??);
            }
            Ok(entries)
        })
    }
}

fn read(row: &Row<'_>) -> Result<TaskRecord, PlatformError> {
    let state: String = row.get(3)?;
    let body: Vec<u8> = row.get(14)?;
    let answer: Option<Vec<u8>> = row.get(15)?;
    let moment = |index| -> rusqlite::Result<Option<DateTime<Utc>>> {
        Ok(row.get::<_, Option<i64>>(index)?.map(moment::of_column))
    };
    let answer = answer.map(|bytes| BatonServiceFinishTaskRequest::decode(bytes.as_slice()));
    Ok(TaskRecord {
        task: Task::decode(body.as_slice()).map_err(|_| PlatformError::Damaged("a task"))?,
        client: row.get(1)?,
        kind: row.get(2)?,
        state: State::parse(&state).ok_or(PlatformError::Damaged("the state of a task"))?,
        attempt: row.get(4)?,
        attempts: row.get(5)?,
        host: row.get(6)?,
        until: moment(7)?,
        cancel: row.get(8)?,
        created_at: moment(9)?.unwrap_or_default(),
        not_before: moment(10)?.unwrap_or_default(),
        ended_at: moment(11)?,
        code: row.get(12)?,
        message: row.get(13)?,
        answer: answer
            .transpose()
            .map_err(|_| PlatformError::Damaged("the answer to a task"))?,
    })
}
