//! A connection on a thread of its own: drivers block, and some want to be called from one thread.
//!
//! A thread that nobody waits for any more finishes what its driver is doing and ends; it keeps
//! neither the run nor the program from ending.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use odbc_api::{Connection, ConnectionOptions, Cursor, CursorRow, environment};
use secrecy::ExposeSecret;
use tokio::sync::{OwnedSemaphorePermit, mpsc as channel, oneshot};

use super::Settings;
use super::column::{Column, columns};
use super::driver;
use super::failure::Failure;
use super::parameter::{self, Bound, Context};
use super::system::{Describes, Least, System};
use super::value::{self, Buffers};
use crate::expr::Map;
use crate::source::SourceError;
use crate::source::sql::statement::{Binding, Fragment, Parameter, Row, Statement};

/// How long opening a connection may take, as drivers are told.
const LOGIN_SECONDS: u32 = 15;

/// How long it may take drivers that do not listen.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection that nobody used for so long is asked whether it is still there.
const IDLE: Duration = Duration::from_secs(1);

/// Rows that are handed over at a time.
const BATCH: usize = 200;

/// A statement that can travel to another thread.
#[derive(Debug, Clone)]
pub struct Order {
    fragments: Vec<Fragment>,
    parameters: Vec<Parameter>,
    max_rows: Option<usize>,
    key: Option<String>,
}

impl From<&Statement<'_>> for Order {
    fn from(statement: &Statement<'_>) -> Self {
        Self {
            fragments: statement.fragments.clone(),
            parameters: statement.parameters.clone(),
            max_rows: statement.max_rows,
            key: statement.key.map(str::to_owned),
        }
    }
}

/// What comes back from the thread.
#[derive(Debug)]
pub enum Message {
    /// The connection had been lost while nobody used it; nothing was run.
    Stale,
    /// Some rows, in order.
    Rows(Vec<Row>),
    /// The end.
    Done(Result<(), Failure>),
}

/// Work for the thread. The permit counts the connection as busy until the driver is done with it.
struct Job {
    order: Order,
    to: channel::Sender<Message>,
    _permit: Arc<OwnedSemaphorePermit>,
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

