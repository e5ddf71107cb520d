//! A connection on a thread of its own: drivers block, and some want to be called from one thread.
//!
//! A thread that nobody waits for any more finishes what its driver is doing and ends; it keeps
//! neither the run nor the program from ending.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use odbc_api::{Connection, ConnectionOptions, environment};
use secrecy::ExposeSecret;
use tokio::sync::{OwnedSemaphorePermit, mpsc as channel, oneshot};

use super::Settings;
use super::answer::Connected;
use super::driver;
use super::failure::Failure;
use super::system::System;
use crate::source::SourceError;
use crate::source::sql::statement::{Fragment, Parameter, Row, Statement};

/// How long opening a connection may take, as drivers are told.
const LOGIN_SECONDS: u32 = 15;

/// How long it may take drivers that do not listen.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection that nobody used for so long is asked whether it is still there.
const IDLE: Duration = Duration::from_secs(1);

/// A statement that can travel to another thread.
#[derive(Debug, Clone)]
pub struct Order {
    /// The SQL and its parameters, as in [`Statement`].
    pub fragments: Vec<Fragment>,
    /// One value per parameter.
    pub parameters: Vec<Parameter>,
    /// How many rows to read.
    pub max_rows: Option<usize>,
    /// The key column.
    pub key: Option<String>,
    /// Whether it is a part of a change: then all of its results are awaited, and rows are counted.
    pub changes: bool,
}

impl From<&Statement<'_>> for Order {
    fn from(statement: &Statement<'_>) -> Self {
        Self {
            fragments: statement.fragments.clone(),
            parameters: statement.parameters.clone(),
            max_rows: statement.max_rows,
            key: statement.key.map(str::to_owned),
            changes: false,
        }
    }
}

/// What the thread is asked to do.
#[derive(Debug)]
pub enum Task {
    /// To run a statement.
    Run(Order),
    /// To keep nothing from now on until it is committed.
    Begin,
    /// To keep what was run.
    Commit,
    /// To undo it.
    Rollback,
}

/// What comes back from the thread.
#[derive(Debug)]
pub enum Message {
    /// The connection had been lost while nobody used it; nothing was run.
    Stale,
    /// Some rows, in order.
    Rows(Vec<Row>),
    /// So many rows were changed.
    Affected(u64),
    /// The end.
    Done(Result<(), Failure>),
}

/// Work for the thread. The permit counts the connection as busy until the driver is done with it.
struct Job {
    task: Task,
    to: channel::Sender<Message>,
    _permit: Option<Arc<OwnedSemaphorePermit>>,
}

/// An open connection.
#[derive(Debug)]
pub struct Session {
    /// The system that the driver speaks to.
    pub system: System,
    jobs: mpsc::Sender<Job>,
    closed: oneshot::Receiver<()>,
}

impl Session {
    /// Connects.
    pub async fn open(settings: Arc<Settings>, database: String) -> Result<Self, SourceError> {
        let (opened, opening) = oneshot::channel();
        let (closing, closed) = oneshot::channel();
        let (jobs, work) = mpsc::channel();
        let place = settings.place(&database);
        let unreachable = |reason: &str, transient| SourceError::Unreachable {
            system: place.clone(),
            reason: reason.to_owned(),
            transient,
        };
        std::thread::Builder::new()
            .name("odbc".to_owned())
            .spawn(move || {
                serve(&settings, &database, opened, &work);
                // Nobody may be waiting for it.
                closing.send(()).ok();
            })
            .map_err(|_| unreachable("this machine can start no more threads", true))?;
        match tokio::time::timeout(CONNECT_TIMEOUT, opening).await {
            Ok(Ok(system)) => Ok(Self {
                system: system?,
                jobs,
                closed,
            }),
            Ok(Err(_)) => Err(unreachable(STOPPED, false)),
            Err(_) => Err(unreachable("it did not answer in time", true)),
        }
    }

    /// Starts a task; what comes of it comes through the channel, and nothing more when the thread is
    /// gone.
    pub fn run(
        &self,
        task: Task,
        permit: Option<Arc<OwnedSemaphorePermit>>,
    ) -> channel::Receiver<Message> {
        let (to, messages) = channel::channel(2);
        let job = Job {
            task,
            to,
            _permit: permit,
        };
        // When the thread is gone, so is the sender in the job, and the channel ends.
        self.jobs.send(job).ok();
        messages
    }

    /// Disconnects, politely, but not at any price.
    pub async fn close(self) {
        drop(self.jobs);
        tokio::time::timeout(Duration::from_secs(2), self.closed)
            .await
            .ok();
    }
}

/// A driver that neither answers nor fails.
pub const STOPPED: &str = "the ODBC driver stopped without an answer";

/// The life of the thread.
fn serve(
    settings: &Settings,
    database: &str,
    opened: oneshot::Sender<Result<System, SourceError>>,
    work: &mpsc::Receiver<Job>,
) {
    let (connection, system) = match connect(settings, database) {
        Ok(open) => open,
        Err(failure) => {
            let error = failure.while_connecting(settings, database);
            opened.send(Err(error)).ok();
            return;
        }
    };
    // Whoever asked may have given up waiting.
    if opened.send(Ok(system)).is_err() {
        return;
    }
    let session = Connected {
        connection,
        system,
        is_generic: settings.vendor.scheme == "odbc",
    };
    let mut used = Instant::now();
    for job in work {
        let asks = matches!(&job.task, Task::Run(order) if !order.changes);
        if asks && used.elapsed() > IDLE && !session.answers() {
            job.to.blocking_send(Message::Stale).ok();
            return;
        }
        let done = session.obey(&job.task, &job.to);
        let lost = done.as_ref().is_err_and(Failure::lost_connection);
        job.to.blocking_send(Message::Done(done)).ok();
        if lost {
            return;
        }
        used = Instant::now();
    }
}

fn connect(settings: &Settings, database: &str) -> Result<(Connection<'static>, System), Failure> {
    let environment = environment()?;
    let driver = driver::choose(environment, settings)?;
    let text = settings.connection_string(driver.as_deref(), database);
    let options = ConnectionOptions {
        login_timeout_sec: Some(LOGIN_SECONDS),
        packet_size: None,
    };
    let connection = environment.connect_with_connection_string(text.expose_secret(), options)?;
    let system = match settings.vendor.system {
        System::Other => System::named(&connection.database_management_system_name()?),
        system => system,
    };
    if let Some(greeting) = system.greeting() {
        connection.execute(greeting, (), None)?;
    }
    Ok((connection, system))
}
