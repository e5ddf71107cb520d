//! What can go wrong with sync files and work files.

use std::io;
use std::path::PathBuf;

use super::Holder;
use super::room::{self, NoRoom};
use crate::model::{EntitlementId, ResourceId, SyncId};
use crate::sync::SinkError;

/// A sync file or a work file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields hold")]
pub enum C1zError {
    #[error("cannot {action} `{path}`")]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("`{path}` is empty: the sync that should have written it did not finish")]
    Empty { path: PathBuf },
    #[error("`{path}` is not a c1z: {found}")]
    NotC1z { path: PathBuf, found: &'static str },
    #[error(
        "`{path}` is a c1z of the newer Pebble form (it begins with `C1Z3`), which rolecall cannot \
         read; have its writer use the SQLite storage engine{holds}"
    )]
    Pebble { path: PathBuf, holds: String },
    #[error("`{path}` is cut short: {bytes} bytes are there, but the compressed data goes on")]
    Truncated { path: PathBuf, bytes: u64 },
    #[error("`{path}` goes on after its compressed data: unexpected bytes from offset {offset}")]
    TrailingBytes { path: PathBuf, offset: u64 },
    #[error("`{path}` is damaged: its compressed data does not decode")]
    Undecodable { path: PathBuf, source: io::Error },
    #[error(
        "`{path}` unpacks to more than {limit} bytes; raise the limit if you trust where it comes \
         from"
    )]
    TooLarge { path: PathBuf, limit: u64 },
    #[error("`{path}` does not hold a sound SQLite database")]
    NotSqlite {
        path: PathBuf,
        source: rusqlite::Error,
    },
    #[error("`{path}` is not laid out as sync files are: {found}; `inspect verify` tells more")]
    Layout { path: PathBuf, found: String },
    #[error("`{path}` holds a damaged SQLite database: {found}")]
    Damaged { path: PathBuf, found: String },
    #[error(
        "the runs to keep in `{path}` cannot be read; move it away, or write to another output"
    )]
    Kept {
        path: PathBuf,
        source: Box<C1zError>,
    },
    #[error(
        "the runs to keep in `{path}` cannot be read any more; the new one waits in its work file: \
         move `{path}` away and run the same command again"
    )]
    KeptLost {
        path: PathBuf,
        source: Box<C1zError>,
    },
    #[error("`{path}` holds no sync run")]
    NoRuns { path: PathBuf },
    #[error("`{path}` holds no sync `{sync_id}`; it holds {held}")]
    UnknownSync {
        path: PathBuf,
        sync_id: SyncId,
        held: String,
    },
    #[error("row {row} of `{table}` in `{path}` is no valid protobuf message")]
    Blob {
        path: PathBuf,
        table: &'static str,
        row: i64,
        source: prost::DecodeError,
    },
    #[error(
        "the disk is full: no room in `{at}` to {action}; make some, then run the same command again"
    )]
    NoRoom {
        action: &'static str,
        at: PathBuf,
        source: io::Error,
    },
    #[error("`{path}`: SQLite could not {action}")]
    Sqlite {
        path: PathBuf,
        action: &'static str,
        source: rusqlite::Error,
    },
    #[error(
        "`{path}` is in use by {}: it is writing the same output; wait for it to end, or write to \
         another output",
        .holder.as_ref().map_or_else(|| "another sync".to_owned(), ToString::to_string)
    )]
    InUse {
        path: PathBuf,
        holder: Option<Holder>,
    },
    #[error("`{path}` is no work file of rolecall; move it away, or write to another output")]
    ForeignWorkFile { path: PathBuf },
    #[error("the work file `{path}` is damaged; delete it to begin the sync anew")]
    DamagedWorkFile {
        path: PathBuf,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(
        "`{path}` holds no finished full sync: principals of another system are taken from a whole \
         one"
    )]
    NoFullSync { path: PathBuf },
    #[error("the latest full sync in `{path}` has no entitlement `{entitlement}`")]
    NoSuchEntitlement {
        path: PathBuf,
        entitlement: EntitlementId,
    },
    #[error(
        "the latest full sync in `{path}` has no principals: none of its resource types has one of \
         the traits {traits}"
    )]
    NoPrincipals { path: PathBuf, traits: String },
    #[error(
        "the resource `{resource}` carries the annotation `BatonID`, which is reserved for principals \
         that are copied from another system"
    )]
    ReservedMarker { resource: ResourceId },
    #[error("sync `{sync_id}` in `{path}` is unfinished: there is nothing to go by yet")]
    UnfinishedSync { path: PathBuf, sync_id: SyncId },
    #[error(
        "sync `{sync_id}` in `{path}` is `{kind}`: only syncs of systems can be put together, not \
         differences between them"
    )]
    NotCompactable {
        path: PathBuf,
        sync_id: SyncId,
        kind: String,
    },
    #[error("a sync and at least one that followed it are put together; {given} was given")]
    TooFewSyncs { given: usize },
    #[error("`{path}` is no directory, and the new sync file goes into one")]
    OutputNoDirectory { path: PathBuf },
    #[error("the run in `{path}` is not sealed: there is nothing to pack yet")]
    NotSealed { path: PathBuf },
    #[error("the run in `{path}` is sealed: nothing can be added to it")]
    Sealed { path: PathBuf },
    #[error("`{path}` is {found}: it is not replaced; write to another output")]
    ForeignOutput { path: PathBuf, found: &'static str },
    #[error("`{path}` cannot name a sync file; write to a file with a name in UTF-8")]
    OutputName { path: PathBuf },
    #[error("cannot write `{path}`: it is a directory")]
    OutputIsDirectory { path: PathBuf },
    #[error("cannot write `{path}`: the directory `{directory}` does not exist")]
    NoDirectory { path: PathBuf, directory: PathBuf },
    #[error("cannot write `{path}`: no file can be made in `{directory}`")]
    NotWritable {
        path: PathBuf,
        directory: PathBuf,
        source: io::Error,
    },
}

impl C1zError {
    /// Whether another output path would have done: the command line is wrong, not the disk.
    pub fn is_about_the_name(&self) -> bool {
        matches!(
            self,
            C1zError::OutputIsDirectory { .. }
                | C1zError::OutputName { .. }
                | C1zError::ForeignOutput { .. }
                | C1zError::NoDirectory { .. }
        )
    }

    /// Whether it is about a sync that is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, C1zError::UnknownSync { .. } | C1zError::NoRuns { .. })
    }

    /// Whether what is asked for is wrong, whatever the disk is like.
    pub fn is_wrong(&self) -> bool {
        matches!(
            self,
            C1zError::UnfinishedSync { .. }
                | C1zError::NotCompactable { .. }
                | C1zError::TooFewSyncs { .. }
                | C1zError::OutputNoDirectory { .. }
        )
    }

    /// A sentence-maker for `map_err` on file operations.
    pub(super) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match room::is_about_room(&source) {
            true => Self::NoRoom {
                action,
                at: path,
                source,
            },
            false => Self::Io {
                action,
                path,
                source,
            },
        }
    }

    /// A sentence-maker for `map_err` on database operations.
    pub(super) fn sqlite(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.into();
        move |source| match room::no_room(&path, &source) {
            Some(NoRoom { at, source }) => Self::NoRoom { action, at, source },
            None => Self::Sqlite {
                path,
                action,
                source,
            },
        }
    }
}

impl From<C1zError> for SinkError {
    fn from(error: C1zError) -> Self {
        SinkError(Box::new(error))
    }
}
