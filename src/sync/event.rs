//! What a run tells whoever watches it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The phases of a run, in their order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Stores the resource types.
    #[default]
    ResourceTypes,
    /// Lists resources, parents before their children.
    Resources,
    /// Gives resources their static entitlements.
    StaticEntitlements,
    /// Lists entitlements.
    Entitlements,
    /// Lists grants.
    Grants,
    /// Works out what follows from the facts: expansion, references, numbers. Nothing is asked.
    Settling,
}

impl Phase {
    /// Every phase, in their order.
    pub const ALL: [Self; 6] = [
        Self::ResourceTypes,
        Self::Resources,
        Self::StaticEntitlements,
        Self::Entitlements,
        Self::Grants,
        Self::Settling,
    ];

    /// The name that other programs give the step, where they have it.
    pub fn step_name(self) -> &'static str {
        match self {
            Phase::ResourceTypes => "list-resource-types",
            Phase::Resources => "list-resources",
            Phase::StaticEntitlements => "list-static-entitlements",
            Phase::Entitlements => "list-entitlements",
            Phase::Grants => "list-grants",
            Phase::Settling => "grant-expansion",
        }
    }

    /// Whether the system is asked for what it brings. The others are over at once.
    pub fn asks(self) -> bool {
        matches!(self, Self::Resources | Self::Entitlements | Self::Grants)
    }

    /// The phase as reports name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::ResourceTypes => "resource-types",
            Phase::Resources => "resources",
            Phase::StaticEntitlements => "static-entitlements",
            Phase::Entitlements => "entitlements",
            Phase::Grants => "grants",
            Phase::Settling => "settling",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('-', " "))
    }
}

/// A listing of the plan: what it brings, for which type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingName {
    /// The phase it belongs to.
    pub phase: Phase,
    /// The type it is for; `None` for what belongs to no type.
    pub resource_type: Option<String>,
    /// The listing in words, as messages name it.
    pub name: String,
}

/// What a run tells whoever watches it.
#[derive(Debug, Clone)]
pub enum Event {
    /// The run begins, or goes on.
    Begins {
        /// Its listings. Other events name them by their index here.
        listings: Vec<ListingName>,
        /// True when it goes on from an interrupted one.
        resumed: bool,
    },
    /// A phase begins.
    Phase {
        /// Which.
        phase: Phase,
        /// Its number, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// Pages of a listing were stored. The numbers are what came on top.
    Stored {
        /// Index of the listing.
        listing: usize,
        /// Pages.
        pages: u64,
        /// Records on them.
        records: u64,
        /// Rows that came of them.
        rows: u64,
    },
    /// A listing has come to its end, for all the resources it runs for.
    Done {
        /// Index of the listing.
        listing: usize,
    },
    /// The run is sealed: what is left is to pack it.
    Sealed,
}
