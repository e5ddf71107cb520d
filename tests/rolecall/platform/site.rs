//! A platform in this process: a folder, a port, a clock that tests move.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use chrono::{DateTime, TimeDelta, Utc};
use rolecall::platform::{self, Clock, Credentials, Home, Platform, Queue, Timing};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::caller::Place;

/// A platform on a port that the system chose. Its folder goes with it.
pub struct Site {
    folder: tempfile::TempDir,
    address: SocketAddr,
    timing: Timing,
    ahead: Arc<AtomicI64>,
    platform: Platform,
    end: CancellationToken,
    served: Option<JoinHandle<()>>,
}

/// Times that suit tests in which nobody moves the clock.
pub fn quick() -> Timing {
    Timing {
        lease: Duration::from_secs(4),
        silent_lease: Duration::from_secs(8),
        poll: Duration::from_millis(50),
        backoff: Duration::from_millis(100),
        ..Timing::default()
    }
}

impl Site {
    /// Starts a platform.
    pub async fn start(timing: Timing) -> Self {
        Self::start_with(timing, |router| router).await
    }

    /// Starts a platform whose router has something before it, for example what disturbs it.
    pub async fn start_with(timing: Timing, layers: impl FnOnce(Router) -> Router) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let host = format!("localhost:{}", address.port());
        Home::init(&folder.path().join("platform"), &host, Utc::now()).expect("a platform");
        let ahead = Arc::new(AtomicI64::new(0));
        let mut site = Self {
            platform: open(&folder, &timing, &ahead),
            folder,
            address,
            timing,
            ahead,
            end: CancellationToken::new(),
            served: None,
        };
        site.serve(listener, layers);
        site
    }

    fn serve(&mut self, listener: TcpListener, layers: impl FnOnce(Router) -> Router) {
        self.end = CancellationToken::new();
        let tls = self.home().tls(Utc::now()).expect("a certificate");
        let served = platform::serve(
            layers(self.platform.router()),
            listener,
            tls,
            self.end.clone(),
        );
        self.served = Some(tokio::spawn(async move {
            served.await.expect("a server");
        }));
    }

    /// Ends the server as a kill would: calls that have begun get no answer.
    pub async fn kill(&mut self) {
        if let Some(served) = self.served.take() {
            served.abort();
            let _ = served.await;
        }
    }

    /// Starts the server again after [`Site::kill`], on the same port, with nothing in its memory.
    pub async fn revive(&mut self) {
        self.platform = open(&self.folder, &self.timing, &self.ahead);
        let listener = TcpListener::bind(self.address).expect("the port of before");
        self.serve(listener, |router| router);
    }

    /// Registers a connector.
    pub fn client(&self, name: &str) -> Credentials {
        let clients = self.home().clients();
        clients.add(name, Utc::now()).expect("a new client")
    }

    /// Moves the platform's clock.
    pub fn later(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).expect("a short time");
        self.ahead.fetch_add(by, Ordering::SeqCst);
    }

    /// What time it is there.
    pub fn now(&self) -> DateTime<Utc> {
        clock(&self.ahead)()
    }

    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    pub fn home(&self) -> &Home {
        self.platform.home()
    }

    pub fn queue(&self) -> &Queue {
        self.platform.queue()
    }

    /// The host as client ids name it: `localhost:PORT`.
    pub fn host(&self) -> &str {
        self.home().host()
    }

    /// Where callers find it.
    pub fn place(&self) -> Place {
        Place {
            host: self.host().to_owned(),
            ca: self.ca(),
        }
    }

    /// The file with the certificate of its authority.
    pub fn ca(&self) -> PathBuf {
        self.home().authority()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

fn open(folder: &tempfile::TempDir, timing: &Timing, ahead: &Arc<AtomicI64>) -> Platform {
    let home = Home::open(&folder.path().join("platform")).expect("a platform");
    Platform::new(home, timing.clone(), clock(ahead))
}

fn clock(ahead: &Arc<AtomicI64>) -> Clock {
    let ahead = ahead.clone();
    Arc::new(move || Utc::now() + TimeDelta::milliseconds(ahead.load(Ordering::SeqCst)))
}
