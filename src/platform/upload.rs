//! A stream of parts → a file among the uploads, whole or not at all.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::queue::UploadKind;
use crate::hex::hex;

/// How the names of files end that are not whole yet.
const PART: &str = ".part";
/// How old such a file is before it is taken for one that was left over.
const LEFT_OVER: Duration = Duration::from_secs(24 * 3600);
/// How many of the first bytes tell what a file is.
const PREFIX: usize = 5;

/// A file that is arriving. Dropped, it is gone.
pub(super) struct Arriving {
    folder: PathBuf,
    task: String,
    part: NamedTempFile,
    sum: Sha256,
    prefix: Vec<u8>,
    bytes: u64,
}

/// A file that has arrived.
pub(super) struct Arrived {
    /// Its path in the folder of uploads.
    pub file: String,
    pub kind: UploadKind,
    pub bytes: u64,
    pub sha256: String,
}

/// Why a file did not arrive.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("the file that arrived is not the one that was sent: its SHA-256 is another one")]
    Checksum,
    #[error("the file cannot be kept")]
    Disk(#[from] io::Error),
}

impl Arriving {
    /// Begins a file for a task, whose id must be checked.
    pub fn begin(uploads: &Path, task: &str) -> io::Result<Self> {
        let folder = uploads.join(task);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        let part = tempfile::Builder::new()
            .prefix("")
            .suffix(PART)
            .tempfile_in(&folder)?;
        Ok(Self {
            folder,
            task: task.to_owned(),
            part,
            sum: Sha256::new(),
            prefix: Vec::new(),
            bytes: 0,
        })
    }

    /// Appends a part.
    pub fn append(&mut self, data: &[u8]) -> io::Result<()> {
        let missing = PREFIX.saturating_sub(self.prefix.len()).min(data.len());
        self.prefix.extend_from_slice(&data[..missing]);
        self.sum.update(data);
        self.bytes += data.len() as u64;
        self.part.write_all(data)
    }

    /// Ends the file: it is under its name, and stays there whatever happens.
    pub fn end(self, checksum: &[u8]) -> Result<Arrived, Lost> {
        let sum: [u8; 32] = self.sum.finalize().into();
        if sum != checksum {
            return Err(Lost::Checksum);
        }
        let sha256 = hex(&sum);
        let kind = kind(&self.prefix);
        // A file that is sent again, because nobody heard that it arrived, takes its own place.
        let name = format!("{}-{}.{}", kind.as_str(), &sha256[..12], extension(kind));
        self.part.as_file().sync_all()?;
        self.part
            .persist(self.folder.join(&name))
            .map_err(|error| error.error)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(Arrived {
            file: format!("{}/{name}", self.task),
            kind,
            bytes: self.bytes,
            sha256,
        })
    }
}

fn kind(prefix: &[u8]) -> UploadKind {
    match prefix {
        b"C1ZF\0" => UploadKind::Sync,
        b"C1Z3\0" => UploadKind::PebbleSync,
        [b'{', ..] => UploadKind::Log,
        _ if prefix.is_empty() || std::str::from_utf8(prefix).is_err() => UploadKind::Other,
        _ => UploadKind::Log,
    }
}

fn extension(kind: UploadKind) -> &'static str {
    match kind {
        UploadKind::Sync | UploadKind::PebbleSync => "c1z",
        UploadKind::Log => "log",
        UploadKind::Other => "bin",
    }
}

/// Removes what is left of uploads whose platform was killed.
pub(super) fn sweep(uploads: &Path, now: SystemTime) -> io::Result<()> {
    for task in fs::read_dir(uploads)? {
        let task = task?;
        if !task.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(task.path())? {
            let file = file?;
            let old = || -> io::Result<bool> {
                let written = file.metadata()?.modified()?;
                Ok(now.duration_since(written).is_ok_and(|age| age > LEFT_OVER))
            };
            if file.file_name().to_string_lossy().ends_with(PART) && old()? {
                fs::remove_file(file.path())?;
            }
        }
    }
    Ok(())
}
