//! One test: its file, and what it came to.

use std::sync::Arc;
use std::time::Duration;

use super::compare::Difference;
use crate::config::test::TestConfig;
use crate::diagnostic::{Location, SourceFile};

/// A test that can be run.
#[derive(Debug)]
pub struct Case {
    /// What is written.
    pub(super) test: TestConfig,
    /// The file in which it is written: the connector, or one beside it.
    pub(super) file: Arc<SourceFile>,
}

impl Case {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.test.name.text
    }

    /// Where it is written.
    pub fn at(&self) -> Location {
        Location {
            file: self.file.clone(),
            span: self.test.name.span,
        }
    }
}

/// A test that was run.
#[derive(Debug)]
pub struct Tested {
    /// What it is called.
    pub name: String,
    /// Where it is written.
    pub at: Location,
    /// What is not as it expects; empty when it passed.
    pub differences: Vec<Difference>,
    /// How long it took.
    pub took: Duration,
}

impl Tested {
    /// Whether everything is as it is expected.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}
