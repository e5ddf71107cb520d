//! A failure of SQLite → whether it was for want of room, and where.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, ffi};

use super::C1zError;

/// What SQLite writes at a time is never more.
const A_WRITE: usize = 64 * 1024;

/// Unpacks sync files into `directory` from now on, and sorts there what memory does not hold.
pub fn unpack_in(directory: &Path) -> Result<(), C1zError> {
    let failed = C1zError::sqlite("use the directory", directory);
    // Set once for the process. The second call is one of a program that has its own idea of it.
    let _ = tempfile::env::override_temp_dir(directory);
    let set = || -> rusqlite::Result<()> {
        // Deprecated, since it is meant for the whole process: which is what is meant here.
        let db = Connection::open_in_memory()?;
        db.pragma_update(None, "temp_store_directory", directory.to_string_lossy())
    };
    set().map_err(failed)
}

/// No room: where, and what the system says of it.
pub(super) struct NoRoom {
    /// The file, or the directory of temporary files.
    pub at: PathBuf,
    /// The words of the system.
    pub source: io::Error,
}

/// Whether `error`, of a database at `path`, came from a lack of room. SQLite tells a full disk from
/// other failures to write, but not which disk, and it tells neither a quota nor a limit on the size
/// of files from a broken disk. So it is tried.
pub(super) fn no_room(path: &Path, error: &rusqlite::Error) -> Option<NoRoom> {
    let failure = error.sqlite_error()?;
    let full = failure.code == ErrorCode::DiskFull;
    let unwritten = [
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_IOERR_TRUNCATE,
        ffi::SQLITE_IOERR_SHMSIZE,
    ];
    if !full && !unwritten.contains(&failure.extended_code) {
        return None;
    }
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    let temporary = tempfile::env::temp_dir();
    for (tried, at) in [(directory, path), (&temporary, &temporary)] {
        match write(tried, size_of(path)) {
            Err(source) if is_about_room(&source) => {
                let at = at.to_path_buf();
                return Some(NoRoom { at, source });
            }
            _ => {}
        }
    }
    // There is room again: what SQLite could not write has been given back.
    full.then(|| NoRoom {
        at: path.to_path_buf(),
        source: ErrorKind::StorageFull.into(),
    })
}

/// Whether a file could not be written because there is no room for it.
pub(super) fn is_about_room(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

/// How large the largest file of the database has become.
fn size_of(path: &Path) -> u64 {
    let log = super::work_file::with_suffix(path, "-wal");
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    size(path).max(size(&log))
}

/// Writes a little to a file that is larger than one of `size` was about to become, but for holes:
/// SQLite does not write its pages in their order.
fn write(directory: &Path, size: u64) -> io::Result<()> {
    let mut file = tempfile::tempfile_in(directory)?;
    file.set_len(size * 2 + (16 << 20))?;
    file.write_all(&[0; A_WRITE])?;
    file.sync_all()
}
