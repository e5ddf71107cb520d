//! The platform's SQLite database, which several processes use at once.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

/// Layout of the tables.
pub(super) const VERSION: i64 = 1;

const TABLES: &str = "
create table platform (
    host text not null
) strict;

create table clients (
    id text primary key,
    name text not null unique,
    public_key text not null,
    created_at integer not null,
    hello blob,
    hello_at integer
) strict;

create table tasks (
    seq integer primary key autoincrement,
    id text not null unique,
    client text not null references clients,
    kind text not null,
    lane text not null,
    body blob not null,
    state text not null,
    attempt integer not null default 0,
    attempts integer not null,
    not_before integer not null,
    host text,
    until integer,
    cancel integer not null default 0,
    created_at integer not null,
    ended_at integer,
    code integer,
    message text,
    answer blob
) strict;
create index tasks_open on tasks (client, state, seq) where state in ('pending', 'leased');

-- What became of a task, in the order in which it came to be; rows are only added.
create table history (
    seq integer primary key autoincrement,
    task text not null references tasks (id),
    at integer not null,
    event text not null,
    attempt integer not null,
    host text,
    note text
) strict;
create index history_of_task on history (task, seq);
create unique index one_end on history (task) where event in ('done', 'failed', 'cancelled');

-- Answers that were accepted: whoever sends one again because nobody heard that it arrived is told so.
create table answers (
    task text not null references tasks (id),
    host text not null,
    digest blob not null,
    primary key (task, host, digest)
) strict, without rowid;

create table uploads (
    seq integer primary key autoincrement,
    task text not null references tasks (id),
    attempt integer not null,
    at integer not null,
    file text not null,
    kind text not null,
    bytes integer not null,
    sha256 text not null,
    unique (task, sha256)
) strict;
";

/// How long one process waits while another one writes.
const BUSY: Duration = Duration::from_secs(20);

/// An open database. Cheap to clone; everybody who has it takes turns.
#[derive(Debug, Clone)]
pub(super) struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens the database, or makes it.
    pub fn open(path: &Path, create: bool) -> rusqlite::Result<Self> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        // What was acknowledged must be there after a loss of power, too.
        connection.execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;",
        )?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Makes the tables.
    pub fn lay_out(&self, host: &str) -> rusqlite::Result<()> {
        self.write(|tx| {
            tx.execute_batch(TABLES)?;
            tx.execute("insert into platform (host) values (?1)", [host])?;
            tx.pragma_update(None, "user_version", VERSION)
        })
    }

    /// Reads: what it sees is one moment.
    pub fn read<T, E: From<rusqlite::Error>>(
        &self,
        read: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.within(TransactionBehavior::Deferred, read)
    }

    /// Writes: all of it or nothing, and nobody else writes meanwhile.
    pub fn write<T, E: From<rusqlite::Error>>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.within(TransactionBehavior::Immediate, write)
    }

    fn within<T, E: From<rusqlite::Error>>(
        &self,
        behavior: TransactionBehavior,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // A transaction that panicked was rolled back: the connection is sound.
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(behavior)?;
        let done = act(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}
