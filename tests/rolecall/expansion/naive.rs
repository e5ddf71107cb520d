//! What an expansion comes to, by the definition and without a thought for the cost.

use std::collections::{BTreeMap, BTreeSet};

use rolecall::model::{GrantExpansion, ResourceId};

use super::memory::{Memory, Row};

type Node = String;
type Held = BTreeSet<(Node, ResourceId)>;

struct Edge {
    from: Node,
    to: Node,
    expansion: GrantExpansion,
}

struct Naive<'m> {
    memory: &'m Memory,
    edges: Vec<Edge>,
}

/// All grants after an expansion, sorted.
pub fn expanded(memory: &Memory) -> Vec<Row> {
    let naive = Naive {
        memory,
        edges: edges(memory),
    };
    let grounded = naive.with_strays(naive.grounded());
    let all = memory
        .rows
        .iter()
        .map(|row| (row.entitlement.clone(), row.principal.clone()));
    let mut rows = memory.rows.clone();
    for (node, principal) in naive.closure(all.collect(), None) {
        let sources = naive.sources(&node, &principal, &grounded);
        if sources.is_empty() {
            continue;
        }
        let there = |row: &&mut Row| row.entitlement == node && row.principal == principal;
        let mut is_there = false;
        for row in rows.iter_mut().filter(there) {
            is_there = true;
            if row.sources.is_empty() {
                row.sources.insert(node.clone(), true);
            }
            for (source, is_direct) in &sources {
                *row.sources.entry(source.clone()).or_default() |= is_direct;
            }
        }
        if !is_there {
            rows.push(Row {
                id: format!("{node}:{principal}"),
                entitlement: node,
                principal,
                sources,
                is_new: true,
            });
        }
    }
    rows.sort();
    rows
}

fn edges(memory: &Memory) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (row, expansion) in &memory.expansions {
        let row = &memory.rows[*row];
        for source in &expansion.entitlement_ids {
            let on_principal = memory.entitlements.get(source) == Some(&row.principal);
            if on_principal && memory.entitlements.contains_key(&row.entitlement) {
                edges.push(Edge {
                    from: source.clone(),
                    to: row.entitlement.clone(),
                    expansion: expansion.clone(),
                });
            }
        }
    }
    edges
}

impl Naive<'_> {
    fn is_direct(&self, node: &Node, principal: &ResourceId) -> bool {
        self.memory.rows.iter().any(|row| {
            row.entitlement == *node
                && row.principal == *principal
                && (row.sources.is_empty() || row.sources.contains_key(node))
        })
    }

    fn passes(&self, edge: &Edge, principal: &ResourceId) -> bool {
        let types = &edge.expansion.resource_type_ids;
        let of_type = types.is_empty() || types.contains(&principal.resource_type);
        // Groups are not made members of themselves.
        let owner = |node| self.memory.entitlements.get(node) == Some(principal);
        let itself = owner(&edge.from) || owner(&edge.to);
        of_type && !itself && (!edge.expansion.shallow || self.is_direct(&edge.from, principal))
    }

    /// Whoever holds something, with what that brings; as if `without` did not exist.
    fn closure(&self, mut held: Held, without: Option<&Node>) -> Held {
        held.retain(|(node, _)| Some(node) != without);
        loop {
            let mut more = Held::new();
            for (node, principal) in &held {
                for edge in self.edges.iter().filter(|edge| edge.from == *node) {
                    let brought = (edge.to.clone(), principal.clone());
                    let is_new = Some(&edge.to) != without && !held.contains(&brought);
                    if is_new && self.passes(edge, principal) {
                        more.insert(brought);
                    }
                }
            }
            if more.is_empty() {
                return held;
            }
            held.extend(more);
        }
    }

    /// What is held for a reason outside of the graph.
    fn grounded(&self) -> Held {
        let explained = |row: &Row, source: &Node| {
            let mut edges = self.edges.iter();
            edges.any(|edge| edge.from == *source && edge.to == row.entitlement)
        };
        let rows = self.memory.rows.iter().filter(|row| {
            row.sources.is_empty()
                || row.sources.contains_key(&row.entitlement)
                || row.sources.keys().any(|source| !explained(row, source))
        });
        rows.map(|row| (row.entitlement.clone(), row.principal.clone()))
            .collect()
    }

    fn leads(&self, from: &Node, to: &Node) -> bool {
        let mut reached = BTreeSet::from([from.clone()]);
        while let Some(edge) = self
            .edges
            .iter()
            .find(|edge| reached.contains(&edge.from) && !reached.contains(&edge.to))
        {
            reached.insert(edge.to.clone());
        }
        reached.contains(to)
    }

    /// Adds what nothing explains and what is there nevertheless, from the beginning of the graph.
    fn with_strays(&self, mut grounded: Held) -> Held {
        loop {
            let explained = self.closure(grounded.clone(), None);
            let rows = self.memory.rows.iter();
            let strays: Held = rows
                .map(|row| (row.entitlement.clone(), row.principal.clone()))
                .filter(|held| !explained.contains(held))
                .collect();
            if strays.is_empty() {
                return grounded;
            }
            let first = strays.iter().filter(|(node, principal)| {
                !strays.iter().any(|(other, of)| {
                    of == principal && self.leads(other, node) && !self.leads(node, other)
                })
            });
            grounded.extend(first.cloned());
        }
    }

    /// From where a principal is brought to `node`: what it would hold without that.
    fn sources(
        &self,
        node: &Node,
        principal: &ResourceId,
        grounded: &Held,
    ) -> BTreeMap<Node, bool> {
        let of_one = grounded.iter().filter(|(_, of)| of == principal);
        let without = self.closure(of_one.cloned().collect(), Some(node));
        let mut sources = BTreeMap::new();
        for edge in self.edges.iter().filter(|edge| edge.to == *node) {
            let holds = without.contains(&(edge.from.clone(), principal.clone()));
            if holds && self.passes(edge, principal) {
                sources.insert(edge.from.clone(), self.is_direct(&edge.from, principal));
            }
        }
        sources
    }
}
