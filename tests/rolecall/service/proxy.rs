//! What is between a daemon and its platform, and fails as networks do.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;

/// A port that leads to the platform, wherever that is at the moment.
#[derive(Clone)]
pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
    cut: broadcast::Sender<()>,
}

#[derive(Default)]
struct State {
    to: AtomicU16,
    /// One in so many parts of a stream is the last one; 0: none is.
    cut_one_in: AtomicU32,
}

impl Proxy {
    pub async fn start(to: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let proxy = Self {
            port,
            state: Arc::default(),
            cut: broadcast::channel(4).0,
        };
        proxy.leads_to(to);
        let serving = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        proxy
    }

    /// Where connections lead from now on.
    pub fn leads_to(&self, port: u16) {
        self.state.to.store(port, Ordering::Relaxed);
    }

    /// Ends every connection that there is.
    pub fn cut(&self) {
        // Nobody may be connected.
        let _ = self.cut.send(());
    }

    /// Ends connections at random: after one in so many parts. 0: not any more.
    pub fn cut_one_in(&self, parts: u32) {
        self.state.cut_one_in.store(parts, Ordering::Relaxed);
    }

    async fn serve(self, from: TcpStream) {
        let mut cut = self.cut.subscribe();
        let port = self.state.to.load(Ordering::Relaxed);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let Ok(to) = TcpStream::connect(address).await else {
            return;
        };
        let ((from_read, from_write), (to_read, to_write)) = (from.into_split(), to.into_split());
        tokio::select! {
            () = self.carry(from_read, to_write) => {}
            () = self.carry(to_read, from_write) => {}
            _ = cut.recv() => {}
        }
    }

    async fn carry(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut part = vec![0; 16 << 10];
        loop {
            let read = from.read(&mut part).await.unwrap_or(0);
            let one_in = self.state.cut_one_in.load(Ordering::Relaxed);
            let ends = one_in > 0 && getrandom::u32().unwrap_or(0).is_multiple_of(one_in);
            if read == 0 || ends {
                return;
            }
            if to.write_all(&part[..read]).await.is_err() {
                return;
            }
        }
    }
}
