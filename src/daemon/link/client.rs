//! Settings → the HTTP clients for the token endpoint and for gRPC.

use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder};

use super::settings::{LinkError, LinkSettings};
use crate::source::http::install_tls;

/// How long a connection is kept that nobody uses. Longer than platforms let a connector wait
/// between two polls.
const IDLE: Duration = Duration::from_secs(600);

/// The most that the headers of an answer may be.
const LARGEST_HEADERS: u32 = 256 << 10;

/// Makes clients for one platform.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    user_agent: String,
    authorities: Option<Vec<Certificate>>,
    connect: Duration,
}

impl Clients {
    /// Reads the authorities.
    pub fn new(settings: &LinkSettings) -> Result<Self, LinkError> {
        install_tls();
        let authorities = settings.ca_file.as_ref().map(|path| {
            let pem = std::fs::read(path).map_err(|source| LinkError::CaFile {
                path: path.clone(),
                source,
            })?;
            let read = Certificate::from_pem_bundle(&pem).unwrap_or_default();
            match read.is_empty() {
                true => Err(LinkError::NoCertificate { path: path.clone() }),
                false => Ok(read),
            }
        });
        let (name, version) = (settings.client_id.name(), env!("CARGO_PKG_VERSION"));
        Ok(Self {
            user_agent: format!("{name} rolecall/{version}"),
            authorities: authorities.transpose()?,
            connect: settings.limits.connect,
        })
    }

    /// For the token endpoint: HTTP/1.1 or HTTP/2, as the server likes.
    pub fn token(&self) -> Result<Client, LinkError> {
        self.builder().build().map_err(LinkError::Client)
    }

    /// For gRPC: HTTP/2 and nothing else, which matters where a server would rather speak HTTP/1.1.
    pub fn grpc(&self) -> Result<Client, LinkError> {
        let builder = self.builder().http2_prior_knowledge();
        // What a platform says of a failure stands in headers.
        let builder = builder.http2_max_header_list_size(LARGEST_HEADERS);
        builder.build().map_err(LinkError::Client)
    }

    /// What both have: proxies of the environment, TLS and its authorities, limits.
    ///
    /// No pings of HTTP/2: servers of the most common implementation of gRPC take more than one in
    /// five minutes for an attack and hang up. TCP finds out about dead connections that are idle,
    /// limits of calls and uploads about the others.
    fn builder(&self) -> ClientBuilder {
        let builder = Client::builder()
            .user_agent(&self.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .https_only(true)
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .connect_timeout(self.connect)
            .pool_idle_timeout(IDLE)
            .tcp_keepalive(Duration::from_secs(30))
            .tcp_keepalive_interval(Duration::from_secs(10))
            .tcp_keepalive_retries(3);
        match &self.authorities {
            Some(authorities) => builder.tls_certs_only(authorities.iter().cloned()),
            None => builder,
        }
    }
}
