//! How requests prove who is asking: one file per kind of `connect.auth`.

use crate::config::connect::AuthFamily;
use crate::config::kind::{Family, Kind, registered};

crate::family!(AuthFamily);

impl Family for AuthFamily {
    const NAME: &'static str = "auth kind";
    const TAG: &'static str = "type";
    type Compiled = dyn Authenticate;

    fn kinds() -> Vec<&'static Kind<Self>> {
        registered()
    }
}

/// Adds proof of identity to requests.
pub trait Authenticate: Send + Sync + std::fmt::Debug {}
