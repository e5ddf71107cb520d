//! SIGINT and SIGTERM: a request to stop, and then an order.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The first signal asks whoever holds `cancel` to stop, which `tell` tells people. The second one
/// ends the process at once: what was stored until then is there for the next one.
pub(super) async fn stop(cancel: CancellationToken, tell: impl FnOnce()) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return;
    };
    let mut either =
        async || tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} };
    either().await;
    tell();
    cancel.cancel();
    either().await;
    std::process::exit(1);
}
