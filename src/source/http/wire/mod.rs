//! A request in parts → the answer to it: transport, limits, tries, and the words for what went wrong.

mod ask;
pub(super) mod clock;
pub(super) mod conditions;
pub(super) mod error_rules;
pub(super) mod exchange;
pub(super) mod failure;
pub(super) mod limiter;
pub(super) mod limits;
pub(super) mod receive;
pub(super) mod retry;
pub(super) mod tls;
pub(super) mod transport;
mod trouble;

pub use clock::{Clock, SystemClock};
pub use transport::{Exchange, Recorder, Replay, same_request};
pub(crate) use trouble::{TlsTrouble, told};
