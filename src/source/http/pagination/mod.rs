//! How listings of an API are paged: one file per strategy.

use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Family, Kind, registered};

crate::family!(HttpPaginationFamily);

impl Family for HttpPaginationFamily {
    const NAME: &'static str = "paging strategy";
    const TAG: &'static str = "strategy";
    type Compiled = dyn Paginate;

    fn kinds() -> Vec<&'static Kind<Self>> {
        registered()
    }
}

/// Asks for pages and finds the next one.
pub trait Paginate: Send + Sync + std::fmt::Debug {}
