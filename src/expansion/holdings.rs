//! Stored grants on the entitlements of a graph → who holds each, by number.

use super::graph::Graph;
use super::interner::Interner;
use super::rule::TypeNumber;
use super::{GrantStore, Holding};
use crate::model::ResourceId;

/// Principals by number, and resource types by theirs.
#[derive(Default)]
pub(super) struct Principals {
    types: Interner,
    /// The number of the type, then the id.
    keys: Interner,
    /// The number of a principal by its rank in the order of types and ids, once all are known.
    ranked: Vec<u32>,
}

/// Bytes of a type's number.
const TYPE: usize = size_of::<TypeNumber>();

impl Principals {
    /// The number of a type.
    pub fn type_number(&mut self, of_type: &str) -> TypeNumber {
        self.types.intern(of_type.as_bytes())
    }

    fn intern(&mut self, holding: &Holding) -> u32 {
        let of_type = self.type_number(holding.principal_type);
        self.keys.intern(&key(of_type, holding.principal))
    }

    /// The number of a principal that is a resource.
    fn find(&self, resource: &ResourceId) -> Option<u32> {
        let of_type = self
            .types
            .find(resource.resource_type.as_str().as_bytes())?;
        self.keys.find(&key(of_type, &resource.id))
    }

    fn split(&self, number: u32) -> (TypeNumber, &[u8]) {
        let (of_type, id) = self.keys.text(number).split_at(TYPE);
        let of_type = of_type.try_into().expect("a key begins with a type");
        (TypeNumber::from_le_bytes(of_type), id)
    }

    /// Orders the principals; returns the rank of each. From now on they are known by it.
    fn rank(&mut self) -> Vec<u32> {
        let mut types: Vec<TypeNumber> = (0..self.types.len() as u32).collect();
        types.sort_unstable_by_key(|number| self.types.text(*number));
        let type_ranks = inverse(&types);
        let mut ranked: Vec<u32> = (0..self.keys.len() as u32).collect();
        ranked.sort_unstable_by_key(|number| {
            let (of_type, id) = self.split(*number);
            (type_ranks[of_type as usize], id)
        });
        self.ranked = ranked;
        inverse(&self.ranked)
    }

    /// The type of the principal of a rank.
    pub fn type_of(&self, rank: u32) -> TypeNumber {
        self.split(self.ranked[rank as usize]).0
    }

    /// The principal of a rank.
    pub fn id(&self, rank: u32) -> ResourceId {
        let (of_type, id) = self.split(self.ranked[rank as usize]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        ResourceId::new(text(self.types.text(of_type)), text(id))
    }
}

fn key(of_type: TypeNumber, id: &str) -> Vec<u8> {
    [&of_type.to_le_bytes(), id.as_bytes()].concat()
}

/// The place of each number in an order.
fn inverse(ranked: &[u32]) -> Vec<u32> {
    let mut ranks = vec![0; ranked.len()];
    for (rank, number) in ranked.iter().enumerate() {
        ranks[*number as usize] = rank as u32;
    }
    ranks
}

/// A stored grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    node: u32,
    /// By rank.
    pub principal: u32,
    /// The row, then two bits.
    row: i64,
}

const DIRECT: i64 = 1;
const GROUNDED: i64 = 2;

impl Held {
    /// Where the grant is stored.
    pub fn row(self) -> i64 {
        self.row >> 2
    }

    /// True when it was given directly.
    pub fn is_direct(self) -> bool {
        self.row & DIRECT != 0
    }

    /// False when all that the grant says it comes from is in the graph, so that it is derived
    /// again where it is still true.
    pub fn is_grounded(self) -> bool {
        self.row & GROUNDED != 0
    }
}

/// Stored grants, sorted by entitlement, principal and row.
pub(super) struct Holdings {
    held: Vec<Held>,
    /// Where those of each entitlement end.
    ends: Vec<usize>,
    /// The principal that is the resource of each entitlement, when it is a principal.
    owners: Vec<Option<u32>>,
}

impl Holdings {
    /// Reads the grants on the entitlements of a graph, and orders the principals.
    pub fn read<S: GrantStore>(
        store: &mut S,
        graph: &Graph,
        principals: &mut Principals,
    ) -> Result<Self, S::Error> {
        let mut held = Vec::new();
        store.holdings(&|id| graph.number(id), &mut |node, holding| {
            // Nobody's grant must not be taken for everybody's.
            if holding.principal.is_empty() {
                return;
            }
            held.push(Held {
                node,
                principal: principals.intern(&holding),
                row: holding.row << 2 | flags(graph, node, &holding.sources),
            });
        })?;
        let resources = graph.resources().iter();
        let owners: Vec<_> = resources.map(|on| principals.find(on)).collect();
        let ranks = principals.rank();
        for held in &mut held {
            held.principal = ranks[held.principal as usize];
        }
        held.sort_unstable();
        let ends = (0..graph.len() as u32)
            .map(|node| held.partition_point(|held| held.node <= node))
            .collect();
        let rank = |number| ranks[number as usize];
        let owners = owners.into_iter().map(|owner| owner.map(rank)).collect();
        Ok(Self { held, ends, owners })
    }

    /// The principal that is the resource of an entitlement, when it holds anything.
    pub fn owner(&self, node: u32) -> Option<u32> {
        self.owners[node as usize]
    }

    /// The grants on an entitlement, by principal.
    pub fn of(&self, node: u32) -> &[Held] {
        let node = node as usize;
        let start = node.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.held[start..self.ends[node]]
    }
}

/// A grant that names no source was given directly, and so was one that names its own entitlement.
fn flags(graph: &Graph, node: u32, sources: &[String]) -> i64 {
    let own = graph.id(node);
    if sources.is_empty() || sources.iter().any(|source| source == own) {
        return DIRECT | GROUNDED;
    }
    let in_graph = |source: &String| {
        let number = graph.number(source);
        number.is_some_and(|source| graph.has_edge(source, node))
    };
    match sources.iter().all(in_graph) {
        true => 0,
        false => GROUNDED,
    }
}
