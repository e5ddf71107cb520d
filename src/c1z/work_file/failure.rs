//! What goes wrong while rows of a database are read, before it is told in which file.

use std::path::Path;

use prost::DecodeError;

use crate::c1z::C1zError;

/// The database failed, or a row of it is no message.
pub(super) enum Failure {
    Sqlite(rusqlite::Error),
    Blob {
        table: &'static str,
        row: i64,
        source: DecodeError,
    },
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Failure {
    /// A sentence-maker for `map_err` on what decodes a row.
    pub fn blob(table: &'static str, row: i64) -> impl FnOnce(DecodeError) -> Self {
        move |source| Self::Blob { table, row, source }
    }

    /// A sentence-maker for `map_err` on what reads the file at `path`.
    pub fn explain(action: &'static str, path: &Path) -> impl FnOnce(Self) -> C1zError {
        let path = path.to_path_buf();
        move |failure| match failure {
            Self::Sqlite(source) => C1zError::sqlite(action, path)(source),
            Self::Blob { table, row, source } => C1zError::Blob {
                path,
                table,
                row,
                source,
            },
        }
    }
}
