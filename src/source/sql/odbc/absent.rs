//! A build without ODBC: it says what is missing.

use std::sync::Arc;

use async_trait::async_trait;

use super::Settings;
use crate::source::SourceError;
use crate::source::sql::dialect::{Database, Session};
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

    async fn session(&self, _: bool) -> Result<Box<dyn Session + '_>, SourceError> {
        self.missing()
    }

    async fn close(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{CompileContext, Dialect};
    use crate::diagnostic::{Severity, SourceFile};
    use crate::source::sql::dialect::oracle::ORACLE;
    use crate::source::sql::target::Target;

    #[tokio::test]
    async fn what_is_missing_is_said() {
        let environment = std::collections::HashMap::new();
        let file = SourceFile::new("acme.yaml", "connect:");
        let mut cx = CompileContext::new(file, Dialect::Sql, &environment, Severity::Error);
        let settings = Settings::compile(ORACLE, &Target::default(), &mut cx);
        let settings = settings.expect("nothing is wrong with it");
        let error = open(Arc::new(settings), Some("app")).check().await;
        let text = error.expect_err("nothing can be reached").to_string();
        for part in [
            "Oracle Database",
            "--features odbc",
            "unixODBC",
            "Instant Client",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
