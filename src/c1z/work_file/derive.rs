//! What follows from the facts of a run → rows of the copy that readers get.
//!
//! The work file keeps what the system said and nothing else. So a run that dies here derives again
//! what it had derived, without asking the system again, and whoever changes what is derived goes on
//! with the same run.

use std::path::Path;

use chrono::Utc;
use rusqlite::Connection;

use super::expand::ShippedGrants;
use super::external;
use super::failure::Failure;
use crate::c1z::{C1zError, External, timestamp};
use crate::expansion;
use crate::model::{SyncKind, SyncRun};
use crate::sync::Derived;

/// What readers get besides what the system said.
pub struct Derive {
    /// The principals of another system, for whom grants to stand-ins are meant. Without, stand-ins
    /// stay as they are.
    pub external: Option<External>,
    /// The grants that others bring.
    pub expand: bool,
}

impl Default for Derive {
    fn default() -> Self {
        Self {
            external: None,
            expand: true,
        }
    }
}

impl Derive {
    /// Adds what is derived to a database that is made anew when anything fails. What follows from
    /// a part of a system says nothing about the whole: nothing is derived from it.
    pub(in crate::c1z) fn derive(
        &self,
        db: &Connection,
        path: &Path,
        run: &SyncRun,
    ) -> Result<Derived, C1zError> {
        let mut derived = Derived::default();
        if run.kind != SyncKind::Full {
            return Ok(derived);
        }
        let now = timestamp::format(&Utc::now());
        let failed = |action| C1zError::sqlite(action, path);
        // There is no way back: the database is made anew when anything fails, and a journal of so
        // much would be as large as what is written.
        db.execute_batch("pragma journal_mode = off; begin")
            .map_err(failed("begin to write what is derived"))?;
        if let Some(external) = &self.external {
            let matched = external::bring_in(external, db, path, &run.id, &now)?;
            derived.external = Some(matched);
        }
        if self.expand {
            let mut grants = ShippedGrants::new(db, &run.id, &now);
            let expanded = expansion::expand(&mut grants);
            let expanded = expanded.map_err(Failure::explain("expand the grants", path))?;
            derived.expansion = Some(expanded);
        }
        db.execute_batch("commit; pragma journal_mode = memory")
            .map_err(failed("write what is derived"))?;
        Ok(derived)
    }
}
