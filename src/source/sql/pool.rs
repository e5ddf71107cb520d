//! A bounded set of connections to one database, whichever driver speaks to it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use sqlx::error::DatabaseError;
use sqlx::pool::{Pool, PoolConnection, PoolOptions};
use sqlx::{ConnectOptions, Connection, Either};
use tokio::sync::OwnedSemaphorePermit;

use super::dialect::{Database, Ran, Session};
use super::failure::{Failure, Peer};
use super::place;
use super::statement::{Row, Rows, Statement, TakeRows};
use super::turns::{MOST_CONNECTIONS, Turns};
use crate::source::{Described, SourceError, meter};

/// How long opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

type ConnectionOf<D> = <<D as Driver>::Db as sqlx::Database>::Connection;
type OptionsOf<D> = <ConnectionOf<D> as Connection>::Options;

/// How one driver runs statements.
#[async_trait]
pub trait Driver: std::fmt::Debug + Send + Sync + Sized + 'static {
    /// The driver.
    type Db: sqlx::Database;

    /// Begins a transaction.
    const BEGIN: &'static str = "BEGIN";

    /// What a connection for changes without a transaction needs to keep each of them; may be empty.
    const ALONE: &'static str = "";

    /// Whether a statement such as `GRANT` commits what was run before it, and itself.
    const DEFINITIONS_COMMIT: bool = false;

    /// Says what is wrong where the driver would not say it well.
    async fn before_connecting(&self) -> Result<(), SourceError> {
        Ok(())
    }

    /// Makes a connection ready that was just opened.
    async fn after_connecting(&self, _: &mut ConnectionOf<Self>) -> Result<(), sqlx::Error> {
        Ok(())
    }

    /// The number of the character, from 1, of the SQL that an error is about.
    fn position(_: &dyn DatabaseError) -> Option<usize> {
        None
    }

    /// Runs `BEGIN`, `COMMIT` or `ROLLBACK`, which some systems do not prepare.
    async fn order(
        connection: &mut ConnectionOf<Self>,
        sql: &'static str,
    ) -> Result<(), sqlx::Error>;

    /// Runs a statement within a transaction, which nothing that the driver does besides may end.
    async fn run_within(
        connection: &mut ConnectionOf<Self>,
        statement: &Statement<'_>,
        rows: &mut Rows<'_>,
    ) -> Result<(), Failure> {
        Self::run(connection, statement, rows).await
    }

    /// Asks what a statement would bring. Nothing is run.
    async fn describe(
        connection: &mut ConnectionOf<Self>,
        statement: &Statement<'_>,
    ) -> Result<Described, Failure>;

    /// Runs a statement on a connection of its own; its rows go to `rows` until that wants no more.
    async fn run(
        connection: &mut ConnectionOf<Self>,
        statement: &Statement<'_>,
        rows: &mut Rows<'_>,
    ) -> Result<(), Failure>;
}

