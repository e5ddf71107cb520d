//! A file for the platform, whole or still being written → its bytes in order.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::c1z::{Growing, Grown};

/// A file that is uploaded. Its bytes can be read again from the beginning however often, also
/// where the file was renamed meanwhile.
#[derive(Debug)]
pub struct Parcel {
    grown: watch::Receiver<Grown>,
    /// Nobody writes any more where a file was whole from the beginning: then this end stays here.
    _whole: Option<watch::Sender<Grown>>,
}

/// Why there is no more of a parcel.
#[derive(Debug, thiserror::Error)]
pub enum ParcelError {
    /// Nobody writes the rest of it.
    #[error("the file that is uploaded was not finished")]
    Unfinished,
    /// The disk does not give it back.
    #[error("the file that is uploaded cannot be read")]
    Unreadable(#[source] io::Error),
}

impl Parcel {
    /// A file that is there.
    pub fn file(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let (sender, grown) = watch::channel(Grown {
            bytes: file.metadata()?.len(),
            file: Some(Arc::new(Mutex::new(file))),
            complete: true,
        });
        Ok(Self {
            grown,
            _whole: Some(sender),
        })
    }

    /// The bytes from the beginning.
    pub fn read(&self) -> Reading {
        Reading {
            grown: self.grown.clone(),
            read: 0,
        }
    }
}

impl From<Growing> for Parcel {
    fn from(growing: Growing) -> Self {
        Self {
            grown: growing.0,
            _whole: None,
        }
    }
}

/// Reads a parcel, and waits where the writer is behind.
#[derive(Debug)]
pub struct Reading {
    grown: watch::Receiver<Grown>,
    read: u64,
}

impl Reading {
    /// The next bytes, as many as `most` but for the last ones; none at the end.
    pub async fn next(&mut self, most: usize) -> Result<Vec<u8>, ParcelError> {
        let enough = self.read + most as u64;
        let waited = self
            .grown
            .wait_for(|grown| grown.complete || grown.bytes >= enough)
            .await;
        let grown = waited.map_err(|_| ParcelError::Unfinished)?.clone();
        let length = grown.bytes.saturating_sub(self.read).min(most as u64);
        let Some(file) = grown.file.filter(|_| length > 0) else {
            return Ok(Vec::new());
        };
        let (from, length) = (self.read, usize::try_from(length).unwrap_or(most));
        let part = tokio::task::spawn_blocking(move || part(&file, from, length)).await;
        let part = part.map_err(io::Error::other).and_then(|part| part);
        let part = part.map_err(ParcelError::Unreadable)?;
        self.read += part.len() as u64;
        Ok(part)
    }
}

/// Whoever reads has the file to themselves meanwhile: the reader before may not be done yet.
fn part(file: &Mutex<File>, from: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    let mut part = vec![0; length];
    file.seek(SeekFrom::Start(from))?;
    file.read_exact(&mut part)?;
    Ok(part)
}
