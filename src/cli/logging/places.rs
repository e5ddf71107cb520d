//! `--log-path`: where messages go.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::sync::Arc;

use anyhow::Context as _;
use tracing_subscriber::fmt::MakeWriter;

use crate::cli::stderr::Stderr;

/// Where messages go: each to all of them.
#[derive(Clone)]
pub(super) struct Places(Arc<[Place]>);

enum Place {
    Stderr,
    File(File),
}

impl Places {
    /// Opens the places; standard error where there are none.
    pub fn open(paths: &[String]) -> anyhow::Result<Self> {
        let open = |path: &String| {
            Ok(match path.as_str() {
                "stderr" => Place::Stderr,
                // Not by its lock, which the command holds that prints there.
                "stdout" => Place::File(File::from(io::stdout().as_fd().try_clone_to_owned()?)),
                file => {
                    let opened = OpenOptions::new().append(true).create(true).open(file);
                    Place::File(opened.with_context(|| format!("cannot log to `{file}`"))?)
                }
            })
        };
        let places = paths.iter().filter(|path| !path.is_empty()).map(open);
        let places = places.collect::<anyhow::Result<Vec<_>>>()?;
        Ok(match places.is_empty() {
            true => Self([Place::Stderr].into()),
            false => Self(places.into()),
        })
    }

    /// Whether messages go to standard error and nowhere else.
    pub fn is_stderr_only(&self) -> bool {
        matches!(*self.0, [Place::Stderr])
    }
}

impl Write for Places {
    /// Writes a message to each place. One that cannot take it does not keep it from the others.
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        for place in self.0.iter() {
            let _ = match place {
                Place::Stderr => Stderr.write_all(message),
                Place::File(file) => { file }.write_all(message),
            };
        }
        Ok(message.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Stderr.flush()
    }
}

impl MakeWriter<'_> for Places {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
