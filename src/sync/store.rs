//! The sink, kept off the asynchronous threads: its calls block on the disk.

use std::sync::{Arc, Mutex};

use super::{SinkError, SyncSink};

/// A sink behind a lock; every call runs on a blocking thread.
pub(super) struct Store<S>(Arc<Mutex<S>>);

impl<S: SyncSink + 'static> Store<S> {
    pub fn new(sink: S) -> Self {
        Self(Arc::new(Mutex::new(sink)))
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
        let sink = self.0.clone();
        let task = tokio::task::spawn_blocking(move || {
            let mut sink = sink.lock().expect("a sink that panicked is not used again");
            write(&mut sink)
        });
        task.await
            .expect("the blocking thread does not panic and is never aborted")
    }

    /// Gives the sink back. Nothing else holds it once the run is over.
    pub fn into_sink(self) -> S {
        let sink = Arc::into_inner(self.0).expect("no call is under way any more");
        sink.into_inner()
            .expect("a sink that panicked is not used again")
    }
}
