//! An audit file → the changes of which it is not known what became of them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;

use serde::Deserialize;

use super::super::outcome::Verdict;
use super::journal::Unfinished;

/// The changes of which it is not known what became of them, as far as the file was read.
#[derive(Debug, Default)]
pub(super) struct Open {
    read: u64,
    /// The last intent, by the key of the change.
    pub intents: HashMap<String, (String, Unfinished)>,
    /// The changes that somebody is about to begin.
    pub watched: HashMap<String, Watched>,
}

#[derive(Debug, Default)]
pub(super) struct Watched {
    pub by: usize,
    /// How often it was begun meanwhile, and when it was last.
    pub begun: u64,
    pub at: String,
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

impl Open {
    /// Reads what was written since.
    pub fn catch_up(&mut self, file: &File) -> io::Result<()> {
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
