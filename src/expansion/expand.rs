//! The walk through the graph: sources before what they bring, each entitlement once.

use std::collections::BTreeMap;

use super::cycle::{Cycle, Entrants, Entry, Who};
use super::graph::Graph;
use super::holdings::{Held, Holdings, Principals};
use super::{GrantStore, Noted, Source};
use crate::components::Components;

/// What came of an expansion.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Expanded {
    /// Grants that bring others.
    pub expandable: u64,
    /// Pairs of entitlements of which the holders of one are brought to the other.
    pub edges: u64,
    /// Grants that were made.
    pub created: u64,
    /// Grants that were there and now say where else they come from.
    pub widened: u64,
    /// Edges that were left out because an end of theirs was not listed.
    #[serde(skip)]
    pub missing: Noted,
    /// Edges that were left out because their source is not on the principal of their grant.
    #[serde(skip)]
    pub mismatched: Noted,
    /// Groups of entitlements that bring each other.
    #[serde(skip)]
    pub cycles: Noted,
    /// Grants that could not be made because another one has their id.
    #[serde(skip)]
    pub taken: Noted,
}

/// Follows every grant that brings others, to any depth, and writes what comes of it.
///
/// The same grants come to the same end in whatever order they are stored, and expanding what was
/// expanded before changes nothing.
pub fn expand<S: GrantStore>(store: &mut S) -> Result<Expanded, S::Error> {
    let mut expanded = Expanded::default();
    let mut principals = Principals::default();
    let graph = Graph::read(store, &mut principals, &mut expanded)?;
    expanded.edges = graph.edge_count() as u64;
    if graph.edge_count() == 0 {
        return Ok(expanded);
    }
    let holdings = Holdings::read(store, &graph, &mut principals)?;
    let mut expansion = Expansion {
        store,
        awaited: graph.awaited(),
        holders: vec![Vec::new(); graph.len()],
        graph: &graph,
        holdings: &holdings,
        principals: &principals,
        expanded,
    };
    // Against the edges: so each component comes after all those that bring it something.
    let sources = |node: u32, at: usize| graph.edges_to(node).get(at).map(|edge| edge.source);
    for group in Components::of(graph.len(), sources).iter() {
        match group {
            [node] => expansion.one(*node)?,
            _ => expansion.cycle(group)?,
        }
    }
    Ok(expansion.expanded)
}

struct Expansion<'a, S> {
    store: &'a mut S,
    graph: &'a Graph,
    holdings: &'a Holdings,
    principals: &'a Principals,
    /// For how many entitlements the holders of each are still needed.
    awaited: Vec<u32>,
    /// Who holds each entitlement, while somebody needs to know.
    holders: Vec<Vec<Holder>>,
    expanded: Expanded,
}

/// A principal with whether it holds something directly, in four bytes.
#[derive(Clone, Copy)]
struct Holder(u32);

impl Holder {
    fn new(principal: u32, is_direct: bool) -> Self {
        Self(principal << 1 | u32::from(is_direct))
    }

    fn principal(self) -> u32 {
        self.0 >> 1
    }

    fn is_direct(self) -> bool {
        self.0 & 1 == 1
    }
}

/// A principal is brought to an entitlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Arrival {
    principal: u32,
    source: u32,
    is_direct: bool,
}

