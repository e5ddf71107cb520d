//! A platform on one machine: tasks that people ask for → a queue → connectors in service mode, and
//! what they answer. It speaks the server side of the protocol, so any such connector can register.

mod certificate;
mod check;
mod clients;
mod database;
mod error;
mod home;
mod moment;
mod queue;
mod receive;
mod router;
mod serve;
mod service;
mod settings;
mod token_endpoint;
mod tokens;
mod upload;

use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use clients::{Client, Clients, Credentials};
pub use error::PlatformError;
pub use home::Home;
pub use queue::{
    Cancelled, Entry, Event, Queue, Refusal, State, TaskRecord, Upload, UploadKind, Worker,
};
pub use serve::serve;
pub use settings::{Clock, Timing, system_clock};

/// A platform that can be served. Cheap to clone.
#[derive(Clone)]
pub struct Platform(Arc<Inner>);

struct Inner {
    home: Home,
    clients: Clients,
    queue: Queue,
    timing: Timing,
    clock: Clock,
    tokens: tokens::Tokens,
}

impl Platform {
    /// The platform of a folder. Others may serve the same folder, and people ask for tasks there.
    pub fn new(home: Home, timing: Timing, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            clients: home.clients(),
            queue: home.queue(timing.clone()),
            tokens: tokens::Tokens::default(),
            home,
            timing,
            clock,
        }))
    }

    /// Its folder.
    pub fn home(&self) -> &Home {
        &self.0.home
    }

    /// Its tasks.
    pub fn queue(&self) -> &Queue {
        &self.0.queue
    }

    /// Takes back every token that was handed out: each connector needs a new one.
    pub fn forget_tokens(&self) {
        self.0.tokens.forget();
    }

    fn now(&self) -> DateTime<Utc> {
        (self.0.clock)()
    }
}
