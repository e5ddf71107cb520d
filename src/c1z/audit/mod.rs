//! A sync file → where it contradicts itself: what `inspect verify` tells, and what a sync asks of
//! its own rows before it ends.

mod checks;
mod columns;
mod expansion;
mod findings;
mod loops;
mod references;
mod rows;
mod runs;
mod verify;

pub use checks::{CHECKS, Check};
pub use findings::Found;
pub(super) use references::audit;
pub use verify::{Verified, unreadable, verify_file, verify_run};
