//! Syncs that are disturbed on purpose: by the system, by the machine, by whoever kills them. What they
//! come to is compared with what follows from the scenario alone.

mod cuts;
mod faults;
mod oracle;
pub mod random;
mod random_runs;
mod references;
mod scenario;
mod system;
mod world;
