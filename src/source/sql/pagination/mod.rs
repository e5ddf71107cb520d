//! How queries are paged: one file per strategy.

use crate::config::http::SqlPaginationFamily;
use crate::config::kind::{Family, Kind, registered};
use crate::diagnostic::Severity;

crate::family!(SqlPaginationFamily);

impl Family for SqlPaginationFamily {
    const NAME: &'static str = "paging strategy";
    const TAG: &'static str = "strategy";
    // The reference ignores unknown keys here, so files that have some must run.
    const UNKNOWN_FIELD: Severity = Severity::Warning;
    type Compiled = dyn Paginate;

    fn kinds() -> Vec<&'static Kind<Self>> {
        registered()
    }
}

/// Binds the place of a page and finds the next one.
pub trait Paginate: Send + Sync + std::fmt::Debug {}
