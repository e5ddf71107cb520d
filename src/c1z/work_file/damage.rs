//! What SQLite says of a work file → what is wrong with it.

use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use super::digest::Digest;
use super::holder::holder_of;
use super::put;
use crate::c1z::C1zError;

/// What went wrong with a work file when something was to be done with it.
pub(super) fn explain(path: &Path, action: &'static str, error: rusqlite::Error) -> C1zError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => C1zError::InUse {
            path: path.into(),
            holder: holder_of(path),
        },
        Some(ErrorCode::NotADatabase) => C1zError::ForeignWorkFile { path: path.into() },
        Some(ErrorCode::DatabaseCorrupt) => found(path, error),
        _ => C1zError::sqlite(action, path)(error),
    }
}

/// Why what a work file should hold could not be read.
pub(super) fn unreadable(path: &Path, error: rusqlite::Error) -> C1zError {
    match error.sqlite_error_code() {
        // No such table, a value of another type: the statements are right, so the file is not.
        None | Some(ErrorCode::Unknown | ErrorCode::TypeMismatch) => found(path, error),
        Some(_) => explain(path, "read it", error),
    }
}

/// A work file is damaged.
pub(super) fn found(
    path: &Path,
    what: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> C1zError {
    C1zError::DamagedWorkFile {
        path: path.into(),
        source: what.into(),
    }
}

/// Tells whether all is there as it was written, before hours of work are added to it.
pub(super) fn check(db: &Connection, path: &Path) -> Result<(), C1zError> {
    let check = || -> rusqlite::Result<_> {
        let sound: String = db.query_row("pragma integrity_check(1)", [], |row| row.get(0))?;
        let kept = Digest::of_stored(db, &put::SUMMED)?.is_kept(db)?;
        Ok((sound, kept))
    };
    match check().map_err(|error| unreadable(path, error))? {
        (sound, _) if sound != "ok" => Err(found(path, sound)),
        (_, false) => Err(found(path, "its rows are not what was written to it")),
        _ => Ok(()),
    }
}
