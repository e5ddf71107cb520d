//! What is needed to reach a platform.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::protocol::{ClientId, ClientSecretError};
use crate::source::http::{Clock, SystemClock};

/// How a platform is reached, and as whom.
#[derive(Debug, Clone)]
pub struct LinkSettings {
    /// Who this connector is; says where the platform is.
    pub client_id: ClientId,
    /// What proves it.
    pub client_secret: SecretString,
    /// `HOST` or `HOST:PORT` to reach instead of the one in the client id. Assertions are for that
    /// one all the same.
    pub host: Option<String>,
    /// The authorities to trust instead of those that the machine trusts, in PEM form.
    pub ca_file: Option<PathBuf>,
    /// How this process calls itself; otherwise by the name of the machine.
    pub host_id: Option<String>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long things may take.
    pub limits: Limits,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until there is a connection, with TLS.
    pub connect: Duration,
    /// Until a call is answered. Each call has such a limit, so nothing waits for ever.
    pub answer: Duration,
    /// How long a platform may take no more of an upload.
    pub stall: Duration,
    /// How long it may take to check and keep one.
    pub keep: Duration,
    /// How often an upload is begun at most.
    pub uploads: u32,
    /// The most that the first wait between two of them takes; each doubles it.
    pub upload_wait: Duration,
}

/// Why no platform can be reached with such settings.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The secret is none.
    #[error(transparent)]
    Secret(#[from] ClientSecretError),
    /// The host to reach is none.
    #[error("the platform's host {0}; it reads `HOST` or `HOST:PORT`")]
    Host(&'static str),
    /// The protocol takes no such name.
    #[error("the host id has {0} characters; it has from 1 to 256")]
    HostId(usize),
    /// The file of authorities cannot be read.
    #[error("the platform's authority cannot be read from {}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// There is no certificate in it.
    #[error("{} holds no certificate in PEM form: text from `-----BEGIN CERTIFICATE-----` on", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The HTTP client does not start.
    #[error("the HTTP client cannot start")]
    Client(#[source] reqwest::Error),
}

impl LinkSettings {
    /// The platform that a client id names, with the authorities that the machine trusts.
    pub fn new(client_id: ClientId, client_secret: SecretString) -> Self {
        Self {
            client_id,
            client_secret,
            host: None,
            ca_file: None,
            host_id: None,
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            answer: Duration::from_secs(30),
            stall: Duration::from_secs(60),
            keep: Duration::from_secs(300),
            uploads: 8,
            upload_wait: Duration::from_secs(1),
        }
    }
}
