//! Entitlements that bring each other → who is brought from which to which.
//!
//! Whoever holds one of them may come to hold all. What a grant comes from is told without going
//! round: a source of a grant is one that the principal holds, or would hold, without that grant.
//! If it were otherwise, a membership of `a` that brings `b` that brings `a` would come from
//! itself, and reading that it also comes from `b`, one would revoke it in vain.

use std::collections::{BTreeMap, HashMap};

use super::graph::Graph;
use super::rule::{Rule, TypeNumber};

/// A group of entitlements that bring each other, numbered from 0.
pub(super) struct Cycle<'g> {
    /// From each: to which, and who.
    from: Vec<Vec<(usize, &'g Rule)>>,
    /// To each: from which, and who.
    to: Vec<Vec<(usize, &'g Rule)>>,
}

/// What matters of a principal in a cycle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Who {
    pub of_type: TypeNumber,
    /// The entitlements of the cycle that are on the principal itself: it is brought neither to
    /// them nor from them.
    pub owns: Vec<usize>,
}

/// How a principal comes into the cycle at one of its entitlements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// The entitlement, by its number in the cycle.
    pub at: usize,
    /// It was given directly.
    pub is_direct: bool,
    /// It is held whatever the cycle brings. Otherwise it is a grant that was derived before,
    /// inside of the cycle.
    pub is_grounded: bool,
}

/// A principal is brought from one entitlement of the cycle to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Brought {
    pub from: usize,
    pub to: usize,
    pub is_direct: bool,
}

impl<'g> Cycle<'g> {
    /// The cycle of these entitlements, which are sorted.
    pub fn of(graph: &'g Graph, nodes: &[u32]) -> Self {
        let mut from = vec![Vec::new(); nodes.len()];
        let mut to = vec![Vec::new(); nodes.len()];
        for (target, node) in nodes.iter().enumerate() {
            for edge in graph.edges_to(*node) {
                if let Ok(source) = nodes.binary_search(&edge.source)
                    && source != target
                {
                    from[source].push((target, &edge.rule));
                    to[target].push((source, &edge.rule));
                }
            }
        }
        Self { from, to }
    }

    /// Where a principal that comes in at `entries`, which are sorted, is brought. Takes time for
    /// what is reached, not for the whole cycle.
    pub fn brought(&self, who: &Who, entries: &[Entry]) -> Vec<Brought> {
        let others = entries.iter().filter(|entry| !who.owns.contains(&entry.at));
        let mut way = Way {
            cycle: self,
            who,
            entries: others.copied().collect(),
        };
        let mut reached = way.reached();
        let is_stray = |entry: &Entry| !entry.is_grounded && !reached.rank.contains_key(&entry.at);
        if way.entries.iter().any(is_stray) {
            // Grants that nothing explains are there nevertheless.
            for entry in &mut way.entries {
                entry.is_grounded |= is_stray(entry);
            }
            reached = way.reached();
        }
        way.brought(&reached)
    }
}

/// The way of one principal through a cycle.
struct Way<'c, 'g> {
    cycle: &'c Cycle<'g>,
    who: &'c Who,
    /// Where the principal comes in, sorted.
    entries: Vec<Entry>,
}

/// The entitlements that a principal comes to.
struct Reached {
    /// In an order in which each comes after one that leads to it: a reversed post-order.
    order: Vec<usize>,
    /// The place of each in the order. From here on, entitlements are known by it.
    rank: HashMap<usize, usize>,
}

/// What stands before all entitlements, where every way begins.
const OUTSIDE: usize = usize::MAX;
const UNKNOWN: usize = usize::MAX - 1;

impl Way<'_, '_> {
    fn entry(&self, at: usize) -> Option<&Entry> {
        let found = self.entries.binary_search_by_key(&at, |entry| entry.at);
        found.ok().map(|found| &self.entries[found])
    }

    fn is_direct(&self, at: usize) -> bool {
        self.entry(at).is_some_and(|entry| entry.is_direct)
    }

    fn passes(&self, from: usize, to: usize, rule: &Rule) -> bool {
        !self.who.owns.contains(&to) && rule.brings(self.who.of_type, self.is_direct(from))
    }