/// Puts what comes of a statement there, until no more is wanted: its rows, and how many it changed.
pub(super) async fn drain<Done, Found>(
    mut steps: BoxStream<'_, Result<Either<Done, Found>, sqlx::Error>>,
    rows: &mut Rows<'_>,
    affected: impl Fn(&Done) -> u64,
    read: impl Fn(&Found) -> Result<Row, Failure>,
) -> Result<(), Failure> {
    while let Some(step) = steps.try_next().await? {
        match step {
            Either::Left(done) => rows.count_affected(affected(&done)),
            Either::Right(found) => {
                if !rows.push(read(&found)?).await {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// A database behind a pool that opens on first use.
pub struct Pooled<D: Driver> {
    name: String,
    driver: Arc<D>,
    options: OptionsOf<D>,
    /// How a connection is opened that changes are made on.
    writing: OptionsOf<D>,
    peer: Peer,
    // Made on first use: making one needs the async runtime, and compiling a file has none.
    pool: OnceLock<Pool<D::Db>>,
    // Waiting for a turn may take as long as the queries before it do; only connecting is timed.
    turns: Turns,
}

impl<D: Driver> Pooled<D> {
    /// Describes a database; nothing is opened yet.
    pub fn new(name: String, driver: D, options: OptionsOf<D>, peer: Peer) -> Self {
        // The log of a sync is about pages; the driver would write queries into it.
        let options = options.disable_statement_logging();
        Self {
            name,
            driver: Arc::new(driver),
            writing: options.clone(),
            options,
            peer,
            pool: OnceLock::new(),
            turns: Turns::new(),
        }
    }

    /// The same, where changes need other options than reading.
    pub fn writing_with(mut self, options: OptionsOf<D>) -> Self {
        self.writing = options.disable_statement_logging();
        self
    }

    async fn connect(&self, options: &OptionsOf<D>) -> Result<ConnectionOf<D>, SourceError> {
        self.driver.before_connecting().await?;
        let connecting = async {
            let mut connection = options.connect().await?;
            self.driver.after_connecting(&mut connection).await?;
            Ok(connection)
        };
        tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
            .map_err(|error| self.peer.while_connecting(error))
    }

    async fn rows(
        &self,
        statement: &Statement<'_>,
        mut rows: Rows<'_>,
    ) -> Result<Vec<Row>, SourceError> {
        let (_turn, mut connection) = self.turn().await?;
        meter::asked();
        D::run(&mut connection, statement, &mut rows)
            .await
            .map_err(|failure| self.explained(failure, statement))?;
        Ok(rows.into_rest())
    }

    /// The error of a statement, with the place of its cause where the database tells it.
    fn explained(&self, failure: Failure, statement: &Statement<'_>) -> SourceError {
        let place = match &failure {
            Failure::Sent {
                error: sqlx::Error::Database(error),
                sql,
            } => {
                let at = match D::position(error.as_ref()) {
                    Some(number) => place::of_character(number, sql),
                    None => place::of_message(error.message(), sql),
                };
                at.and_then(|at| statement.location(sql, at))
            }
            _ => None,
        };
        match self.peer.while_running(failure) {
            SourceError::Query {
                reason, transient, ..
            } => SourceError::Query {
                at: place,
                reason,
                transient,
            },
            error => error,
        }
    }

    async fn turn(&self) -> Result<(OwnedSemaphorePermit, PoolConnection<D::Db>), SourceError> {
        let turn = self.turns.take().await.ok_or_else(|| {
            self.peer
                .while_running(Failure::Driver(sqlx::Error::PoolClosed))
        })?;
        let pool = self.pool.get_or_init(|| {
            let driver = self.driver.clone();
            PoolOptions::new()
                .after_connect(move |connection, _| {
                    let driver = driver.clone();
                    Box::pin(async move { driver.after_connecting(connection).await })
                })
                .max_connections(u32::try_from(MOST_CONNECTIONS).expect("it is a small number"))
                .acquire_timeout(CONNECT_TIMEOUT)
                .connect_lazy_with(self.options.clone())
        });
        match pool.acquire().await {
            Ok(connection) => Ok((turn, connection)),
            // The pool tries again and again and then only knows that it took too long.
            Err(sqlx::Error::PoolTimedOut) => {
                let reason = match self.connect(&self.options).await {
                    Ok(_) => self.peer.while_connecting(sqlx::Error::PoolTimedOut),
                    Err(reason) => reason,
                };
                Err(reason)
            }
            Err(error) => {
                self.driver.before_connecting().await?;
                Err(self.peer.while_connecting(error))
            }
        }
    }
}

#[async_trait]
impl<D: Driver> Database for Pooled<D> {
    fn name(&self) -> &str {
        &self.name
    }

    async fn check(&self) -> Result<(), SourceError> {
        let mut connection = self.connect(&self.options).await?;
        let statement = Statement::plain("SELECT 1");
        D::run(
            &mut connection,
            &statement,
            &mut Rows::collected(&statement),
        )
        .await
        .map_err(|failure| self.peer.while_running(failure))?;
        // The database answered; how the connection ends no longer matters.
        connection.close().await.ok();
        Ok(())
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Vec<Row>, SourceError> {
        self.rows(statement, Rows::collected(statement)).await
    }

    async fn stream(
        &self,
        statement: &Statement<'_>,
        to: &mut dyn TakeRows,
    ) -> Result<Vec<Row>, SourceError> {
        self.rows(statement, Rows::streamed(to)).await
    }

    async fn describe(&self, statement: &Statement<'_>) -> Result<Described, SourceError> {
        let (_turn, mut connection) = self.turn().await?;
        meter::asked();
        D::describe(&mut connection, statement)
            .await
            .map_err(|failure| self.explained(failure, statement))
    }

    async fn session(&self, transaction: bool) -> Result<Box<dyn Session + '_>, SourceError> {
        let connection = self.connect(&self.writing).await?;
        let mut session = PooledSession {
            database: self,
            connection,
            transaction,
            lost: false,
        };
        match transaction {
            true => session.order(D::BEGIN).await?,
            false if D::ALONE.is_empty() => {}
            false => session.order(D::ALONE).await?,
        }
        Ok(Box::new(session))
    }

    async fn close(&self) {
        self.turns.close();
        if let Some(pool) = self.pool.get() {
            pool.close().await;
        }
    }
}

/// A connection of its own for a change.
struct PooledSession<'d, D: Driver> {
    database: &'d Pooled<D>,
    connection: ConnectionOf<D>,
    transaction: bool,
    lost: bool,
}

impl<D: Driver> PooledSession<'_, D> {
    async fn order(&mut self, sql: &'static str) -> Result<(), SourceError> {
        let ordered = D::order(&mut self.connection, sql).await;
        ordered.map_err(|error| self.failed(Failure::Driver(error), None))
    }

    fn failed(&mut self, failure: Failure, statement: Option<&Statement<'_>>) -> SourceError {
        self.lost |= failure.lost_connection(self.database.peer.classify);
        match statement {
            Some(statement) => self.database.explained(failure, statement),
            None => self.database.peer.while_running(failure),
        }
    }
}

#[async_trait]
impl<D: Driver> Session for PooledSession<'_, D> {
    async fn run(&mut self, statement: &Statement<'_>) -> Result<Ran, SourceError> {
        let mut rows = Rows::collected(statement);
        meter::asked();
        let ran = match self.transaction {
            true => D::run_within(&mut self.connection, statement, &mut rows).await,
            false => D::run(&mut self.connection, statement, &mut rows).await,
        };
        ran.map_err(|failure| self.failed(failure, Some(statement)))?;
        Ok(Ran {
            affected: Some(rows.affected()),
            rows: rows.into_rest(),
        })
    }

    async fn begin(&mut self) -> Result<(), SourceError> {
        match self.transaction {
            true => self.order(D::BEGIN).await,
            false => Ok(()),
        }
    }

    async fn commit(&mut self) -> Result<(), SourceError> {
        match self.transaction {
            true => self.order("COMMIT").await,
            false => Ok(()),
        }
    }

    async fn rollback(&mut self) -> Result<(), SourceError> {
        match self.transaction {
            true => self.order("ROLLBACK").await,
            false => Ok(()),
        }
    }

    fn database(&self) -> &str {
        &self.database.name
    }

    fn is_lost(&self) -> bool {
        self.lost
    }

    fn definitions_commit(&self) -> bool {
        D::DEFINITIONS_COMMIT
    }
}

impl<D: Driver> std::fmt::Debug for Pooled<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pooled({})", self.peer.system)
    }
}
