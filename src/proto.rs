//! The protocol's messages, generated from `proto/` at build time.

#![allow(
    missing_docs,
    clippy::all,
    reason = "generated code; the .proto files document it"
)]

/// All of them as data, for what deals with messages without knowing them: a `FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

pub use c1::{c1z, config, connector, connectorapi};

/// Packages `c1.…`. Generated code refers to other packages by their places in such a tree.
pub mod c1 {
    /// Package `c1.c1z`: the newer form of sync files.
    pub mod c1z {
        /// Version 3, the only one that has messages.
        pub mod v3 {
            include!(concat!(env!("OUT_DIR"), "/c1.c1z.v3.rs"));
        }
    }

    /// Package `c1.config`: fields that somebody fills in.
    pub mod config {
        /// Version 1, the only one in use.
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/c1.config.v1.rs"));
        }
    }

    /// Package `c1.connector`: what connectors find and do.
    pub mod connector {
        /// Version 2, the only one in use.
        pub mod v2 {
            include!(concat!(env!("OUT_DIR"), "/c1.connector.v2.rs"));
        }
    }

    /// Package `c1.connectorapi`: what a connector in service mode and a platform say.
    pub mod connectorapi {
        /// The only part of it.
        pub mod baton {
            /// Version 1, the only one in use.
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/c1.connectorapi.baton.v1.rs"));
            }
        }
    }
}

/// Packages `google.…`, as far as the protocol uses them.
pub mod google {
    /// How something failed.
    pub mod rpc {
        include!(concat!(env!("OUT_DIR"), "/google.rpc.rs"));
    }
}
