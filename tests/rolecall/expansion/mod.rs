//! Grant expansion: the grants that others bring, by themselves and in a sync file.

pub mod cases;
mod interrupted;
mod memory;
mod naive;
mod properties;
mod stored;