impl<S: GrantStore> Expansion<'_, S> {
    /// Brings an entitlement its holders.
    fn one(&mut self, node: u32) -> Result<(), S::Error> {
        if self.graph.has_edge(node, node) {
            let example = format!("`{}` brings itself", self.graph.id(node));
            self.expanded.cycles.note(example);
        }
        let arrivals = self.arrivals(node, &[node]);
        self.settle(node, arrivals)?;
        self.release(node);
        Ok(())
    }

    /// Brings entitlements that bring each other their holders.
    fn cycle(&mut self, nodes: &[u32]) -> Result<(), S::Error> {
        self.expanded.cycles.note(describe(self.graph, nodes));
        let mut arrivals: Vec<_> = nodes
            .iter()
            .map(|node| self.arrivals(*node, nodes))
            .collect();
        let mut entries = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            let entry = |is_direct, is_grounded| Entry {
                at,
                is_direct,
                is_grounded,
            };
            let held = self.holdings.of(*node).iter();
            entries.extend(
                held.map(|held| (held.principal, entry(held.is_direct(), held.is_grounded()))),
            );
            let brought = arrivals[at].iter();
            entries.extend(brought.map(|arrival| (arrival.principal, entry(false, true))));
        }
        let cycle = Cycle::of(self.graph, nodes);
        let mut owned: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (at, node) in nodes.iter().enumerate() {
            if let Some(owner) = self.holdings.owner(*node) {
                owned.entry(owner).or_default().push(at);
            }
        }
        let entrants = Entrants::of(entries, |principal| Who {
            of_type: self.principals.type_of(principal),
            owns: owned.get(&principal).cloned().unwrap_or_default(),
        });
        for (who, entries, principals) in entrants.ways() {
            for brought in cycle.brought(who, entries) {
                arrivals[brought.to].extend(principals.iter().map(|principal| Arrival {
                    principal: *principal,
                    source: nodes[brought.from],
                    is_direct: brought.is_direct,
                }));
            }
        }
        for (node, arrivals) in nodes.iter().zip(arrivals) {
            self.settle(*node, arrivals)?;
        }
        for node in nodes {
            self.release(*node);
        }
        Ok(())
    }

    /// Who is brought to an entitlement from outside of its group.
    fn arrivals(&self, node: u32, group: &[u32]) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        for edge in self.graph.edges_to(node) {
            if group.binary_search(&edge.source).is_ok() {
                continue;
            }
            for holder in &self.holders[edge.source as usize] {
                let principal = holder.principal();
                // Groups are not made members of themselves, and what they would hold for being
                // members of themselves they hold already.
                let owner = Some(principal);
                if owner == self.holdings.owner(node) || owner == self.holdings.owner(edge.source) {
                    continue;
                }
                let of_type = self.principals.type_of(principal);
                if edge.rule.brings(of_type, holder.is_direct()) {
                    arrivals.push(Arrival {
                        principal,
                        source: edge.source,
                        is_direct: holder.is_direct(),
                    });
                }
            }
        }
        arrivals
    }

    /// Writes what comes of the arrivals at an entitlement, and keeps who holds it now.
    fn settle(&mut self, node: u32, mut arrivals: Vec<Arrival>) -> Result<(), S::Error> {
        arrivals.sort_unstable();
        let mut held = by_principal(self.holdings.of(node), |held| held.principal).peekable();
        let mut brought = by_principal(&arrivals, |arrival| arrival.principal).peekable();
        let mut holders = Vec::new();
        loop {
            let principal = match (held.peek(), brought.peek()) {
                (Some(held), Some(brought)) => held[0].principal.min(brought[0].principal),
                (Some(held), None) => held[0].principal,
                (None, Some(brought)) => brought[0].principal,
                (None, None) => break,
            };
            let held = held.next_if(|held| held[0].principal == principal);
            let brought = brought.next_if(|brought| brought[0].principal == principal);
            let held = held.unwrap_or_default();
            self.write(node, principal, held, brought.unwrap_or_default())?;
            let is_direct = held.iter().any(|held| held.is_direct());
            holders.push(Holder::new(principal, is_direct));
        }
        if self.awaited[node as usize] > 0 {
            self.holders[node as usize] = holders;
        }
        Ok(())
    }

    /// Writes what comes of the arrivals of a principal at an entitlement.
    fn write(
        &mut self,
        node: u32,
        principal: u32,
        held: &[Held],
        brought: &[Arrival],
    ) -> Result<(), S::Error> {
        if brought.is_empty() {
            return Ok(());
        }
        let (graph, expanded) = (self.graph, &mut self.expanded);
        let entitlement = graph.id(node);
        let source = |arrival: &Arrival| Source {
            entitlement: graph.id(arrival.source),
            is_direct: arrival.is_direct,
        };
        let sources: Vec<_> = brought.iter().map(source).collect();
        for held in held {
            let changed = self.store.widen(held.row(), entitlement, &sources)?;
            expanded.widened += u64::from(changed);
        }
        if !held.is_empty() {
            return Ok(());
        }
        let principal = self.principals.id(principal);
        match self.store.create(entitlement, &principal, &sources)? {
            true => expanded.created += 1,
            false => {
                let example = format!("`{principal}` also holds `{entitlement}`");
                expanded.taken.note(example);
            }
        }
        Ok(())
    }

    /// Forgets the holders of entitlements that nobody waits for any more.
    fn release(&mut self, node: u32) {
        for edge in self.graph.edges_to(node) {
            let source = edge.source as usize;
            self.awaited[source] -= 1;
            if self.awaited[source] == 0 {
                self.holders[source] = Vec::new();
            }
        }
    }
}

/// Runs of items of one principal.
fn by_principal<T>(items: &[T], principal: fn(&T) -> u32) -> impl Iterator<Item = &[T]> {
    items.chunk_by(move |a, b| principal(a) == principal(b))
}

/// A cycle in words, with its first few members.
fn describe(graph: &Graph, nodes: &[u32]) -> String {
    const SHOWN: usize = 4;
    let names: Vec<_> = nodes
        .iter()
        .take(SHOWN)
        .map(|node| format!("`{}`", graph.id(*node)))
        .collect();
    let names = names.join(", ");
    match nodes.len() - nodes.len().min(SHOWN) {
        0 => format!("{names} bring each other"),
        more => format!("{names} and {more} more bring each other"),
    }
}
