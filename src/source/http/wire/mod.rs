//! A request in parts → the answer to it: transport, limits, tries, and the words for what went wrong.

pub(super) mod clock;
pub(super) mod conditions;
pub(super) mod error_rules;
pub(super) mod exchange;
pub(super) mod limiter;
pub(super) mod limits;
pub(super) mod redact;
pub(super) mod retry;
pub(super) mod tls;
pub(super) mod transport;

pub use clock::{Clock, SystemClock};
pub use transport::{Recorder, Replay};
