//! Service mode.

mod task;
