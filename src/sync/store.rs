//! The sink, kept off the asynchronous threads: its calls block on the disk.

use std::sync::{Arc, Mutex};

use tokio::sync::RwLock;

use super::{SinkError, SyncSink};

/// A sink behind a lock; every call runs on a blocking thread.
pub(super) struct Store<S> {
    sink: Arc<Mutex<S>>,
    /// Held for reading by every call, so that whoever wants to know when none is under way any
    /// more can take it for writing.
    calls: Arc<RwLock<()>>,
}

impl<S> Clone for Store<S> {
    fn clone(&self) -> Self {
        Self {
            sink: self.sink.clone(),
            calls: self.calls.clone(),
        }
    }
}

impl<S: SyncSink + 'static> Store<S> {
    pub fn new(sink: S) -> Self {
        Self {
            sink: Arc::new(Mutex::new(sink)),
            calls: Arc::default(),
        }
    }

    /// Reads from the sink.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&S) -> Result<T, SinkError> + Send + 'static,
    ) -> Result<T, SinkError> {
        self.write(move |sink| read(sink)).await
    }

    /// Writes to the sink.
    pub async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut S) -> Result<T, SinkError> + Send + 'static,
    ) -> Result<T, SinkError> {
        let sink = self.sink.clone();
        let call = self.calls.clone().read_owned().await;
        let within = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || {
            let _within = within.entered();
            let written = write(&mut sink.lock().expect("a sink that panicked is not used again"));
            drop(sink);
            drop(call);
            written
        });
        task.await
            .expect("the blocking thread does not panic and is never aborted")
    }

    /// Waits until no call is under way. A call goes on when whoever made it was aborted.
    pub async fn settle(&self) {
        drop(self.calls.write().await);
    }

    /// Gives the sink back. Nothing else holds it once the run is over.
    pub fn into_sink(self) -> S {
        let sink = Arc::into_inner(self.sink).expect("no call is under way any more");
        sink.into_inner()
            .expect("a sink that panicked is not used again")
    }
}
