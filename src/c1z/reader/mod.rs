//! Any sync file, old or current → its runs, and the facts of each, read as they are needed.

mod listing;
mod runs;
mod sync;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rusqlite::{Connection, OpenFlags};
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
    _unpacked: TempDir,
}

/// Characters that mean something in the URI under which SQLite opens a file.
const NOT_IN_URI: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');

impl C1z {
    /// Opens the sync file at `path`.
    pub fn open(path: &Path, limits: ReadLimits) -> Result<Self, C1zError> {
        let unpacked = TempDir::with_prefix("rolecall-")
            .map_err(C1zError::io("make a directory to unpack", path))?;
        let database = unpacked.path().join("sync.db");
        let mut file = File::create_new(&database).map_err(C1zError::io("unpack", path))?;
        container::unpack(path, &mut file, limits)?;

        let not_sqlite = |source| C1zError::NotSqlite {
            path: path.into(),
            source,
        };
        let db = open_read_only(&database).map_err(not_sqlite)?;
        let tables = tables(&db).map_err(not_sqlite)?;
        Ok(Self {
            db,
            path: path.into(),
            tables,
            _unpacked: unpacked,
        })
    }

    /// The file this was opened from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    /// `column` where the table has it, and `otherwise` where the writer did not know it yet.
    fn column(&self, table: &str, column: &'static str, otherwise: &'static str) -> &'static str {
        match self.tables.get(table) {
            Some(columns) if columns.contains(column) => column,
            _ => otherwise,
        }
    }

    fn sqlite(&self, action: &'static str) -> impl FnOnce(rusqlite::Error) -> C1zError + use<> {
        C1zError::sqlite(action, self.path.clone())
    }
}

/// `immutable`: some writers leave the database in WAL mode, which a plain reader could only open
/// by writing beside it.
fn open_read_only(database: &Path) -> rusqlite::Result<Connection> {
    let path = database.to_string_lossy();
    let uri = format!(
        "file:{}?immutable=1",
        utf8_percent_encode(&path, NOT_IN_URI)
    );
    Connection::open_with_flags(
        uri,
        OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
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
