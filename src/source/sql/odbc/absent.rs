//! A build without ODBC: it says what is missing.

use std::sync::Arc;

use async_trait::async_trait;

use super::Settings;
use crate::source::SourceError;
use crate::source::sql::dialect::Database;
use crate::source::sql::statement::{Row, Statement, TakeRows};

/// A database that this build does not reach.
pub fn open(settings: Arc<Settings>, name: Option<&str>) -> Arc<dyn Database> {
    let name = name.unwrap_or(settings.database()).to_owned();
    Arc::new(Unreached { settings, name })
}

#[derive(Debug)]
struct Unreached {
    settings: Arc<Settings>,
    name: String,
}

impl Unreached {
    fn missing<T>(&self) -> Result<T, SourceError> {
        let vendor = self.settings.vendor;
        Err(SourceError::Invalid(format!(
            "{} is reached through ODBC, which this build does not have: build it with `cargo build --features odbc` and install unixODBC (Debian: `unixodbc-dev` to build, `unixodbc` to run), and {}",
            vendor.name, vendor.install
        )))
    }
}

#[async_trait]
impl Database for Unreached {
    fn name(&self) -> &str {
        &self.name
    }

    async fn check(&self) -> Result<(), SourceError> {
        self.missing()
    }

    async fn run(&self, _: &Statement<'_>) -> Result<Vec<Row>, SourceError> {
        self.missing()
    }

    async fn stream(
        &self,
        _: &Statement<'_>,
        _: &mut dyn TakeRows,
    ) -> Result<Vec<Row>, SourceError> {
        self.missing()
    }

    async fn close(&self) {}
}
