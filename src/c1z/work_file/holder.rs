//! The process that holds a work file → a line beside it, for whoever finds the work file in use.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SubsecRound, Utc};

use super::{remove_if_there, with_suffix};
use crate::host_name::host_name;

/// A process that holds a work file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Holder {
    /// Its number on its host.
    pub process: u32,
    /// The host's name, where the system tells it.
    pub host: Option<String>,
    /// When it took the file.
    pub since: DateTime<Utc>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.process)?;
        if let Some(host) = &self.host {
            write!(f, " on `{host}`")?;
        }
        write!(f, " since {} UTC", self.since.format("%Y-%m-%d %H:%M:%S"))
    }
}

/// That this process holds a work file, for others to read: a locked file that goes with this value.
///
/// The lock is what makes it true. A file that was left by a process that was killed has none, and
/// says nothing any more. Nothing but a message depends on it, so whatever fails here is passed over.
pub(super) struct Held {
    path: PathBuf,
    locked: Option<File>,
}

impl Held {
    /// Says that this process holds `work`. The work file itself is locked already.
    pub fn by_this_process(work: &Path) -> Self {
        let path = path_for(work);
        let holder = Holder {
            process: std::process::id(),
            host: host_name(),
            since: Utc::now().trunc_subsecs(0),
        };
        let locked = write(&path, &holder).ok();
        Self { path, locked }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.locked.is_some() {
            let _ = remove_if_there(&self.path);
        }
    }
}

/// Who holds `work`, when that is known.
pub(super) fn holder_of(work: &Path) -> Option<Holder> {
    let mut file = File::open(path_for(work)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        _ => return None,
    }
    read(&mut file).ok()
}

fn path_for(work: &Path) -> PathBuf {
    with_suffix(work, "-holder")
}

fn read(file: &mut File) -> std::io::Result<Holder> {
    // It is one short line; whatever else is there is none of ours.
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

fn write(path: &Path, holder: &Holder) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(path)?;
    file.try_lock()?;
    // A file of that name that is somebody's own is left as it is.
    if file.metadata()?.len() > 0 {
        read(&mut file)?;
    }
    file.set_len(0)?;
    file.rewind()?;
    let text = serde_json::to_string(holder).expect("plain fields");
    file.write_all(text.as_bytes())?;
    Ok(file)
}
