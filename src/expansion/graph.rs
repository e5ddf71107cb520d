//! Grants that bring others → a graph of entitlements, without the edges that cannot be.

use std::collections::BTreeMap;

use super::holdings::Principals;
use super::interner::Interner;
use super::rule::Rule;
use super::{Expandable, Expanded, GrantStore};
use crate::model::ResourceId;

/// Entitlements, numbered in the order of their ids, and who is brought where. Whatever order the
/// grants came in, the same grants make the same graph.
pub(super) struct Graph {
    ids: Vec<String>,
    /// The resource that each is on.
    resources: Vec<ResourceId>,
    /// All edges, sorted by destination, then by source.
    edges: Vec<Edge>,
    /// Where the edges to each destination end.
    ends: Vec<usize>,
}

/// Holders of `source` hold the destination too.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub source: u32,
    pub rule: Rule,
}

impl Graph {
    /// Reads the graph, and counts in `expanded` what is left out of it.
    pub fn read<S: GrantStore>(
        store: &mut S,
        principals: &mut Principals,
        expanded: &mut Expanded,
    ) -> Result<Self, S::Error> {
        let mut found: Vec<Found> = Vec::new();
        let mut ids = Interner::default();
        store.expandable(&mut |expandable| {
            let mut sources = expandable.expansion.entitlement_ids.clone();
            sources.retain(|id| !id.trim().is_empty());
            sources.sort_unstable();
            sources.dedup();
            if !sources.is_empty() {
                found.push(Found {
                    destination: ids.intern(expandable.entitlement.as_bytes()),
                    sources: sources.iter().map(|id| ids.intern(id.as_bytes())).collect(),
                    expandable,
                });
            }
        })?;
        let mut listed = Vec::with_capacity(ids.len());
        for number in 0..ids.len() {
            listed.push(store.resource_of(text(&ids, number as u32))?);
        }
        expanded.expandable = found.len() as u64;

        let mut edges: BTreeMap<(&str, &str), Rule> = BTreeMap::new();
        for found in &found {
            for source in &found.sources {
                if !found.is_sound(*source, &ids, &listed, expanded) {
                    continue;
                }
                let expansion = &found.expandable.expansion;
                let types = expansion.resource_type_ids.iter();
                let types = types
                    .map(|of| principals.type_number(of.as_str()))
                    .collect();
                let key = (text(&ids, found.destination), text(&ids, *source));
                edges.entry(key).or_default().add(expansion.shallow, types);
            }
        }
        let resource_of = |id: &str| {
            let number = ids.find(id.as_bytes());
            let resource = number.and_then(|number| listed[number as usize].clone());
            resource.expect("an edge between entitlements that were not listed is left out")
        };
        Ok(Self::of(edges, resource_of))
    }

    fn of(rules: BTreeMap<(&str, &str), Rule>, resource_of: impl Fn(&str) -> ResourceId) -> Self {
        let mut ids: Vec<&str> = rules.keys().flat_map(|(to, from)| [*to, *from]).collect();
        ids.sort_unstable();
        ids.dedup();
        let number = |id| ids.binary_search(&id).expect("it is one of them") as u32;
        let mut ends = vec![0; ids.len()];
        let mut edges = Vec::with_capacity(rules.len());
        for ((to, from), rule) in rules {
            edges.push(Edge {
                source: number(from),
                rule,
            });
            ends[number(to) as usize] = edges.len();
        }
        // Those to which nothing leads end where the one before them does.
        for at in 1..ends.len() {
            ends[at] = ends[at].max(ends[at - 1]);
        }
        Self {
            resources: ids.iter().map(|id| resource_of(id)).collect(),
            ids: ids.into_iter().map(str::to_owned).collect(),
            edges,
            ends,
        }
    }

    /// How many entitlements there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// How many edges there are.
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }

    /// The id of an entitlement.
    pub fn id(&self, node: u32) -> &str {
        &self.ids[node as usize]
    }

    /// The resource that each entitlement is on.
    pub fn resources(&self) -> &[ResourceId] {
        &self.resources
    }

    /// The number of an entitlement that is in the graph.
    pub fn number(&self, id: &str) -> Option<u32> {
        let found = self.ids.binary_search_by(|known| known.as_str().cmp(id));
        found.ok().map(|number| number as u32)
    }

    /// The edges to an entitlement, sorted by their sources.
    pub fn edges_to(&self, node: u32) -> &[Edge] {
        let node = node as usize;
        let start = node.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.edges[start..self.ends[node]]
    }

    /// Whether holders of `source` may be brought to `node`.
    pub fn has_edge(&self, source: u32, node: u32) -> bool {
        let edges = self.edges_to(node);
        edges
            .binary_search_by_key(&source, |edge| edge.source)
            .is_ok()
    }

    /// How many entitlements wait for the holders of each.
    pub fn awaited(&self) -> Vec<u32> {
        let mut awaited = vec![0; self.len()];
        for edge in &self.edges {
            awaited[edge.source as usize] += 1;
        }
        awaited
    }
}

/// A grant that brings others, with its entitlements by number.
struct Found {
    destination: u32,
    sources: Vec<u32>,
    expandable: Expandable,
}

impl Found {
    /// Whether an edge can be: both its ends were listed, and the source is on the principal.
    fn is_sound(
        &self,
        source: u32,
        ids: &Interner,
        listed: &[Option<ResourceId>],
        expanded: &mut Expanded,
    ) -> bool {
        let Expandable {
            grant, principal, ..
        } = &self.expandable;
        let source_id = text(ids, source);
        if listed[self.destination as usize].is_none() {
            let example = format!("`{grant}` brings an entitlement that was not listed");
            expanded.missing.note(example);
            return false;
        }
        let Some(on) = &listed[source as usize] else {
            let example =
                format!("`{grant}` brings the holders of `{source_id}`, which was not listed");
            expanded.missing.note(example);
            return false;
        };
        if on != principal {
            let example = format!(
                "`{grant}` brings the holders of `{source_id}`, which is on `{on}`, not on \
                 `{principal}`"
            );
            expanded.mismatched.note(example);
            return false;
        }
        true
    }
}

fn text(ids: &Interner, number: u32) -> &str {
    std::str::from_utf8(ids.text(number)).expect("only texts were interned")
}