    fn reached(&self) -> Reached {
        let mut rank = HashMap::new();
        let mut order = Vec::new();
        let mut path: Vec<(usize, usize)> = Vec::new();
        for start in self.entries.iter().filter(|entry| entry.is_grounded) {
            if rank.insert(start.at, 0).is_none() {
                path.push((start.at, 0));
            }
            while let Some((at, next)) = path.last_mut() {
                let at = *at;
                let Some((to, rule)) = self.cycle.from[at].get(*next) else {
                    order.push(at);
                    path.pop();
                    continue;
                };
                *next += 1;
                if !rank.contains_key(to) && self.passes(at, *to, rule) {
                    rank.insert(*to, 0);
                    path.push((*to, 0));
                }
            }
        }
        order.reverse();
        rank.extend(order.iter().enumerate().map(|(place, at)| (*at, place)));
        Reached { order, rank }
    }

    fn brought(&self, reached: &Reached) -> Vec<Brought> {
        let steps: Vec<Vec<usize>> = reached
            .order
            .iter()
            .map(|to| self.steps_to(*to, reached))
            .collect();
        let gates = self.gates(reached, &steps);
        let mut brought = Vec::new();
        for (to, steps) in steps.iter().enumerate() {
            for from in steps.iter().filter(|from| !is_behind(**from, to, &gates)) {
                let from = reached.order[*from];
                brought.push(Brought {
                    from,
                    to: reached.order[to],
                    is_direct: self.is_direct(from),
                });
            }
        }
        brought
    }

    /// From where the principal comes to an entitlement, by rank.
    fn steps_to(&self, to: usize, reached: &Reached) -> Vec<usize> {
        let steps = self.cycle.to[to].iter().filter_map(|(from, rule)| {
            let rank = reached.rank.get(from)?;
            self.passes(*from, to, rule).then_some(*rank)
        });
        steps.collect()
    }

    /// The last entitlement through which every way to each of them leads, by rank: its immediate
    /// dominator, by the algorithm of Cooper, Harvey and Kennedy.
    fn gates(&self, reached: &Reached, steps: &[Vec<usize>]) -> Vec<usize> {
        let mut gates = vec![UNKNOWN; steps.len()];
        let mut has_changed = true;
        while has_changed {
            has_changed = false;
            for (at, steps) in steps.iter().enumerate() {
                let entry = self.entry(reached.order[at]);
                let mut gate = match entry.is_some_and(|entry| entry.is_grounded) {
                    true => OUTSIDE,
                    false => UNKNOWN,
                };
                for from in steps.iter().filter(|from| gates[**from] != UNKNOWN) {
                    gate = match gate {
                        UNKNOWN => *from,
                        gate => common(gate, *from, &gates),
                    };
                }
                has_changed |= gates[at] != gate;
                gates[at] = gate;
            }
        }
        gates
    }
}

/// The last gate before both.
fn common(mut one: usize, mut other: usize, gates: &[usize]) -> usize {
    while one != other {
        if one == OUTSIDE || other == OUTSIDE {
            return OUTSIDE;
        }
        match one > other {
            true => one = gates[one],
            false => other = gates[other],
        }
    }
    one
}

/// Whether every way to `at` leads through `gate`.
fn is_behind(mut at: usize, gate: usize, gates: &[usize]) -> bool {
    while at != OUTSIDE && at > gate {
        at = gates[at];
    }
    at == gate
}

/// Principals that come into a cycle, those together that come in the same way.
#[derive(Default)]
pub(super) struct Entrants {
    ways: BTreeMap<(Who, Vec<Entry>), Vec<u32>>,
}

impl Entrants {
    /// Sorts out who comes in how. `entries` are pairs of a principal and where it comes in, in any
    /// order and possibly several of one place.
    pub fn of(mut entries: Vec<(u32, Entry)>, who: impl Fn(u32) -> Who) -> Self {
        entries.sort_unstable();
        let mut entrants = Self::default();
        for of_one in entries.chunk_by(|a, b| a.0 == b.0) {
            let mut merged: Vec<Entry> = Vec::new();
            for (_, entry) in of_one {
                match merged.last_mut() {
                    Some(last) if last.at == entry.at => {
                        last.is_direct |= entry.is_direct;
                        last.is_grounded |= entry.is_grounded;
                    }
                    _ => merged.push(*entry),
                }
            }
            let principal = of_one[0].0;
            let way = (who(principal), merged);
            entrants.ways.entry(way).or_default().push(principal);
        }
        entrants
    }

    /// Who comes in how, and the principals for which that is so.
    pub fn ways(&self) -> impl Iterator<Item = (&Who, &[Entry], &[u32])> {
        let ways = self.ways.iter();
        ways.map(|((who, entries), principals)| (who, &**entries, &**principals))
    }
}
