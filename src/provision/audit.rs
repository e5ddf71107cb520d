//! The audit file: a line before anything is sent, a line with what became of it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

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
#[derive(Debug)]
pub struct AuditFile {
    path: PathBuf,
    file: File,
    who: Who,
    /// How much of the file was read when it was last looked through.
    read: u64,
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
        let file = OpenOptions::new()
            .append(true)
            .read(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let path = path.to_owned();
        let mut opened = Self {
            path,
            file,
            who,
            read: 0,
        };
        if !opened.ends_with_a_line()? {
            // A crash cut the last line; ours begins behind it.
            opened.file.write_all(b"\n")?;
        }
        Ok(opened)
    }

    fn ends_with_a_line(&self) -> io::Result<bool> {
        let length = self.file.metadata()?.len();
        let mut last = [0];
        if length > 0 {
            self.file.read_exact_at(&mut last, length - 1)?;
        }
        Ok(length == 0 || last == *b"\n")
    }

    /// Writes a line, unless `check` refuses while nobody else can.
    fn append(
        &mut self,
        line: &impl Serialize,
        check: impl FnOnce(&Self) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.lock()?;
        let written = check(self)
            .and_then(|()| self.file.write_all(&text))
            .and_then(|()| self.file.sync_data());
        self.file.unlock()?;
        written
    }

    /// Fails when somebody began the same change since the file was looked through.
    fn refuse_if_begun(&self, key: &str) -> io::Result<()> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.read))?;
        for line in BufReader::new(file).lines() {
            let line = line?;
            let read = line
                .contains(key)
                .then(|| serde_json::from_str::<Read>(&line));
            if let Some(Ok(read)) = read
                && read.event == "intent"
                && read.key.as_deref() == Some(key)
            {
                let message = format!("the same change is under way since {}", read.at);
                return Err(io::Error::new(io::ErrorKind::WouldBlock, message));
            }
        }
        Ok(())
    }
}

impl Journal for AuditFile {
    fn unfinished(&mut self, key: &str) -> io::Result<Option<Unfinished>> {
        let mut last: Option<(String, Unfinished)> = None;
        let file = File::open(&self.path)?;
        // What is written meanwhile is looked at when the intent is.
        self.read = file.metadata()?.len();
        for line in BufReader::new(file.take(self.read)).lines() {
            let line = line?;
            // Most lines are about other changes, and need not be read.
            let is_about = |id: &str| line.contains(id);
            if !is_about(key) && !last.as_ref().is_some_and(|(id, _)| is_about(id)) {
                continue;
            }
            // A line that was cut by a crash is the last of its run: what it says is not there.
            let Ok(read) = serde_json::from_str::<Read>(&line) else {
                continue;
            };
            match read.event.as_str() {
                "intent" if read.key.as_deref() == Some(key) => {
                    last = Some((read.id, Unfinished { at: read.at }));
                }
                "outcome"
                    if read.verdict != Some(Verdict::Unclear)
                        && last.as_ref().is_some_and(|(id, _)| *id == read.id) =>
                {
                    last = None;
                }
                _ => {}
            }
        }
        Ok(last.map(|(_, unfinished)| unfinished))
    }

    fn intent(&mut self, intent: &Intent<'_>) -> io::Result<String> {
        let id = new_id()?;
        let who = self.who.clone();
        let line = Line {
            audit_version: VERSION,
            event: "intent",
            id: &id,
            at: now(),
            who: Some(&who),
            what: intent,
        };
        self.append(&line, |file| file.refuse_if_begun(&intent.key))?;
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
        self.append(&line, |_| Ok(()))
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
