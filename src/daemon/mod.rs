//! Service mode: tasks of a platform → what this connector does about them, and the answers.
//!
//! [`Daemon`] takes tasks while there are slots for them. Each is attended to on its own
//! (`attend.rs`): it is done ([`task`]), kept alive by heartbeats (`pulse.rs`), and its answer is
//! kept ([`Ledger`]) until the platform has it, so that a task that comes twice is done once.

mod about;
mod answer;
mod attend;
mod deliver;
mod doing;
mod fetch;
mod health;
mod host;
mod ledger;
mod link;
mod pulse;
mod run;
mod settings;
pub mod task;

pub use about::about;
pub use answer::{Answer, Failure, pack};
pub use doing::{Doing, Standing};
pub use health::Health;
pub use ledger::Ledger;
pub use link::{Limits, Link, LinkError, LinkSettings, Parcel, ParcelError, Reading, RpcError};
pub use run::Daemon;
pub use settings::Settings;

use std::time::Duration;

/// Whether the platform says that a task is none of this connector's, or not as it should be. Anything
/// else is about the connection or about who this is, and says nothing about the task.
fn refuses_the_task(error: &RpcError) -> bool {
    use tonic::Code::{AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, OutOfRange};
    let about_the_task = [
        AlreadyExists,
        FailedPrecondition,
        InvalidArgument,
        NotFound,
        OutOfRange,
    ];
    about_the_task.contains(&error.code)
}

/// A time that the platform says; `None` for none at all, and for one that makes no sense.
fn positive(said: &prost_types::Duration) -> Option<Duration> {
    let said = Duration::try_from(*said).ok()?;
    (!said.is_zero()).then_some(said)
}
