//! A file as its author wrote it, and places in it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A range of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The range from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }
}

/// Shorter secrets are not looked for in messages.
const SHORTEST: usize = 4;

/// A text file that diagnostics point into.
#[derive(Debug)]
pub struct SourceFile {
    path: PathBuf,
    text: String,
    line_starts: Vec<usize>,
    /// Ranges that hold a secret written as plain text: blanked in every excerpt.
    masked: Mutex<Vec<Span>>,
}

impl SourceFile {
    /// Takes the path as the user gave it and the text read from it.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Arc::new(Self {
            path: path.into(),
            text,
            line_starts,
            masked: Mutex::default(),
        })
    }

    /// The path as the user gave it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text, secrets included: for parsing, never for showing.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Blanks a range in every excerpt from now on.
    pub fn mask(&self, span: Span) {
        self.masked
            .lock()
            .expect("no panic happens under this lock")
            .push(span);
    }

    /// True when a part of the range is blanked: then no message may quote it.
    pub fn is_masked(&self, span: Span) -> bool {
        self.masked
            .lock()
            .expect("no panic happens under this lock")
            .iter()
            .any(|masked| masked.start < span.end && span.start < masked.end)
    }

    /// A sentence with asterisks wherever its backticks quote what is blanked in this file.
    pub fn without_secrets(&self, sentence: &str) -> String {
        let masked = self
            .masked
            .lock()
            .expect("no panic happens under this lock");
        let secrets = masked.iter().filter_map(|span| {
            let written = self.text.get(span.start..span.end)?;
            let secret = written.trim().trim_matches(['"', '\'']);
            // What is shorter stands in every other word.
            (secret.len() >= SHORTEST && sentence.contains(secret)).then_some(secret)
        });
        let secrets: Vec<&str> = secrets.collect();
        if secrets.is_empty() {
            return sentence.to_owned();
        }
        let parts = sentence.split('`').enumerate().map(|(at, part)| {
            let is_quoted = at % 2 == 1;
            let hide = |part: String, secret: &&str| part.replace(*secret, "***");
            match is_quoted {
                true => secrets.iter().fold(part.to_owned(), hide),
                false => part.to_owned(),
            }
        });
        parts.collect::<Vec<_>>().join("`")
    }

    /// The line of a byte, as shown to people: without its newline, with masked ranges blanked by
    /// asterisks, one per byte, so that columns stay true.
    pub fn excerpt(&self, line: usize) -> String {
        let start = self.line_starts[line - 1];
        let end = self
            .line_starts
            .get(line)
            .map_or(self.text.len(), |next| next - 1);
        let mut shown: Vec<u8> = self.text.as_bytes()[start..end].to_vec();
        for span in self
            .masked
            .lock()
            .expect("no panic happens under this lock")
            .iter()
        {
            for at in span.start.max(start)..span.end.min(end) {
                shown[at - start] = b'*';
            }
        }
        if shown.last() == Some(&b'\r') {
            shown.pop();
        }
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// The byte at a line and a column, both from 1; the end of the line when it is shorter.
    pub fn byte_at(&self, line: usize, column: usize) -> usize {
        let Some(&start) = line
            .checked_sub(1)
            .and_then(|line| self.line_starts.get(line))
        else {
            return self.text.len();
        };
        let end = self
            .line_starts
            .get(line)
            .map_or(self.text.len(), |next| next - 1);
        let inside = self.text[start..end]
            .char_indices()
            .nth(column.saturating_sub(1));
        inside.map_or(end, |(at, _)| start + at)
    }

    /// Line and column of a byte, both from 1; columns count characters.
    pub fn line_column(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let line = self.line_starts.partition_point(|&start| start <= byte);
        let start = self.line_starts[line - 1];
        let column = String::from_utf8_lossy(&self.text.as_bytes()[start..byte])
            .chars()
            .count();
        (line, column + 1)
    }
}

/// A place in a file.
#[derive(Clone)]
pub struct Location {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The bytes meant.
    pub span: Span,
}

impl Location {
    /// Line and column of the first byte, both from 1.
    pub fn line_column(&self) -> (usize, usize) {
        self.file.line_column(self.span.start)
    }
}

impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        self.file.path == other.file.path && self.span == other.span
    }
}

/// Shown as `file:line:column`.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        write!(f, "{}:{line}:{column}", self.file.path.display())
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
