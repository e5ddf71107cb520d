//! The audit file: a line before anything is sent, a line with what became of it.

use std::collections::hash_map::Entry;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{SecondsFormat, Utc};
use serde::Serialize;

use super::super::outcome::Outcome;
use super::journal::{Intent, Journal, Unfinished, Who};
use super::unfinished::Open;
use crate::hex::hex;

/// Layout of the lines: they grow by new keys only.
const VERSION: u32 = 1;

/// A file of JSON lines that only its owner may read: what is sent may say a lot about people.
///
/// Each change has a value of its own; those of one process share what was read of the file, so that
/// a process that makes many changes reads each line once.
#[derive(Debug)]
pub struct AuditFile {
    pub(super) shared: Arc<Shared>,
    who: Who,
    asked: Option<Asked>,
}

/// The change that was asked about, and how often it had been begun by then since it is watched.
#[derive(Debug)]
struct Asked {
    key: String,
    begun: u64,
}

#[derive(Debug)]
pub(super) struct Shared {
    file: File,
    open: Mutex<Open>,
}

#[derive(Serialize)]
struct Line<'l, T: Serialize> {
    audit_version: u32,
    event: &'static str,
    id: &'l str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<&'l Who>,
    #[serde(flatten)]
    what: T,
}

impl AuditFile {
    /// Opens the file for appending, or makes it.
    pub fn open(path: &Path, who: Who) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .append(true)
            .read(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        if !ends_with_a_line(&file)? {
            // A crash cut the last line; ours begins behind it.
            file.write_all(b"\n")?;
        }
        let shared = Shared {
            file,
            open: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            who,
            asked: None,
        })
    }

    /// The same file, for another change.
    pub fn for_another(&self, who: Who) -> Self {
        Self {
            shared: self.shared.clone(),
            who,
            asked: None,
        }
    }
}

fn ends_with_a_line(file: &File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let mut last = [0];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    Ok(length == 0 || last == *b"\n")
}

impl Shared {
    pub fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a line, unless `check` refuses while nobody else can write one.
    fn append(
        &self,
        line: &impl Serialize,
        check: impl FnOnce(&Open) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        // The lock of the file keeps other processes away, this one others of this process.
        let mut open = self.open();
        self.file.lock()?;
        let written = open
            .catch_up(&self.file)
            .and_then(|()| check(&open))
            .and_then(|()| (&self.file).write_all(&text))
            .and_then(|()| self.file.sync_data());
        self.file.unlock()?;
        written
    }
}

impl AuditFile {
    /// Does not look after the change any more that was asked about.
    fn forget(&mut self, open: &mut Open) {
        if let Some(asked) = self.asked.take()
            && let Entry::Occupied(mut watched) = open.watched.entry(asked.key)
        {
            watched.get_mut().by -= 1;
            if watched.get().by == 0 {
                watched.remove();
            }
        }
    }
}

impl Drop for AuditFile {
    fn drop(&mut self) {
        let shared = self.shared.clone();
        self.forget(&mut shared.open());
    }
}

impl Journal for AuditFile {
    fn unfinished(&mut self, key: &str) -> io::Result<Option<Unfinished>> {
        let shared = self.shared.clone();
        let mut open = shared.open();
        open.catch_up(&shared.file)?;
        self.forget(&mut open);
        let watched = open.watched.entry(key.to_owned()).or_default();
        watched.by += 1;
        self.asked = Some(Asked {
            key: key.to_owned(),
            begun: watched.begun,
        });
        Ok(open.intents.get(key).map(|(_, last)| last.clone()))
    }

    fn intent(&mut self, intent: &Intent<'_>) -> io::Result<String> {
        let id = new_id()?;
        let line = Line {
            audit_version: VERSION,
            event: "intent",
            id: &id,
            at: now(),
            who: Some(&self.who),
            what: intent,
        };
        let asked = self.asked.as_ref().filter(|asked| asked.key == intent.key);
        self.shared.append(&line, |open| {
            let watched = asked.and_then(|asked| Some((asked, open.watched.get(&asked.key)?)));
            match watched {
                Some((asked, now)) if now.begun != asked.begun => {
                    let message = format!("the same change is under way since {}", now.at);
                    Err(io::Error::new(io::ErrorKind::WouldBlock, message))
                }
                _ => Ok(()),
            }
        })?;
        Ok(id)
    }

    fn outcome(&mut self, id: &str, outcome: &Outcome) -> io::Result<()> {
        let mut what = serde_json::to_value(outcome)?;
        // It may hold what only whoever asked should see.
        what.as_object_mut().map(|fields| fields.remove("result"));
        let line = Line {
            audit_version: VERSION,
            event: "outcome",
            id,
            at: now(),
            who: None,
            what,
        };
        self.shared.append(&line, |_| Ok(()))
    }
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// 16 random bytes as hexadecimal digits.
fn new_id() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(hex(&bytes))
}
