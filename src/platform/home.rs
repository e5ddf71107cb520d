//! The folder of a platform: its authority, its database, what connectors uploaded.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustls::ServerConfig;

use super::certificate;
use super::clients::Clients;
use super::database::{self, Database};
use super::error::PlatformError;
use super::queue::Queue;
use super::settings::Timing;
use crate::protocol::authority;

/// A platform's folder. Only its owner may look into it: tasks and results are there.
#[derive(Debug, Clone)]
pub struct Home {
    directory: PathBuf,
    host: String,
    database: Database,
}

impl Home {
    /// Makes a platform that connectors reach at `host`, a name or an address and a port.
    pub fn init(directory: &Path, host: &str, now: DateTime<Utc>) -> Result<Self, PlatformError> {
        let name = name_of(host)?;
        let database = directory.join(DATABASE);
        if database.exists() {
            return Err(PlatformError::Exists(directory.to_owned()));
        }
        make_folder(&directory.join(UPLOADS))?;
        // Before anything is kept: a name that no certificate can have is a mistake of the caller's.
        let authority = certificate::authority(now)?;
        certificate::server(&authority.key, &name, now)?;
        write_private(&directory.join(AUTHORITY_KEY), authority.key.as_bytes())?;
        write_private(&directory.join(AUTHORITY), authority.certificate.as_bytes())?;
        write_private(&database, b"")?;
        let database = Database::open(&database, false)?;
        database.lay_out(host)?;
        Ok(Self {
            directory: directory.to_owned(),
            host: host.to_owned(),
            database,
        })
    }

    /// Opens the folder of a platform.
    pub fn open(directory: &Path) -> Result<Self, PlatformError> {
        let path = directory.join(DATABASE);
        if !path.is_file() {
            return Err(PlatformError::Absent(directory.to_owned()));
        }
        let database = Database::open(&path, false)?;
        let (version, host) = database.read(|tx| {
            let version = tx.query_row("pragma user_version", [], |row| row.get(0))?;
            let host = match version {
                0i64 => None,
                _ => tx.query_row("select host from platform", [], |row| row.get(0))?,
            };
            Ok::<_, rusqlite::Error>((version, host))
        })?;
        if version > database::VERSION {
            return Err(PlatformError::TooNew(directory.to_owned()));
        }
        Ok(Self {
            directory: directory.to_owned(),
            host: host.ok_or_else(|| PlatformError::Absent(directory.to_owned()))?,
            database,
        })
    }

    /// The folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where connectors reach it: a name or an address and a port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The file with the certificate that connectors have to trust.
    pub fn authority(&self) -> PathBuf {
        self.directory.join(AUTHORITY)
    }

    /// The folder of what connectors uploaded.
    pub fn uploads(&self) -> PathBuf {
        self.directory.join(UPLOADS)
    }

    /// The connectors that may ask for tasks.
    pub fn clients(&self) -> Clients {
        Clients::new(self.database.clone(), self.host.clone())
    }

    /// The tasks.
    pub fn queue(&self, timing: Timing) -> Queue {
        Queue::new(self.database.clone(), timing)
    }

    /// TLS of its server, with a new certificate.
    pub fn tls(&self, now: DateTime<Utc>) -> Result<Arc<ServerConfig>, PlatformError> {
        let path = self.directory.join(AUTHORITY_KEY);
        let key = fs::read_to_string(&path).map_err(PlatformError::file("read", &path))?;
        certificate::server(&key, &name_of(&self.host)?, now)
    }
}

const DATABASE: &str = "platform.db";
const AUTHORITY: &str = "ca.pem";
const AUTHORITY_KEY: &str = "ca.key";
const UPLOADS: &str = "uploads";

/// The host without its port.
fn name_of(host: &str) -> Result<String, PlatformError> {
    match authority(host) {
        Ok(authority) => Ok(authority.host().to_owned()),
        Err(_) => Err(PlatformError::Host(host.to_owned())),
    }
}

fn make_folder(path: &Path) -> Result<(), PlatformError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
        .create(path)
        .map_err(PlatformError::file("make the folder", path))
}

/// Writes a file that only its owner may read, over whatever an `init` that was interrupted left.
fn write_private(path: &Path, text: &[u8]) -> Result<(), PlatformError> {
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(path)?;
        file.write_all(text)?;
        file.sync_all()
    };
    write().map_err(PlatformError::file("write", path))
}
