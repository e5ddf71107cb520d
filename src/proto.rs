//! The protocol's messages, generated from `proto/` at build time.

#![allow(
    missing_docs,
    clippy::all,
    reason = "generated code; the .proto files document it"
)]

/// Package `c1.connector.v2`: resources, entitlements, grants and what annotates them.
pub mod connector {
    /// Version 2, the only one in use.
    pub mod v2 {
        include!(concat!(env!("OUT_DIR"), "/c1.connector.v2.rs"));
    }
}

/// Package `c1.c1z`: the newer form of sync files.
pub mod c1z {
    /// Version 3, the only one that has messages.
    pub mod v3 {
        include!(concat!(env!("OUT_DIR"), "/c1.c1z.v3.rs"));
    }
}
