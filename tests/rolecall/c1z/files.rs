//! Sync files for tests, put together and taken apart without the code under test.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rolecall::c1z::{self, Begin, C1z, C1zError, Compression, Opened, ReadLimits, WorkFile};
use rolecall::model::SyncKind;
use rolecall::sync::{PageFacts, RunRecord, SyncSink};
use rusqlite::Connection;
use tempfile::TempDir;

pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/c1z/golden-go.c1z")
}

pub fn open(path: &Path) -> Result<C1z, C1zError> {
    C1z::open(path, ReadLimits::default())
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The run most tests write.
pub fn begin() -> Begin<'static> {
    Begin {
        kind: SyncKind::Full,
        fingerprint: "config 1",
        now: at("2026-03-04T05:06:07.089Z"),
        fresh: false,
    }
}

/// Writes `pages` through a work file and packs them to `output`.
pub fn write(output: &Path, pages: &[PageFacts], compression: Compression) {
    let (mut work, opened) = WorkFile::open(output, &begin()).unwrap();
    assert_eq!(opened, Opened::New);
    for (number, page) in pages.iter().enumerate() {
        work.commit(page, &format!("checkpoint {number}")).unwrap();
    }
    work.seal(at("2026-03-04T05:16:07Z"), &RunRecord::default())
        .unwrap();
    c1z::pack(work, output, compression).unwrap();
}

/// The database inside a zstd sync file, as a connection to a copy of its own.
pub struct Unpacked {
    pub db: Connection,
    pub bytes: Vec<u8>,
    _directory: TempDir,
}

pub fn unpack(path: &Path) -> Unpacked {
    let packed = fs::read(path).unwrap();
    assert_eq!(&packed[..5], b"C1ZF\0");
    unpacked(zstd::decode_all(&packed[5..]).unwrap())
}

pub fn unpacked(bytes: Vec<u8>) -> Unpacked {
    let directory = TempDir::new().unwrap();
    let database = directory.path().join("sync.db");
    fs::write(&database, &bytes).unwrap();
    Unpacked {
        db: Connection::open(database).unwrap(),
        bytes,
        _directory: directory,
    }
}

/// A sync file around the database that `sql` makes.
pub fn file_of_sql(directory: &TempDir, sql: &str) -> PathBuf {
    let database = directory.path().join("hand-made.db");
    let _ = fs::remove_file(&database);
    let db = Connection::open(&database).unwrap();
    db.execute_batch(sql).unwrap();
    db.close().unwrap();
    file_around(directory, &fs::read(database).unwrap())
}

/// A sync file around any bytes.
pub fn file_around(directory: &TempDir, database: &[u8]) -> PathBuf {
    let path = directory.path().join("hand-made.c1z");
    let mut packed = b"C1ZF\0".to_vec();
    packed.extend(zstd::encode_all(database, 1).unwrap());
    fs::write(&path, packed).unwrap();
    path
}
