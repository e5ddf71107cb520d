//! A bounded set of connections to one database.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::OwnedSemaphorePermit;

use super::Settings;
use super::change::ChangeSession;
use super::failure::Failure;
use super::session::{Message, Order, STOPPED, Session, Task};
use crate::source::sql::dialect::{self, Database};
use crate::source::sql::place;
use crate::source::sql::statement::{Row, Rows, Statement, TakeRows};
use crate::source::sql::turns::Turns;
use crate::source::{SourceError, meter};

/// Describes a database; nothing is opened yet.
pub fn open(settings: Arc<Settings>, name: Option<&str>) -> Arc<dyn Database> {
    let name = name.unwrap_or(settings.database()).to_owned();
    Arc::new(OdbcDatabase {
        settings,
        name,
        turns: Turns::new(),
        idle: Mutex::new(Vec::new()),
    })
}

#[derive(Debug)]
struct OdbcDatabase {
    settings: Arc<Settings>,
    name: String,
    turns: Turns,
    /// Connections that nobody uses at the moment.
    idle: Mutex<Vec<Session>>,
}

impl OdbcDatabase {
    async fn connect(&self) -> Result<Session, SourceError> {
        Session::open(self.settings.clone(), self.name.clone()).await
    }

    async fn turn(&self) -> Result<Arc<OwnedSemaphorePermit>, SourceError> {
        let turn = self.turns.take().await;
        turn.map(Arc::new).ok_or_else(|| SourceError::Query {
            at: None,
            reason: "the connection is closed".to_owned(),
            transient: true,
        })
    }

    async fn fill(
        &self,
        statement: &Statement<'_>,
        rows: &mut Rows<'_>,
    ) -> Result<(), SourceError> {
        let permit = self.turn().await?;
        meter::asked();
        loop {
            let waiting = self.idle().pop();
            let session = match waiting {
                Some(session) => session,
                None => self.connect().await?,
            };
            match self
                .run_on(&session, statement, rows, permit.clone())
                .await?
            {
                Outcome::Stale => {}
                Outcome::Abandoned => return Ok(()),
                Outcome::Answered => {
                    if !self.turns.is_closed() {
                        self.idle().push(session);
                    }
                    return Ok(());
                }
            }
        }
    }

    async fn run_on(
        &self,
        session: &Session,
        statement: &Statement<'_>,
        rows: &mut Rows<'_>,
        permit: Arc<OwnedSemaphorePermit>,
    ) -> Result<Outcome, SourceError> {
        let mut messages = session.run(Task::Run(Order::from(statement)), Some(permit));
        while let Some(message) = messages.recv().await {
            match message {
                Message::Stale => return Ok(Outcome::Stale),
                Message::Rows(batch) => {
                    for row in batch {
                        // A statement that says how many rows it wants ends by itself.
                        if !rows.push(row).await && statement.max_rows.is_none() {
                            return Ok(Outcome::Abandoned);
                        }
                    }
                }
                Message::Affected(_) => {}
                Message::Done(Ok(())) => return Ok(Outcome::Answered),
                Message::Done(Err(failure)) => {
                    // The statement failed, not the connection.
                    return Err(self.explained(failure, statement));
                }
            }
        }
        Err(SourceError::Query {
            at: None,
            reason: STOPPED.to_owned(),
            transient: false,
        })
    }

    fn explained(&self, failure: Failure, statement: &Statement<'_>) -> SourceError {
        explained(failure, statement, &self.settings, &self.name)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        // A list of connections is whole whatever else went wrong.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of a statement, with the place of its cause where its words tell it.
pub(super) fn explained(
    failure: Failure,
    statement: &Statement<'_>,
    settings: &Settings,
    database: &str,
) -> SourceError {
    let mut error = failure.while_running(settings, database);
    if let SourceError::Query { at, reason, .. } = &mut error {
        let sql = statement.sql(|_| "?".to_owned());
        let place = place::of_message(reason, &sql);
        let place = place.and_then(|place| statement.location(&sql, place));
        *at = place;
    }
    error
}

/// How a statement ended that did not fail.
enum Outcome {
    /// The connection had been lost before.
    Stale,
    /// Nobody wants the rest.
    Abandoned,
    /// All rows came.
    Answered,
}

#[async_trait]
impl Database for OdbcDatabase {
    fn name(&self) -> &str {
        &self.name
    }

    async fn check(&self) -> Result<(), SourceError> {
        let permit = self.turn().await?;
        let session = self.connect().await?;
        let statement = Statement::plain(session.system.check());
        let mut rows = Rows::collected(&statement);
        self.run_on(&session, &statement, &mut rows, permit).await?;
        session.close().await;
        Ok(())
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Vec<Row>, SourceError> {
        let mut rows = Rows::collected(statement);
        self.fill(statement, &mut rows).await?;
        Ok(rows.into_rest())
    }

    async fn stream(
        &self,
        statement: &Statement<'_>,
        to: &mut dyn TakeRows,
    ) -> Result<Vec<Row>, SourceError> {
        let mut rows = Rows::streamed(to);
        self.fill(statement, &mut rows).await?;
        Ok(rows.into_rest())
    }

    async fn session(
        &self,
        transaction: bool,
    ) -> Result<Box<dyn dialect::Session + '_>, SourceError> {
        let session = self.connect().await?;
        let session =
            ChangeSession::begin(session, &self.settings, &self.name, transaction).await?;
        Ok(Box::new(session))
    }

    async fn close(&self) {
        self.turns.close();
        let sessions = std::mem::take(&mut *self.idle());
        for session in sessions {
            session.close().await;
        }
    }
}
