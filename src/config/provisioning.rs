//! `provisioning` of an entitlement: how it is granted and revoked.

use super::change::{ChangeConfig, ReadBackConfig};
use super::decode::{Named, OneOrMany, Placed, section};
use super::mapping::GrantMappingConfig;
use super::scalar::{ExprText, SqlText};

section! {
    /// How an entitlement is granted and revoked.
    pub struct ProvisioningConfig {
        /// Values for the placeholders of every query here, by name, for example
        /// `user_id: principal.ID`. Expressions over `principal`, who is granted or loses the
        /// entitlement, `resource`, which it is on, and `entitlement`.
        pub vars: Named<ExprText>,
        /// How it is granted.
        pub grant: Option<Placed<GrantProvisioningConfig>>,
        /// How it is revoked.
        pub revoke: Option<Placed<RevokeProvisioningConfig>>,
        /// How the system is asked who holds it. An addition of rolecall.
        pub read_back: Option<Placed<ReadBackConfig>>,
    }
}

section! {
    /// How an entitlement is granted: by queries to a database, or by a request to an API.
    pub struct GrantProvisioningConfig {
        /// Refuses the grant when a query finds a reason. Asked first.
        pub reject_if: Option<RejectIfConfig>,
        /// Finds the one grant that the new one replaces; it is revoked first, in the same
        /// transaction.
        pub grant_replace: Option<GrantReplaceConfig>,
        /// A validation query without rows means that it is granted already; otherwise it refuses the
        /// grant. On Oracle and Db2 together with `no_transaction`. Not written: `true` on Db2 with
        /// `no_transaction`, else `false`.
        pub validation_queries_signal_idempotency: Option<Placed<bool>>,
        => pub change: ChangeConfig
    }
}

section! {
    /// How an entitlement is revoked: by queries to a database, or by a request to an API.
    pub struct RevokeProvisioningConfig {
        /// A validation query without rows means that it is revoked already; otherwise it refuses the
        /// revoke. On Oracle and Db2 together with `no_transaction`. Not written: `true` on Db2 with
        /// `no_transaction`, else `false`.
        pub validation_queries_signal_idempotency: Option<Placed<bool>>,
        /// What else a revoke may do.
        pub revoke_options: Option<RevokeOptionsConfig>,
        => pub change: ChangeConfig
    }
}

section! {
    /// Refuses a grant.
    pub struct RejectIfConfig {
        /// A row of this query refuses the grant.
        pub query: SqlText,
        /// The reason to show: an expression over the first row, for example `.why`.
        pub reason: Option<ExprText>,
    }
}

section! {
    /// The grant that a new one replaces.
    pub struct GrantReplaceConfig {
        /// Finds it: at most one row may become a grant.
        pub query: SqlText,
        /// What a row becomes. `entitlement_resource_id` names the resource of the old grant.
        pub map: OneOrMany<GrantMappingConfig>,
    }
}

section! {
    /// What else a revoke may do.
    pub struct RevokeOptionsConfig {
        /// Finds out whether the revoke removed the principal itself.
        pub principal_exists_check: Option<PrincipalExistsConfig>,
    }
}

section! {
    /// Finds out whether the principal is still there.
    pub struct PrincipalExistsConfig {
        /// Runs after the revoke. No row means that the principal is gone.
        pub query: SqlText,
    }
}
