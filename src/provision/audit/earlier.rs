//! Somebody's name in an audit file → what was begun on their behalf, and what became of it.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use serde::Deserialize;

use super::super::outcome::Verdict;

/// A change that was begun on somebody's behalf: the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// When it began.
    pub at: String,
    /// How it ended, and the sentence about it; `None` when no end of it is known.
    pub ended: Option<(Verdict, String)>,
}

/// What is read of a line.
#[derive(Deserialize)]
struct Read {
    event: String,
    id: String,
    at: String,
    who: Option<ReadWho>,
    verdict: Option<Verdict>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct ReadWho {
    on_behalf_of: Option<String>,
}

impl Earlier {
    /// The last change on behalf of `whom` in the audit file `path`; `None` where there is none, or
    /// no such file.
    pub fn find(path: &Path, whom: &str) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut last: Option<(String, Self)> = None;
        for line in BufReader::new(file).lines() {
            let line = line?;
            // Most lines are about other changes, and need not be read.
            let is_of_last = last.as_ref().is_some_and(|(id, _)| line.contains(id));
            if !is_of_last && !line.contains(whom) {
                continue;
            }
            // A line that was cut by a crash says nothing.
            let Ok(read) = serde_json::from_str::<Read>(&line) else {
                continue;
            };
            let named = read.who.and_then(|who| who.on_behalf_of);
            if read.event == "intent" && named.as_deref() == Some(whom) {
                let begun = Self {
                    at: read.at,
                    ended: None,
                };
                last = Some((read.id, begun));
            } else if read.event == "outcome"
                && let (Some((id, earlier)), Some(verdict)) = (&mut last, read.verdict)
                && *id == read.id
            {
                earlier.ended = Some((verdict, read.message.unwrap_or_default()));
            }
        }
        Ok(last.map(|(_, earlier)| earlier))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::provision::{AuditFile, Intent, Journal as _, Outcome, Subject, Who};

    fn outcome(verdict: Verdict, message: &str) -> Outcome {
        Outcome {
            operation: "grant",
            subject: Subject::new(),
            verdict,
            message: message.to_owned(),
            annotations: Vec::new(),
            steps: Vec::new(),
            read_back: None,
            result: None,
        }
    }

    #[test]
    fn the_last_change_on_behalf_of_somebody_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        let find = |whom: &str| Earlier::find(&path, whom).expect("can be read");
        assert_eq!(find("task 2a"), None, "there is no file yet");
        let begin = |whom: &str| {
            let who = Who {
                user: "ada".to_owned(),
                host: "desk".to_owned(),
                pid: 7,
                on_behalf_of: Some(whom.to_owned()),
            };
            let mut file = AuditFile::open(&path, who).expect("can be written");
            let subject = Subject::from([("principal", "task 2c".to_owned())]);
            let intent = Intent {
                key: format!("key of {whom}"),
                connector: "Acme",
                operation: "grant",
                subject: &subject,
                sends: Vec::new(),
            };
            let id = file.intent(&intent).expect("can be written");
            (file, id)
        };
        let (mut file, id) = begin("task 2a");
        assert_eq!(find("task 2a").expect("it began").ended, None);
        let (mut other, other_id) = begin("task 2aa");
        other
            .outcome(&other_id, &outcome(Verdict::Failed, "of another"))
            .expect("written");
        file.outcome(&id, &outcome(Verdict::Made, "made"))
            .expect("written");
        let ended = Some((Verdict::Made, "made".to_owned()));
        assert_eq!(find("task 2a").expect("it began").ended, ended);
        // A crash may cut a line; whoever is only named in one did not ask.
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(br#"{"event":"outcome","who":"task 2a","#))
            .expect("can be written");
        assert_eq!(find("task 2a").expect("it began").ended, ended);
        assert_eq!(find("task 2c"), None);
        // It was tried once more, and nothing was heard of that.
        begin("task 2a");
        assert_eq!(find("task 2a").expect("it began").ended, None);
    }
}
