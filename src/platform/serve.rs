//! A router → a server that speaks TLS, until it is asked to end.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsConfig, from_tcp_rustls};
use rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::{Platform, PlatformError, upload};

/// How long calls that have begun may go on when the server is asked to end.
const DRAIN: Duration = Duration::from_secs(10);

impl Platform {
    /// Serves the platform until `end` is cancelled, and then what has begun.
    pub async fn serve(
        &self,
        listener: TcpListener,
        end: CancellationToken,
    ) -> Result<(), PlatformError> {
        let (home, now) = (self.home(), self.now());
        let uploads = home.uploads();
        upload::sweep(&uploads, now.into()).map_err(PlatformError::file("look into", &uploads))?;
        let served = serve(self.router(), listener, home.tls(now)?, end).await;
        served.map_err(PlatformError::Serve)
    }
}

/// Serves until `end` is cancelled, and then what has begun. Dropped before, it breaks off everything,
/// as a kill would.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    end: CancellationToken,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let handle = Handle::new();
    let _broken_off = BreaksOff(handle.clone());
    let server = from_tcp_rustls(listener, RustlsConfig::from_config(tls))?
        .handle(handle.clone())
        .serve(router.into_make_service());
    let ending = async {
        end.cancelled().await;
        handle.graceful_shutdown(Some(DRAIN));
        std::future::pending().await
    };
    tokio::select! {
        served = server => served,
        () = ending => Ok(()),
    }
}

/// Connections go on beside the server, and must not outlive it.
struct BreaksOff(Handle<SocketAddr>);

impl Drop for BreaksOff {
    fn drop(&mut self) {
        self.0.shutdown();
    }
}
