//! A sync file that is read while it is still being written.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

/// Tells the other end how far the file is. Where it goes away before the file is complete, there
/// will be none.
#[derive(Debug)]
pub struct Growth(watch::Sender<Grown>);

/// Hears how far the file is.
#[derive(Debug, Clone)]
pub struct Growing(pub watch::Receiver<Grown>);

/// How far a file is.
#[derive(Debug, Clone, Default)]
pub struct Grown {
    /// The file, open for reading; whatever name it has by now.
    pub file: Option<Arc<Mutex<File>>>,
    /// How much of it is there.
    pub bytes: u64,
    /// Whether that is all, and safely on the disk.
    pub complete: bool,
}

/// Both ends, for a file that is going to be written.
pub fn growth() -> (Growth, Growing) {
    let (sender, receiver) = watch::channel(Grown::default());
    (Growth(sender), Growing(receiver))
}

impl Growth {
    /// The file was created, and is going to be written from its beginning.
    pub fn begin(&self, path: &Path) -> io::Result<()> {
        let file = Arc::new(Mutex::new(File::open(path)?));
        self.0.send_modify(|grown| grown.file = Some(file));
        Ok(())
    }

    /// So many bytes more are in it.
    pub fn grow(&self, bytes: usize) {
        self.0.send_modify(|grown| grown.bytes += bytes as u64);
    }

    /// All of it is there.
    pub fn complete(self) {
        self.0.send_modify(|grown| grown.complete = true);
    }
}

/// Writes, and tells how far it is.
pub(super) struct Told<'g, W> {
    pub to: W,
    pub growth: Option<&'g Growth>,
}

impl<W: Write> Write for Told<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        if let Some(growth) = self.growth {
            growth.grow(written);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
