//! How a daemon takes tasks and leaves.

use std::time::Duration;

/// How a daemon runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Tasks side by side, besides the sync under way.
    pub task_concurrency: usize,
    /// Asks for several tasks at once.
    pub batch: bool,
    /// How long tasks may take that are under way when it is asked to stop.
    pub drain: Duration,
}
