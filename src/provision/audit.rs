//! The audit file: a line before anything is sent, a line with what became of it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::outcome::{Outcome, Subject, Verdict};
use super::planned::PlannedStep;
use crate::hex::hex;

/// Layout of the lines: they grow by new keys only.
const VERSION: u32 = 1;

/// What is going to be sent.
#[derive(Debug, Serialize)]
pub struct Intent<'i> {
    /// Tells the same change asked for twice from any other.
    pub key: String,
    /// The system's name.
    pub connector: &'i str,
    /// `grant`, `revoke` …
    pub operation: &'static str,
    /// What it is about.
    pub subject: &'i Subject,
    /// The statements and requests, without secrets.
    pub sends: Vec<PlannedStep>,
}

/// An intent without an outcome, or with none that is clear: its run was killed, goes on somewhere
/// else, or never got an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// When it began.
    pub at: String,
}

/// Who asks for a change.
#[derive(Debug, Clone, Serialize)]
pub struct Who {
    /// The user of this machine.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// On whose behalf, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
}

/// Keeps what was asked for and what became of it.
pub trait Journal: Send {
    /// The last intent of the same change, where what became of it is not known.
    fn unfinished(&mut self, key: &str) -> io::Result<Option<Unfinished>>;

    /// Keeps an intent; returns its id. After that it outlives this process. Fails with
    /// [`io::ErrorKind::WouldBlock`] when somebody else began the same change since
    /// [`Journal::unfinished`] was asked.
    fn intent(&mut self, intent: &Intent<'_>) -> io::Result<String>;

    /// Keeps the outcome of an intent.
    fn outcome(&mut self, id: &str, outcome: &Outcome) -> io::Result<()>;
}

/// Keeps nothing.
#[derive(Debug, Default)]
pub struct NoJournal;

impl Journal for NoJournal {
    fn unfinished(&mut self, _: &str) -> io::Result<Option<Unfinished>> {
        Ok(None)
    }

    fn intent(&mut self, _: &Intent<'_>) -> io::Result<String> {
        Ok(String::new())
    }

    fn outcome(&mut self, _: &str, _: &Outcome) -> io::Result<()> {
        Ok(())
    }
}

/// A file of JSON lines that only its owner may read: what is sent may say a lot about people.
///
/// Each change has a value of its own; those of one process share what was read of the file, so that
/// a process that makes many changes reads each line once.
#[derive(Debug)]
pub struct AuditFile {
    shared: Arc<Shared>,
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
struct Shared {
    file: File,
    open: Mutex<Open>,
}

/// The changes of which it is not known what became of them, as far as the file was read.
#[derive(Debug, Default)]
struct Open {
    read: u64,
    /// The last intent, by the key of the change.
    intents: HashMap<String, (String, Unfinished)>,
    /// The changes that somebody is about to begin.
    watched: HashMap<String, Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    by: usize,
    /// How often it was begun meanwhile, and when it was last.
    begun: u64,
    at: String,
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

/// What is read again of a line.
#[derive(Deserialize)]
struct Read {
    event: String,
    id: String,
    at: String,
    key: Option<String>,
    verdict: Option<Verdict>,
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
    fn open(&self) -> MutexGuard<'_, Open> {
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

impl Open {
    /// Reads what was written since.
    fn catch_up(&mut self, file: &File) -> io::Result<()> {
        let length = file.metadata()?.len();
        if length < self.read {
            // Somebody has cut the file: what is left is all there is.
            (self.read, self.intents) = Default::default();
        }
        let part = Part {
            file,
            at: self.read,
            end: length,
        };
        let mut lines = BufReader::new(part);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            if !line.ends_with(b"\n") {
                // It is being written.
                break;
            }
            self.read += line.len() as u64;
            self.note(&line);
            line.clear();
        }
        Ok(())
    }

