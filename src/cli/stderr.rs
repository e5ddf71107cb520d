//! Standard error, shared by messages and the live view: a message goes above the view, which is
//! drawn again below it.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;
use tracing_subscriber::fmt::MakeWriter;

/// The live view, while there is one.
static VIEW: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Puts a live view in the way of messages, or takes it out.
pub(super) fn share_with(view: Option<ProgressBar>) {
    *shared() = view;
}

fn shared() -> MutexGuard<'static, Option<ProgressBar>> {
    VIEW.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a message and an end of line. When nobody listens any more, nobody has to know.
pub(super) fn say(message: &str) {
    let _ = Stderr.write_all(format!("{message}\n").as_bytes());
}

/// Standard error for messages that come as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        let write = || io::stderr().write_all(message).map(|()| message.len());
        match shared().as_ref() {
            Some(view) => view.suspend(write),
            None => write(),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl MakeWriter<'_> for Stderr {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}
