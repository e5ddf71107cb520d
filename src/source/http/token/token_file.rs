//! The file in which a refresh token outlives a run.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::source::SourceError;

/// How long one run waits for another that renews the token.
const LONGEST_HOLD: Duration = Duration::from_secs(120);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Where the token is.
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
}

/// The right to read and replace it. Ends when it is dropped.
#[derive(Debug)]
pub struct HeldFile<'f> {
    path: &'f Path,
    _lock: File,
}

impl TokenFile {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Waits until no other run holds the token.
    pub async fn hold(&self) -> Result<HeldFile<'_>, SourceError> {
        let beside = beside(&self.path, ".lock");
        let lock = private(OpenOptions::new().create(true).truncate(false))
            .open(&beside)
            .map_err(|error| told(&beside, "cannot be made", &error))?;
        let mut waited = Duration::ZERO;
        loop {
            match lock.try_lock() {
                Ok(()) => {
                    return Ok(HeldFile {
                        path: &self.path,
                        _lock: lock,
                    });
                }
                Err(TryLockError::WouldBlock) if waited < LONGEST_HOLD => {
                    tokio::time::sleep(BETWEEN_LOOKS).await;
                    waited += BETWEEN_LOOKS;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(SourceError::Invalid(format!(
                        "another run holds `token_file` {}: run again when it is over",
                        self.path.display()
                    )));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(told(&beside, "cannot be locked", &error));
                }
            }
        }
    }
}

impl HeldFile<'_> {
    /// The token, once a run has left one.
    pub fn read(&self) -> Result<Option<SecretString>, SourceError> {
        match fs::read_to_string(self.path) {
            Ok(text) if text.trim().is_empty() => Ok(None),
            Ok(text) => Ok(Some(SecretString::from(text.trim().to_owned()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(told(self.path, "cannot be read", &error)),
        }
    }

    /// Replaces the token at once or not at all; nobody but the owner can read it.
    pub fn write(&self, token: &SecretString) -> Result<(), SourceError> {
        let new = beside(self.path, ".new");
        let written = || -> io::Result<()> {
            match fs::remove_file(&new) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = private(OpenOptions::new().create_new(true)).open(&new)?;
            writeln!(file, "{}", token.expose_secret())?;
            file.sync_all()?;
            fs::rename(&new, self.path)
        };
        written().map_err(|error| {
            told(
                self.path,
                "cannot be written, and the refresh token before is spent",
                &error,
            )
        })
    }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn told(path: &Path, what: &str, error: &io::Error) -> SourceError {
    SourceError::Invalid(format!("`token_file` {} {what}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_run_at_a_time_holds_the_token() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = TokenFile::new(folder.path().join("acme.token"));
        let held = file.hold().await.expect("is free");
        assert!(held.read().expect("can be read").is_none());
        held.write(&SecretString::from("one")).expect("is written");
        let waiting = tokio::time::timeout(Duration::from_millis(250), file.hold()).await;
        assert!(waiting.is_err(), "two hold it");
        drop(held);
        let held = file.hold().await.expect("is free again");
        let token = held.read().expect("can be read").expect("is there");
        assert_eq!(token.expose_secret(), "one");
        held.write(&SecretString::from("two")).expect("is replaced");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.path().join("acme.token"))
                .expect("is there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_written_is_named() {
        let file = TokenFile::new("/nowhere/acme.token".into());
        let error = file.hold().await.expect_err("there is no such folder");
        assert!(
            error
                .to_string()
                .contains("/nowhere/acme.token.lock cannot be made")
        );
    }
}
