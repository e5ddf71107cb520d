//! The bytes of an answer: all of them, or the first ones while more come.

use std::cell::RefCell;
use std::io::{Cursor, Read};

use tokio::sync::mpsc;
use url::Url;

use super::item_sink::Progress;
use crate::source::SourceError;
use crate::source::http::request::base::safe;

/// The largest body that is held in memory, and the most that one item of a larger one may have.
pub(in crate::source::http) const LARGEST_HELD: usize = 256 * 1024 * 1024;

/// The largest body that is read at all, after it was unpacked: more never ends.
const LARGEST: u64 = 64 * 1024 * 1024 * 1024;

/// What a decoder reads.
pub enum Body<'b> {
    /// All of it.
    Held(&'b [u8]),
    /// As it comes.
    Coming(Box<dyn Read + 'b>),
}

impl<'b> Body<'b> {
    /// The body as a reader.
    pub(in crate::source::http) fn reader(self) -> Box<dyn Read + 'b> {
        match self {
            Body::Held(bytes) => Box::new(bytes),
            Body::Coming(reader) => reader,
        }
    }
}

/// Reads what comes through a channel: the blocking side of a body that is received elsewhere.
pub(in crate::source::http) struct Coming {
    start: Cursor<Vec<u8>>,
    chunk: Cursor<Vec<u8>>,
    chunks: mpsc::Receiver<Vec<u8>>,
    ended: bool,
}

impl Coming {
    /// A body that begins with `start` and goes on with `chunks`. One that is not ended by an empty
    /// chunk was cut off.
    pub fn new(start: Vec<u8>, chunks: mpsc::Receiver<Vec<u8>>) -> Self {
        Self {
            start: Cursor::new(start),
            chunk: Cursor::default(),
            chunks,
            ended: false,
        }
    }
}

impl Read for Coming {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let read = match self.start.read(into)? {
                0 => self.chunk.read(into)?,
                read => read,
            };
            if read > 0 || self.ended || into.is_empty() {
                return Ok(read);
            }
            // The first bytes need not be kept beside those that come.
            self.start = Cursor::default();
            match self.chunks.blocking_recv() {
                Some(chunk) => {
                    self.ended = chunk.is_empty();
                    self.chunk = Cursor::new(chunk);
                }
                None => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }
}

/// Counts what is read, and stops where it can only be a mistake or an attack.
pub(in crate::source::http) struct Limited<'p, R> {
    pub reader: R,
    pub progress: &'p Progress,
    pub url: &'p Url,
    /// Whether all of it must be held.
    pub held: bool,
    /// Why it stopped.
    pub failure: &'p RefCell<Option<SourceError>>,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(into)?;
        let total = self.progress.read.get() + read as u64;
        self.progress.read.set(total);
        let since = match self.held {
            true => 0,
            false => self.progress.at_item.get(),
        };
        let too_large = total - since > LARGEST_HELD as u64 || total > LARGEST;
        if too_large {
            *self.failure.borrow_mut() = Some(too_large_to_hold(self.url));
            return Err(std::io::Error::other("the body is too large"));
        }
        Ok(read)
    }
}

pub(in crate::source::http) fn too_large_to_hold(url: &Url) -> SourceError {
    SourceError::Unreadable {
        url: safe(url),
        expected: "a page of at most 256 MiB",
        reason: "it is larger; ask for smaller pages with `page_size`".to_owned(),
    }
}
