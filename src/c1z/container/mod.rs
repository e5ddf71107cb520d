//! A database file ⇄ its compressed form: what stands around the SQLite inside a sync file.

mod pebble;
mod read;
mod shape;
mod write;

pub use read::{ReadLimits, unpack};
pub use shape::{Shape, USUAL_WINDOW, shape};
pub use write::{Compression, pack};

/// First bytes of a sync file as every Baton tool reads it: zstd around SQLite.
pub(super) const MAGIC: &[u8; 5] = b"C1ZF\0";
/// First bytes of the newer form, which holds a Pebble store instead of SQLite.
const PEBBLE_MAGIC: &[u8; 5] = b"C1Z3\0";
const GZIP_MAGIC: &[u8; 2] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8; 4] = &[0x28, 0xb5, 0x2f, 0xfd];
const SQLITE_MAGIC: &[u8; 15] = b"SQLite format 3";

/// What the first bytes of a file say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Zstd,
    Gzip,
    Pebble,
    Empty,
    Other(&'static str),
}

impl Container {
    /// How many bytes decide.
    const PREFIX: usize = SQLITE_MAGIC.len();

    fn of(prefix: &[u8]) -> Self {
        if prefix.is_empty() {
            Self::Empty
        } else if prefix.starts_with(MAGIC) {
            Self::Zstd
        } else if prefix.starts_with(GZIP_MAGIC) {
            Self::Gzip
        } else if prefix.starts_with(PEBBLE_MAGIC) {
            Self::Pebble
        } else if prefix.starts_with(ZSTD_MAGIC) {
            Self::Other("it is zstd data without the five bytes that begin a c1z")
        } else if prefix.starts_with(SQLITE_MAGIC) {
            Self::Other("it is a bare SQLite database")
        } else {
            Self::Other("it begins with neither `C1ZF` nor a gzip header")
        }
    }
}

/// True when a file that begins like this is a sync file of any form, sound or not.
pub(super) fn is_sync_file(prefix: &[u8]) -> bool {
    matches!(
        Container::of(prefix),
        Container::Zstd | Container::Gzip | Container::Pebble
    )
}
