//! Why a platform does not do what somebody on its own machine asks for.

use std::io;
use std::path::{Path, PathBuf};

/// Why something about a platform failed.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// There is one already.
    #[error("`{}` is a platform already; `rolecall platform add-client` registers another connector with it", .0.display())]
    Exists(PathBuf),
    /// There is none.
    #[error("`{}` is no platform; `rolecall platform init` makes one", .0.display())]
    Absent(PathBuf),
    /// It was made by a newer version.
    #[error("`{}` was made by a newer version of rolecall", .0.display())]
    TooNew(PathBuf),
    /// The address that connectors are to reach it at is none.
    #[error(
        "`{0}` is no host: write a name or an address and a port, for example `localhost:7443`"
    )]
    Host(String),
    /// A name that a client id cannot have.
    #[error(
        "`{0}` is no name for a client: write up to 64 letters, digits, `.`, `_` or `-`, for example `acme`"
    )]
    ClientName(String),
    /// Two clients of one name.
    #[error("there is a client `{0}` already")]
    ClientExists(String),
    /// No such client.
    #[error("there is no client `{name}`{hint}")]
    NoClient {
        /// As it was named.
        name: String,
        /// `; did you mean …`.
        hint: String,
    },
    /// Several clients, and nobody said which one.
    #[error("there are several clients: say which one with `--client` ({0})")]
    WhichClient(String),
    /// No such task.
    #[error("there is no task `{0}`")]
    NoTask(String),
    /// A file.
    #[error("cannot {what} `{}`", path.display())]
    File {
        /// What was to be done with it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The database.
    #[error("the database of the platform cannot be used")]
    Database(#[from] rusqlite::Error),
    /// Certificates.
    #[error("the platform's certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// TLS.
    #[error("the platform's certificate cannot be used")]
    Tls(#[from] rustls::Error),
    /// The server.
    #[error("the platform cannot be served")]
    Serve(#[source] io::Error),
    /// What the database holds is not what was written to it.
    #[error("the platform's database is damaged: {0}")]
    Damaged(&'static str),
}

impl PlatformError {
    /// For `map_err`, where a file is read or written.
    pub(super) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            what,
            path: path.to_owned(),
            source,
        }
    }
}
