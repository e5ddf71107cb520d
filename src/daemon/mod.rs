//! Service mode: tasks of a platform → what this connector does about them, and the answers.

mod answer;
pub mod task;

pub use answer::{Answer, Failure, pack};
