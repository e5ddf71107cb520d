//! The audit file of a process that makes many changes: opened when the first one is made, and read
//! once.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{AuditFile, Who};

/// The audit file of a process that makes many changes.
#[derive(Debug)]
pub struct AuditLog {
    path: PathBuf,
    who: Who,
    first: Mutex<Option<AuditFile>>,
}

impl AuditLog {
    /// A file that need not be there yet, and whoever makes the changes.
    pub fn new(path: PathBuf, who: Who) -> Self {
        Self {
            path,
            who,
            first: Mutex::default(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file for one change, that is made on behalf of somebody.
    pub fn on_behalf_of(&self, whom: &str) -> io::Result<AuditFile> {
        let who = Who {
            on_behalf_of: Some(whom.to_owned()),
            ..self.who.clone()
        };
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match &*first {
            Some(file) => file.for_another(who),
            None => {
                let file = AuditFile::open(&self.path, self.who.clone())?;
                first.insert(file).for_another(who)
            }
        })
    }
}
