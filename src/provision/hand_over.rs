//! A new password → whoever asked for it, and nobody else.
//!
//! A way to hand it over is tried before anything is sent: a password that is set and then cannot be
//! handed over is lost. A file holds it from then on, so that it outlives this process, and goes
//! again when the change was not made.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use super::outcome::Verdict;
use super::sealing::{Plain, Recipient, Sealed, seal};

/// Where a new password goes.
#[derive(Debug, Clone, Default)]
pub struct HandOver {
    /// Encrypted, to each of them.
    pub recipients: Vec<Recipient>,
    /// As it is, to one place.
    pub to: Option<SecretSink>,
}

/// A place that a password goes to as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSink {
    /// A new file that only its owner may read.
    File(PathBuf),
    /// The terminal of whoever runs the program, whatever its output goes to.
    Terminal,
}

/// A password on its way.
pub(super) struct HandedOver {
    pub sealed: Vec<Sealed>,
    sink: Option<OpenSink>,
}

enum OpenSink {
    /// The file holds the password already.
    File(PathBuf),
    /// The terminal shows it when the change was made.
    Terminal(File, SecretString),
}

impl HandOver {
    /// Whether a password would reach anybody.
    pub fn reaches_somebody(&self) -> bool {
        !self.recipients.is_empty() || self.to.is_some()
    }

    /// Encrypts the password and opens the place it goes to. Fails when it could not be handed over.
    pub(super) fn begin(
        &self,
        secret: &SecretString,
        description: &'static str,
    ) -> io::Result<HandedOver> {
        let plain = Plain {
            name: "password",
            description,
            secret,
        };
        let sealed = seal(&self.recipients, &plain)?;
        let sink = self.to.as_ref().map(|sink| sink.open(secret)).transpose()?;
        Ok(HandedOver { sealed, sink })
    }
}

impl SecretSink {
    fn open(&self, secret: &SecretString) -> io::Result<OpenSink> {
        match self {
            SecretSink::File(path) => {
                write_new(path, secret).map_err(|error| {
                    let what = match error.kind() {
                        io::ErrorKind::AlreadyExists => {
                            "it is there already, and may hold the password of an earlier run"
                                .to_owned()
                        }
                        _ => error.to_string(),
                    };
                    io::Error::new(
                        error.kind(),
                        format!(
                            "the password cannot be written to {}: {what}",
                            path.display()
                        ),
                    )
                })?;
                Ok(OpenSink::File(path.clone()))
            }
            SecretSink::Terminal => {
                let opened = OpenOptions::new().write(true).open("/dev/tty");
                match opened.ok().filter(|tty| tty.is_terminal()) {
                    Some(tty) => Ok(OpenSink::Terminal(tty, secret.clone())),
                    None => Err(io::Error::other(
                        "the password cannot be shown: there is no terminal",
                    )),
                }
            }
        }
    }
}

/// Makes the file, complete and on the disk, or leaves none.
fn write_new(path: &Path, secret: &SecretString) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let written = file
        .write_all(secret.expose_secret().as_bytes())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        remove(path);
    }
    written
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(path = %path.display(), %error, "the file of a password that was never set cannot be removed");
    }
}

impl HandedOver {
    /// The change came to its end. Returns the file that holds the password.
    pub fn end(self, verdict: Verdict) -> Option<PathBuf> {
        match (self.sink?, may_be_set(verdict)) {
            (OpenSink::File(path), true) => Some(path),
            (OpenSink::File(path), false) => {
                remove(&path);
                None
            }
            (OpenSink::Terminal(mut tty, secret), true) => {
                if let Err(error) = writeln!(tty, "{}", secret.expose_secret()) {
                    tracing::error!(%error, "the password cannot be shown on the terminal");
                }
                None
            }
            (OpenSink::Terminal(..), false) => None,
        }
    }

    /// Nothing was sent.
    pub fn withdraw(self) {
        self.end(Verdict::Failed);
    }
}

/// Whether a password may be in force, whatever else is not known.
pub(super) fn may_be_set(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Made | Verdict::HalfDone | Verdict::Unclear => true,
        Verdict::AlreadySo | Verdict::Refused | Verdict::WrongRows | Verdict::Failed => false,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn begun(to: SecretSink) -> io::Result<HandedOver> {
        let hand_over = HandOver {
            recipients: Vec::new(),
            to: Some(to),
        };
        hand_over.begin(&SecretString::from("hunter2"), "")
    }

    #[test]
    fn a_file_holds_the_password_from_the_start_and_goes_when_it_was_never_set() {
        let folder = tempfile::tempdir().expect("a folder");
        let verdicts = [
            (Verdict::Made, true),
            (Verdict::HalfDone, true),
            (Verdict::Unclear, true),
            (Verdict::AlreadySo, false),
            (Verdict::Refused, false),
            (Verdict::WrongRows, false),
            (Verdict::Failed, false),
        ];
        for (verdict, stays) in verdicts {
            let path = folder.path().join(format!("{verdict:?}"));
            let handed_over = begun(SecretSink::File(path.clone())).expect("can be made");
            let text = std::fs::read_to_string(&path).expect("it is there");
            let mode = path.metadata().expect("it is there").permissions().mode();
            assert_eq!((text.as_str(), mode & 0o777), ("hunter2", 0o600));
            assert_eq!(handed_over.end(verdict).is_some(), stays, "{verdict:?}");
            assert_eq!(path.exists(), stays, "{verdict:?}");
        }
    }

    #[test]
    fn a_file_that_is_there_stays_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("password");
        std::fs::write(&path, "of an earlier run").expect("can be written");
        let error = begun(SecretSink::File(path.clone())).err().expect("there");
        let message = error.to_string();
        assert!(
            message.contains("may hold the password of an earlier run"),
            "{message}"
        );
        assert_eq!(
            std::fs::read_to_string(&path).expect("it is"),
            "of an earlier run"
        );
        // A link that leads nowhere is not followed either.
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).expect("a link");
        assert!(begun(SecretSink::File(link)).is_err());
        assert!(!folder.path().join("elsewhere").exists());
        for nowhere in ["missing/password", "."] {
            let error = begun(SecretSink::File(folder.path().join(nowhere)));
            let message = error.err().expect("cannot be made").to_string();
            assert!(message.contains("cannot be written"), "{message}");
            assert!(!message.contains("hunter2"));
        }
    }
}
