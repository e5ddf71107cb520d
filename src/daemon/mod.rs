//! Service mode: tasks of a platform → what this connector does about them, and the answers.

mod about;
mod answer;
pub mod task;

pub use about::about;
pub use answer::{Answer, Failure, pack};