    /// Starts a statement; what comes of it comes through the channel, and nothing more when the
    /// thread is gone.
    pub fn run(
        &self,
        order: Order,
        permit: Arc<OwnedSemaphorePermit>,
    ) -> channel::Receiver<Message> {
        let (to, messages) = channel::channel(2);
        let job = Job {
            order,
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
        asks_for_quotes: settings.vendor.scheme == "odbc",
    };
    let mut used = Instant::now();
    for job in work {
        if used.elapsed() > IDLE && !session.answers() {
            job.to.blocking_send(Message::Stale).ok();
            return;
        }
        let done = session.answer(&job.order, &job.to);
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

struct Connected {
    connection: Connection<'static>,
    system: System,
    asks_for_quotes: bool,
}

impl Connected {
    fn answers(&self) -> bool {
        let is_dead = self.connection.is_dead().unwrap_or(false);
        !is_dead
            && self
                .connection
                .execute(self.system.check(), (), None)
                .is_ok()
    }

    fn answer(&self, order: &Order, to: &channel::Sender<Message>) -> Result<(), Failure> {
        let statement = Statement {
            fragments: self.quoted(&order.fragments)?,
            parameters: order.parameters.clone(),
            max_rows: order.max_rows,
            key: order.key.as_deref(),
        };
        let mut sql = statement.sql(|_| "?".to_owned());
        if sql.contains("--") {
            // Some drivers write words of their own after the query, where it may end in a comment.
            sql.push('\n');
        }
        let mut prepared = self.connection.prepare(&sql)?;
        let key = self.key_column(&mut prepared, &statement);
        let described: Vec<_> = (1..=statement.parameters.len())
            .map(|number| {
                let number = u16::try_from(number).ok()?;
                let asked = self.system.describes() != Describes::Never;
                // A driver that cannot say leaves it to the value.
                asked.then(|| prepared.describe_param(number).ok())?
            })
            .map(|described| described.map(|described| described.data_type))
            .collect();
        for least in self.leasts(&statement, key.as_ref().map(|key| key.data_type)) {
            let context = Context {
                system: self.system,
                key: key.as_ref().map(|key| key.data_type),
                key_is_unsigned: key.as_ref().is_some_and(|key| key.is_unsigned),
                least: *least,
            };
            let bound: Result<Vec<Bound>, SourceError> = statement
                .parameters
                .iter()
                .zip(&described)
                .map(|(parameter, described)| parameter::bind(parameter, *described, context))
                .collect();
            let Some(cursor) = prepared.execute(bound?.as_slice())? else {
                return Ok(());
            };
            if self.fetch(cursor, &statement, to)? > 0 {
                break;
            }
        }
        Ok(())
    }

    /// What a cursor may begin with. The next one is tried when nothing is found.
    fn leasts(
        &self,
        statement: &Statement<'_>,
        key: Option<odbc_api::DataType>,
    ) -> &'static [Least] {
        let mut parameters = statement.parameters.iter();
        let begins = parameters.any(|parameter| parameter.binding == Binding::Least);
        match begins && parameter::begins_with_text(key, self.system) {
            true => self.system.least_of_texts(),
            false => &[Least::Text("")],
        }
    }

    /// The key column, where a cursor compares with it and the driver knows the result
    /// before there is one.
    fn key_column(
        &self,
        prepared: &mut impl odbc_api::ResultSetMetadata,
        statement: &Statement<'_>,
    ) -> Option<Column> {
        let mut parameters = statement.parameters.iter();
        let compares =
            |parameter: &Parameter| matches!(parameter.binding, Binding::Least | Binding::Key(_));
        if !parameters.any(compares) {
            return None;
        }
        let mut columns = columns(prepared, self.system).ok()?;
        let index = statement.key_index(&names(&columns)).ok()??;
        Some(columns.swap_remove(index))
    }

    /// Hands on the rows of a result. Returns how many there were.
    fn fetch(
        &self,
        mut cursor: impl Cursor,
        statement: &Statement<'_>,
        to: &channel::Sender<Message>,
    ) -> Result<usize, Failure> {
        let fetched = self.fetch_all(&mut cursor, statement, to);
        if fetched.as_ref().is_err_and(Failure::lost_connection) {
            // Closing it would fail too, and freeing the statement does the same.
            std::mem::forget(cursor);
        }
        fetched
    }

    fn fetch_all(
        &self,
        cursor: &mut impl Cursor,
        statement: &Statement<'_>,
        to: &channel::Sender<Message>,
    ) -> Result<usize, Failure> {
        let columns = columns(cursor, self.system)?;
        let key = statement.key_index(&names(&columns))?;
        let mut buffers = Buffers::default();
        let mut batch = Vec::new();
        let mut count = 0;
        while let Some(mut cells) = cursor.next_row()? {
            batch.push(self.row(&mut cells, &columns, key, &mut buffers)?);
            count += 1;
            if Some(count) == statement.max_rows {
                break;
            }
            let is_wanted = batch.len() < BATCH
                || to
                    .blocking_send(Message::Rows(std::mem::take(&mut batch)))
                    .is_ok();
            if !is_wanted {
                return Ok(count);
            }
        }
        if !batch.is_empty() {
            // Whether or not anybody wants them, there are no more.
            to.blocking_send(Message::Rows(batch)).ok();
        }
        Ok(count)
    }

    fn row(
        &self,
        cells: &mut CursorRow<'_>,
        columns: &[Column],
        key: Option<usize>,
        buffers: &mut Buffers,
    ) -> Result<Row, Failure> {
        let mut fields = Map::new();
        let mut key_value = None;
        for (index, column) in columns.iter().enumerate() {
            let number = u16::try_from(index + 1).expect("a result has fewer columns");
            let stored = value::read(cells, number, column, buffers)?;
            if key == Some(index) {
                // Not as shown: a date that is stored as text is compared as that text.
                key_value = Some(stored.clone());
            }
            fields.insert(column.name.clone(), value::shown(stored, column.reading));
        }
        Ok(Row {
            fields,
            key: key_value,
        })
    }

    /// The fragments with their identifiers quoted as the driver says, where the dialect does not.
    fn quoted(&self, fragments: &[Fragment]) -> Result<Vec<Fragment>, Failure> {
        let has_names = fragments
            .iter()
            .any(|fragment| matches!(fragment, Fragment::Identifier { .. }));
        if !has_names || !self.asks_for_quotes {
            return Ok(fragments.to_vec());
        }
        let Some(quote) = self.connection.identifier_quote_char()? else {
            return Err(Failure::Source(SourceError::Invalid(
                "the ODBC driver has no quotes for identifiers: use `|unquoted` instead of `|identifier`".to_owned(),
            )));
        };
        Ok(fragments
            .iter()
            .map(|fragment| match fragment {
                Fragment::Identifier { name, .. } => {
                    Fragment::Sql(crate::source::sql::dialect::quoted(name, quote))
                }
                other => other.clone(),
            })
            .collect())
    }
}

fn names(columns: &[Column]) -> Vec<&str> {
    columns.iter().map(|column| column.name.as_str()).collect()
}
