//! An expansion comes to what its definition says, whatever the graph.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use rolecall::model::{GrantExpansion, ResourceId, ResourceTypeId};

use super::memory::Memory;
use super::naive;

fn group(number: usize) -> ResourceId {
    ResourceId::new("group", format!("g{number}"))
}

fn user(number: usize) -> ResourceId {
    ResourceId::new("user", format!("u{number}"))
}

fn expansion(sources: &[&str], shallow: bool, types: &[&str]) -> GrantExpansion {
    GrantExpansion {
        entitlement_ids: sources.iter().map(|id| (*id).to_owned()).collect(),
        shallow,
        resource_type_ids: types.iter().map(|id| ResourceTypeId::new(*id)).collect(),
    }
}

fn assert_as_defined(memory: &Memory) -> Memory {
    let mut once = memory.clone();
    once.expand();
    let expected = naive::expanded(memory);
    assert_eq!(once.sorted(), expected, "{memory:#?}");
    once
}

fn assert_idempotent(once: &Memory) {
    let mut twice = once.clone();
    let again = twice.expand();
    assert_eq!((again.created, again.widened), (0, 0), "{once:#?}");
    assert_eq!(twice.sorted(), once.sorted());
}

/// Every way to connect `nodes` groups, each edge being one of `kinds` or absent, with one user for
/// every way to be a member of some of them.
fn all_graphs(nodes: usize, kinds: usize) {
    let pairs: Vec<_> = (0..nodes * nodes)
        .map(|pair| (pair / nodes, pair % nodes))
        .filter(|(from, to)| from != to)
        .collect();
    let mut graphs = 0;
    for number in 0..(kinds + 1).pow(pairs.len() as u32) {
        let mut memory = Memory::default();
        let members: Vec<_> = (0..nodes)
            .map(|n| memory.entitlement(&group(n), "member"))
            .collect();
        let mut rest = number;
        for (from, to) in &pairs {
            let kind = rest % (kinds + 1);
            rest /= kinds + 1;
            if kind > 0 {
                let row = memory.grant(&members[*to], &group(*from));
                let expansion = expansion(&[&members[*from]], kind == 2, &["user"]);
                memory.expansions.push((row, expansion));
            }
        }
        for placed in 0..1 << nodes {
            for (node, member) in members.iter().enumerate() {
                if placed >> node & 1 == 1 {
                    memory.grant(member, &user(placed));
                }
            }
        }
        assert_idempotent(&assert_as_defined(&memory));
        graphs += 1;
    }
    assert!(graphs > 700);
}

#[test]
fn every_graph_of_three_groups_with_deep_and_shallow_edges() {
    all_graphs(3, 2);
}

#[test]
fn every_graph_of_four_groups() {
    all_graphs(4, 1);
}

/// A graph of a few groups, roles and users, with all there can be wrong with it. `derived`: some
/// grants say already where they come from.
pub fn any_graph(derived: bool) -> impl Strategy<Value = Memory> {
    let principals = || {
        let groups = (0..5).map(group);
        let others = [user(0), user(1), ResourceId::new("bot", "u0")];
        select(groups.chain(others).collect::<Vec<_>>())
    };
    let slugs = || select(vec!["member", "owner"]);
    let target = || (0..6usize, slugs());
    let grant = (target(), principals(), vec((target(), any::<bool>()), 0..3));
    let types = subsequence(vec!["user", "bot", "group", "other"], 0..3);
    let edge = (
        (0..5usize, target()),
        vec(slugs(), 1..3),
        any::<bool>(),
        types,
        0..12usize,
    );
    (vec(grant, 0..12), vec(edge, 0..10)).prop_map(move |(grants, edges)| {
        let mut memory = Memory::default();
        let id = |(number, slug): (usize, &str)| format!("{}:{slug}", group(number));
        for number in 0..5 {
            memory.entitlement(&group(number), "member");
            if number < 3 {
                memory.entitlement(&group(number), "owner");
            }
        }
        let mut seen = BTreeMap::new();
        for (target, principal, sources) in grants {
            let of = (id(target), principal);
            let row = *seen
                .entry(of.clone())
                .or_insert_with(|| memory.grant(&of.0, &of.1));
            if derived {
                let sources = sources.into_iter();
                memory.rows[row].sources = sources.map(|(of, direct)| (id(of), direct)).collect();
            }
        }
        for (number, ((from, target), sources, shallow, types, wrong)) in
            edges.into_iter().enumerate()
        {
            // Some name a source on another resource.
            let on = if wrong == 0 { from + 1 } else { from };
            let sources: Vec<_> = sources.into_iter().map(|slug| id((on, slug))).collect();
            let sources: Vec<_> = sources.iter().map(String::as_str).collect();
            let of = (id(target), group(from));
            let row = memory.grant(&of.0, &of.1);
            if seen.contains_key(&of) || wrong == 1 {
                // A second grant of the same principal on the same entitlement.
                memory.rows[row].id.push_str(&format!(" again {number}"));
            } else {
                seen.insert(of, row);
            }
            memory
                .expansions
                .push((row, expansion(&sources, shallow, &types)));
        }
        memory
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_graph_expands_as_defined(memory in any_graph(true)) {
        assert_as_defined(&memory);
    }

    #[test]
    fn expanding_again_changes_nothing(memory in any_graph(false)) {
        assert_idempotent(&assert_as_defined(&memory));
    }

    #[test]
    fn the_order_of_grants_does_not_matter(memory in any_graph(true), moves in vec((any::<Index>(), any::<Index>()), 1..20)) {
        let mut shuffled = memory.clone();
        for (one, other) in moves {
            if shuffled.rows.is_empty() { break; }
            let (one, other) = (one.index(shuffled.rows.len()), other.index(shuffled.rows.len()));
            shuffled.rows.swap(one, other);
            for (row, _) in &mut shuffled.expansions {
                if *row == one { *row = other } else if *row == other { *row = one }
            }
            shuffled.expansions.reverse();
        }
        let mut memory = memory;
        let found = memory.expand();
        prop_assert_eq!(shuffled.expand(), found);
        prop_assert_eq!(shuffled.sorted(), memory.sorted());
        // New grants are even made in the same order.
        let made = |memory: &Memory| memory.rows.iter().filter(|row| row.is_new).map(|row| row.id.clone()).collect::<Vec<_>>();
        prop_assert_eq!(made(&shuffled), made(&memory));
    }
}
