//! Syncs that are disturbed on purpose: by the system, by the machine, by whoever kills them.

pub mod random;
