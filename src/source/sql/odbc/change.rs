//! A connection of its own for a change.
//!
//! ODBC has no order to begin a transaction: without the mode that commits each statement, one begins
//! with whatever is run next.

use async_trait::async_trait;

use super::Settings;
use super::database::explained;
use super::failure::Failure;
use super::session::{Message, Order, STOPPED, Session, Task};
use crate::source::sql::dialect::{self, Ran};
use crate::source::sql::statement::Statement;
use crate::source::{SourceError, meter};

/// An open connection that changes are made on.
pub struct ChangeSession<'d> {
    session: Session,
    settings: &'d Settings,
    database: &'d str,
    transaction: bool,
    lost: bool,
}

impl<'d> ChangeSession<'d> {
    /// Takes a new connection over, and begins a transaction where there is to be one.
    pub async fn begin(
        session: Session,
        settings: &'d Settings,
        database: &'d str,
        transaction: bool,
    ) -> Result<Self, SourceError> {
        let mut begun = Self {
            session,
            settings,
            database,
            transaction,
            lost: false,
        };
        begun.order(Task::Begin).await?;
        Ok(begun)
    }

    async fn order(&mut self, task: Task) -> Result<(), SourceError> {
        if !self.transaction {
            return Ok(());
        }
        let ran = self.obey(task).await;
        ran.map(drop)
            .map_err(|failure| failure.while_running(self.settings, self.database))
    }

    /// Waits for all that comes of a task.
    async fn obey(&mut self, task: Task) -> Result<Ran, Failure> {
        let mut messages = self.session.run(task, None);
        let mut ran = Ran::default();
        while let Some(message) = messages.recv().await {
            match message {
                Message::Rows(batch) => ran.rows.extend(batch),
                Message::Affected(rows) => *ran.affected.get_or_insert(0) += rows,
                Message::Done(Ok(())) => return Ok(ran),
                Message::Done(Err(failure)) => {
                    self.lost |= failure.lost_connection();
                    return Err(failure);
                }
                Message::Stale => break,
            }
        }
        self.lost = true;
        Err(Failure::Source(SourceError::Query {
            at: None,
            reason: STOPPED.to_owned(),
            transient: false,
        }))
    }
}

#[async_trait]
impl dialect::Session for ChangeSession<'_> {
    async fn run(&mut self, statement: &Statement<'_>) -> Result<Ran, SourceError> {
        meter::asked();
        let order = Order {
            changes: true,
            ..Order::from(statement)
        };
        let ran = self.obey(Task::Run(order)).await;
        ran.map_err(|failure| explained(failure, statement, self.settings, self.database))
    }

    async fn begin(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), SourceError> {
        self.order(Task::Commit).await
    }

    async fn rollback(&mut self) -> Result<(), SourceError> {
        self.order(Task::Rollback).await
    }

    fn database(&self) -> &str {
        self.database
    }

    fn is_lost(&self) -> bool {
        self.lost
    }

    fn definitions_commit(&self) -> bool {
        self.session.system.definitions_commit()
    }
}
