//! Grants that bring others → the grants they bring: nested groups, followed to their ends.
//!
//! Entitlements are the nodes of a graph. A grant that brings others is an edge from each
//! entitlement it names, whose holders are meant, to its own, which they hold because of it.

mod cycle;
mod expand;
mod graph;
mod holdings;
mod interner;
mod noted;
mod rule;

pub use expand::{Expanded, expand};
pub use noted::Noted;

use crate::model::{GrantExpansion, ResourceId};

/// A grant that brings others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expandable {
    /// Its id.
    pub grant: String,
    /// The entitlement that it brings.
    pub entitlement: String,
    /// Its principal: the resource on which the sources are.
    pub principal: ResourceId,
    /// The sources, and which of their holders are meant.
    pub expansion: GrantExpansion,
}

/// Somebody holds an entitlement: a grant that is stored.
#[derive(Debug, Clone)]
pub struct Holding<'a> {
    /// Where the grant is stored.
    pub row: i64,
    /// The type of the principal.
    pub principal_type: &'a str,
    /// The id of the principal.
    pub principal: &'a str,
    /// The entitlements that the grant says it comes from; empty when it was given directly.
    pub sources: Vec<String>,
}

/// Where a derived grant comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source<'a> {
    /// The entitlement.
    pub entitlement: &'a str,
    /// True when the principal holds it directly.
    pub is_direct: bool,
}

/// Where grants are kept while they are expanded.
///
/// [`expand`] reads all it needs before it writes, so an implementation may count on never being
/// read while it is being changed.
pub trait GrantStore {
    /// Why the store could not do what was asked.
    type Error;

    /// Hands over every grant that brings others, in any order.
    fn expandable(&mut self, each: &mut dyn FnMut(Expandable)) -> Result<(), Self::Error>;

    /// The resource that an entitlement is on; `None` when there is no such entitlement.
    fn resource_of(&mut self, entitlement: &str) -> Result<Option<ResourceId>, Self::Error>;

    /// Hands over every grant on an entitlement that has a number, in any order. Grants that only
    /// stand for principals of another system are nobody's: they are left out.
    fn holdings(
        &mut self,
        number_of: &dyn Fn(&str) -> Option<u32>,
        each: &mut dyn FnMut(u32, Holding<'_>),
    ) -> Result<(), Self::Error>;

    /// Makes a grant that comes from `sources`; those on one entitlement are made one after the
    /// other. False when another grant has its id already.
    fn create(
        &mut self,
        entitlement: &str,
        principal: &ResourceId,
        sources: &[Source<'_>],
    ) -> Result<bool, Self::Error>;

    /// Adds `sources` to a grant on `entitlement` that is there; one that names no source yet was
    /// given directly, and from now on says so. False when it said all that already.
    fn widen(
        &mut self,
        row: i64,
        entitlement: &str,
        sources: &[Source<'_>],
    ) -> Result<bool, Self::Error>;
}
