//! `external_match`: who holds an entitlement is known to another system.

use super::resource_type::TraitWord;
use super::scalar::ExprText;
use crate::config::decode::{Tolerant, section};

section! {
    /// Who holds the entitlement is somebody of another system, found there by id, by an attribute,
    /// or simply by being there. `rolecall sync --external` makes a grant for each; without it, the
    /// grant is kept for whoever puts the two systems together. An addition of rolecall.
    pub struct ExternalMatchConfig {
        /// The id of the principal in the other system. Not together with the other keys.
        pub id: Option<ExprText>,
        /// What the principal is there: `user`, unless written.
        pub r#trait: Option<Tolerant<TraitWord>>,
        /// Name of an attribute of the principal, without regard to case; `email` finds users by any
        /// of their addresses. Together with `value`. Without both, everybody with the trait is meant.
        pub key: Option<ExprText>,
        /// The value of the attribute, for example `.mail`.
        pub value: Option<ExprText>,
    }
}