    fn note(&mut self, line: &[u8]) {
        // A line that was cut by a crash is the last of its run: what it says is not there.
        let Ok(read) = serde_json::from_slice::<Read>(line) else {
            return;
        };
        match (read.event.as_str(), read.key) {
            ("intent", Some(key)) => {
                if let Some(watched) = self.watched.get_mut(&key) {
                    watched.begun += 1;
                    watched.at.clone_from(&read.at);
                }
                let unfinished = Unfinished { at: read.at };
                self.intents.insert(key, (read.id, unfinished));
            }
            ("outcome", _) if read.verdict != Some(Verdict::Unclear) => {
                self.intents.retain(|_, (id, _)| *id != read.id);
            }
            _ => {}
        }
    }
}

/// A part of a file, read without moving its position.
struct Part<'f> {
    file: &'f File,
    at: u64,
    end: u64,
}

impl io::Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let most = left.min(buffer.len());
        let read = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += read as u64;
        Ok(read)
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn who() -> Who {
        Who {
            user: "ada".to_owned(),
            host: "desk".to_owned(),
            pid: 7,
            on_behalf_of: Some("grace".to_owned()),
        }
    }

    fn outcome(verdict: Verdict) -> Outcome {
        Outcome {
            operation: "grant",
            subject: Subject::new(),
            verdict,
            message: "so it is".to_owned(),
            annotations: Vec::new(),
            steps: Vec::new(),
            read_back: None,
            result: Some("for whoever asked".into()),
        }
    }

    #[test]
    fn what_has_no_clear_outcome_is_unfinished() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        let mut file = AuditFile::open(&path, who()).expect("can be made");
        let subject = Subject::from([("principal", "user/7".to_owned())]);
        let intent = |file: &mut AuditFile, key: &str| {
            let intent = Intent {
                key: key.to_owned(),
                connector: "Acme",
                operation: "grant",
                subject: &subject,
                sends: Vec::new(),
            };
            file.intent(&intent).expect("can be written")
        };
        let is_unfinished =
            |file: &mut AuditFile, key| file.unfinished(key).expect("can be read").is_some();
        assert!(!is_unfinished(&mut file, "a"));
        let first = intent(&mut file, "a");
        assert!(is_unfinished(&mut file, "a") && !is_unfinished(&mut file, "b"));
        file.outcome(&first, &outcome(Verdict::Unclear))
            .expect("written");
        assert!(
            is_unfinished(&mut file, "a"),
            "nobody knows what became of it"
        );
        let second = intent(&mut file, "a");
        intent(&mut file, "b");
        file.outcome(&second, &outcome(Verdict::AlreadySo))
            .expect("written");
        assert!(!is_unfinished(&mut file, "a") && is_unfinished(&mut file, "b"));
        // Two that begin the same at once: the second one is told, and looks first.
        let mut other = AuditFile::open(&path, who()).expect("is there");
        assert!(!is_unfinished(&mut other, "c") && !is_unfinished(&mut file, "c"));
        let fourth = intent(&mut file, "c");
        let late = Intent {
            key: "c".to_owned(),
            connector: "Acme",
            operation: "grant",
            subject: &subject,
            sends: Vec::new(),
        };
        let refused = other.intent(&late).expect_err("it is under way");
        assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
        assert!(is_unfinished(&mut other, "c"));
        other.intent(&late).expect("it was looked for");
        file.outcome(&fourth, &outcome(Verdict::Made))
            .expect("written");
        // The same within one process, also where the first one is done before the second begins.
        let (mut one, mut two) = (file.for_another(who()), file.for_another(who()));
        assert!(!is_unfinished(&mut one, "d") && !is_unfinished(&mut two, "d"));
        let of_one = intent(&mut one, "d");
        one.outcome(&of_one, &outcome(Verdict::Made))
            .expect("written");
        let late = Intent {
            key: "d".to_owned(),
            ..late
        };
        assert!(two.intent(&late).is_err());
        assert!(!is_unfinished(&mut two, "d"));
        two.intent(&late).expect("it was looked for");
        drop((one, two));
        assert_eq!(file.shared.open().watched.len(), 1, "that of `file`");
        // A crash may cut a line; the next process writes behind it.
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(b"{\"event\":\"int"))
            .expect("can be written");
        let mut file = AuditFile::open(&path, who()).expect("is there");
        assert!(is_unfinished(&mut file, "b"));
        let third = intent(&mut file, "b");
        file.outcome(&third, &outcome(Verdict::Made))
            .expect("written");
        assert!(!is_unfinished(&mut file, "b"));
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(!text.contains("for whoever asked"));
        assert!(
            text.lines()
                .next()
                .is_some_and(|line| line.contains(r#""on_behalf_of":"grace""#))
        );
        let mode = std::fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
