//! What follows from the facts of a run → rows of the copy that readers get.
//!
//! The work file keeps what the system said and nothing else. So a run that dies here derives again
//! what it had derived, without asking the system again, and whoever changes what is derived goes on
//! with the same run.

use std::path::Path;

use chrono::Utc;
use rusqlite::Connection;

use super::expand::ShippedGrants;
use super::failure::Failure;
use crate::c1z::{C1zError, timestamp};
use crate::expansion;
use crate::model::{SyncKind, SyncRun};
use crate::sync::Derived;

/// What readers get besides what the system said.
#[derive(Debug)]
pub struct Derive {
    /// The grants that others bring.
    pub expand: bool,
}

impl Default for Derive {
    fn default() -> Self {
        Self { expand: true }
    }
}

impl Derive {
    /// Adds what is derived to a database that is made anew when anything fails. What follows from
    /// a part of a system says nothing about the whole: nothing is derived from it.
    pub(super) fn derive(
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
        if self.expand {
            let expand = || {
                let mut grants = ShippedGrants::new(db, &run.id, &now);
                expansion::expand(&mut grants)
            };
            let expanded = in_one_piece(db, expand);
            derived.expansion =
                Some(expanded.map_err(Failure::explain("expand the grants", path))?);
        }
        Ok(derived)
    }
}

/// Writes without a way back: the database is made anew when anything fails, and a journal of so
/// much would be as large as what is written.
fn in_one_piece<T>(
    db: &Connection,
    write: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    db.execute_batch("pragma journal_mode = off; begin")?;
    let written = write()?;
    db.execute_batch("commit; pragma journal_mode = memory")?;
    Ok(written)
}
