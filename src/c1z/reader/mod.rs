//! Any sync file, old or current → its runs, and the facts of each, read as they are needed.

mod listing;
mod runs;
mod sync;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rusqlite::{Connection, OpenFlags, params};
use tempfile::TempDir;

pub use listing::Listing;
pub use sync::{EntitlementFilter, GrantFilter, Sync};

use super::{C1zError, ReadLimits, container};

/// An open sync file.
///
/// The file itself is only read; its database is unpacked to a private directory that goes when
/// this value does.
pub struct C1z {
    db: Connection,
    path: PathBuf,
    /// The columns of each table that the file has.
    tables: HashMap<String, HashSet<String>>,
    unpacked: TempDir,
}

/// The database in the directory to which a file is unpacked.
pub(super) const DATABASE: &str = "sync.db";

/// What rows of each table are looked up by.
const LOOKUPS: [(&str, &str); 2] = [
    ("v1_resources", "external_id"),
    ("v1_entitlements", "external_id"),
];

/// Characters that mean something in the URI under which SQLite opens a file.
const NOT_IN_URI: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');

impl C1z {
    /// Opens the sync file at `path`.
    pub fn open(path: &Path, limits: ReadLimits) -> Result<Self, C1zError> {
        let unpacked = TempDir::with_prefix("rolecall-")
            .map_err(C1zError::io("make a directory to unpack", path))?;
        let database = unpacked.path().join(DATABASE);
        let mut file = File::create_new(&database).map_err(C1zError::io("unpack", path))?;
        container::unpack(path, &mut file, limits)?;

        let not_sqlite = |source| C1zError::NotSqlite {
            path: path.into(),
            source,
        };
        let db = open_read_only(&database).map_err(not_sqlite)?;
        let tables = tables(&db).map_err(not_sqlite)?;
        let mut file = Self {
            db,
            path: path.into(),
            tables,
            unpacked,
        };
        if file.add_lookups(&database) {
            file.db = open_read_only(&database).map_err(not_sqlite)?;
        }
        Ok(file)
    }

    /// Makes the indexes that this program looks rows up by and the file lacks, in the unpacked
    /// database. False when there was nothing to make. Where it cannot be done, for example in a
    /// damaged database, look-ups are slow, and say what is wrong.
    fn add_lookups(&self, database: &Path) -> bool {
        let has = |(table, column)| self.has_index(table, column, false).unwrap_or(true);
        let missing: Vec<_> = LOOKUPS
            .into_iter()
            .filter(|(table, column)| self.has_column(table, column))
            .filter(|lookup| !has(*lookup))
            .collect();
        let make = || -> rusqlite::Result<()> {
            let db = Connection::open_with_flags(
                database_uri(database, ""),
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI,
            )?;
            for (table, column) in &missing {
                db.execute_batch(&format!(
                    "create index if not exists rolecall_{table} on {table} ({column})"
                ))?;
            }
            db.close().map_err(|(_, error)| error)
        };
        !missing.is_empty() && make().is_ok()
    }

    /// The file this was opened from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the file is unpacked.
    pub(super) fn directory(&self) -> &Path {
        self.unpacked.path()
    }

    pub(super) fn db(&self) -> &Connection {
        &self.db
    }

    pub(super) fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    pub(super) fn has_column(&self, table: &str, column: &str) -> bool {
        let columns = self.tables.get(table);
        columns.is_some_and(|columns| columns.contains(column))
    }

    /// True when an index of the table begins with a column.
    pub(super) fn has_index(
        &self,
        table: &str,
        column: &str,
        unique: bool,
    ) -> rusqlite::Result<bool> {
        self.db.query_row(
            "select count(*) > 0 from pragma_index_list(?1) as indexes,
                 pragma_index_info(indexes.name) as columns
             where columns.seqno = 0 and columns.name = ?2 and indexes.\"unique\" >= ?3",
            params![table, column, unique],
            |row| row.get(0),
        )
    }

    /// Reads every page of the database, and says what is wrong with them.
    pub(super) fn check_pages(&self) -> Result<(), C1zError> {
        let found: String = self
            .db
            .query_row("pragma quick_check(1)", [], |row| row.get(0))
            .map_err(self.sqlite("check the database"))?;
        match found.as_str() {
            "ok" => Ok(()),
            _ => Err(C1zError::Damaged {
                path: self.path.clone(),
                found,
            }),
        }
    }

    /// `column` where the table has it, and `otherwise` where the writer did not know it yet.
    pub(super) fn column(
        &self,
        table: &str,
        column: &'static str,
        otherwise: &'static str,
    ) -> &'static str {
        match self.has_column(table, column) {
            true => column,
            false => otherwise,
        }
    }

    /// A sentence-maker for `map_err`. A column that is not there is no failure of the database.
    pub(super) fn sqlite(
        &self,
        action: &'static str,
    ) -> impl FnOnce(rusqlite::Error) -> C1zError + use<> {
        let path = self.path.clone();
        move |source| match source {
            rusqlite::Error::SqlInputError { msg, .. } if msg.starts_with("no such column") => {
                C1zError::Layout { path, found: msg }
            }
            source => C1zError::sqlite(action, path)(source),
        }
    }
}

/// `immutable`: some writers leave the database in WAL mode, which a plain reader could only open
/// by writing beside it.
fn open_read_only(database: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(
        database_uri(database, "immutable=1"),
        OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
}

/// The name under which SQLite opens a file that is called anything, with options.
pub(super) fn database_uri(database: &Path, options: &str) -> String {
    let path = database.to_string_lossy();
    format!("file:{}?{options}", utf8_percent_encode(&path, NOT_IN_URI))
}

fn tables(db: &Connection) -> rusqlite::Result<HashMap<String, HashSet<String>>> {
    let mut found: HashMap<String, HashSet<String>> = HashMap::new();
    let mut columns = db.prepare(
        "select tables.name, columns.name
         from sqlite_master as tables, pragma_table_info(tables.name) as columns
         where tables.type = 'table'",
    )?;
    let mut rows = columns.query([])?;
    while let Some(row) = rows.next()? {
        found.entry(row.get(0)?).or_default().insert(row.get(1)?);
    }
    Ok(found)
}
