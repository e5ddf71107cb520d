//! Edges → the circles among them. Nodes are numbers: a graph of a million edges takes a few dozen
//! megabytes, whatever its nodes are called.

/// A directed graph.
pub(super) struct Graph {
    /// The numbers of the nodes, sorted; elsewhere nodes go by their place here.
    nodes: Vec<i64>,
    /// Where the targets of each node begin in `targets`, and one more for their end.
    starts: Vec<u32>,
    targets: Vec<u32>,
}

const UNSEEN: u32 = u32::MAX;

impl Graph {
    /// Takes edges between any numbers.
    pub fn of(mut edges: Vec<(i64, i64)>) -> Self {
        edges.sort_unstable();
        edges.dedup();
        let mut nodes: Vec<i64> = edges.iter().flat_map(|(from, to)| [*from, *to]).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let place = |node: i64| nodes.binary_search(&node).unwrap_or_default() as u32;
        let mut starts = vec![0; nodes.len() + 1];
        let mut targets = Vec::with_capacity(edges.len());
        for (from, to) in edges {
            starts[place(from) as usize + 1] += 1;
            targets.push(place(to));
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Self {
            nodes,
            starts,
            targets,
        }
    }

    /// One circle for each set of nodes that reach each other, the shortest through its first node,
    /// in the order of these.
    pub fn circles(&self) -> Vec<Vec<i64>> {
        let component = self.components();
        let mut size = vec![0u32; self.nodes.len()];
        for of in &component {
            size[*of as usize] += 1;
        }
        let mut told = vec![false; self.nodes.len()];
        let mut circles = Vec::new();
        for node in 0..self.nodes.len() as u32 {
            let of = component[node as usize] as usize;
            if !told[of] && (size[of] > 1 || self.targets_of(node).contains(&node)) {
                // Nodes of this set that come later belong to the circle that is told now.
                told[of] = true;
                let is_inside = |other: u32| component[other as usize] as usize == of;
                let circle = self.circle_through(node, is_inside);
                circles.push(
                    circle
                        .into_iter()
                        .map(|at| self.nodes[at as usize])
                        .collect(),
                );
            }
        }
        circles
    }

    fn targets_of(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.targets[self.starts[node] as usize..self.starts[node + 1] as usize]
    }

    /// The nodes of the shortest way from `start` back to it.
    fn circle_through(&self, start: u32, is_inside: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut came_from = std::collections::HashMap::new();
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for &target in self.targets_of(node) {
                if target == start {
                    let mut circle = vec![node];
                    while let Some(before) = came_from.get(&circle[circle.len() - 1]) {
                        circle.push(*before);
                    }
                    circle.reverse();
                    return circle;
                }
                if is_inside(target) && !came_from.contains_key(&target) {
                    came_from.insert(target, node);
                    queue.push_back(target);
                }
            }
        }
        vec![start]
    }

    /// For each node the number of its strongly connected component.
    ///
    /// Tarjan's algorithm with a stack of its own: chains may be longer than the thread's stack.
    fn components(&self) -> Vec<u32> {
        let count = self.nodes.len();
        let (mut order, mut low) = (vec![UNSEEN; count], vec![UNSEEN; count]);
        let mut component = vec![UNSEEN; count];
        let (mut seen, mut components) = (0, 0);
        let (mut open, mut path) = (Vec::new(), Vec::new());
        for root in 0..count as u32 {
            if order[root as usize] != UNSEEN {
                continue;
            }
            path.push((root, 0));
            while let Some((node, next)) = path.pop() {
                let at = node as usize;
                if next == 0 {
                    (order[at], low[at]) = (seen, seen);
                    seen += 1;
                    open.push(node);
                }
                let targets = self.targets_of(node);
                if let Some(&target) = targets.get(next) {
                    path.push((node, next + 1));
                    let to = target as usize;
                    if order[to] == UNSEEN {
                        path.push((target, 0));
                    } else if component[to] == UNSEEN {
                        low[at] = low[at].min(order[to]);
                    }
                    continue;
                }
                if low[at] == order[at] {
                    while let Some(member) = open.pop() {
                        component[member as usize] = components;
                        if member == node {
                            break;
                        }
                    }
                    components += 1;
                }
                if let Some((parent, _)) = path.last() {
                    let parent = *parent as usize;
                    low[parent] = low[parent].min(low[at]);
                }
            }
        }
        component
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(edges: &[(i64, i64)]) -> Vec<Vec<i64>> {
        Graph::of(edges.to_vec()).circles()
    }

    #[test]
    fn each_set_of_nodes_that_reach_each_other_is_one_circle() {
        let none: [Vec<i64>; 0] = [];
        assert_eq!(circles(&[]), none);
        assert_eq!(circles(&[(1, 2), (2, 3), (1, 3), (1, 2)]), none);
        assert_eq!(circles(&[(7, 7)]), [[7]]);
        assert_eq!(circles(&[(1, 2), (2, 1)]), [[1, 2]]);
        let two = [(5, -1), (-1, 9), (9, 5), (9, 3), (3, 4), (4, 3), (4, 8)];
        assert_eq!(circles(&two), [vec![-1, 9, 5], vec![3, 4]]);
        // The short way round, where there is a long one too.
        assert_eq!(circles(&[(1, 2), (2, 3), (3, 1), (2, 1)]), [[1, 2]]);
        assert_eq!(circles(&[(1, 2), (2, 2)]), [[2]]);
    }

    /// Against the plain meaning of the word: who can reach itself is on a circle.
    #[test]
    fn circles_are_where_nodes_reach_themselves() {
        let mut seed = 1u64;
        for _ in 0..300 {
            let mut next = |below: u64| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                ((seed >> 33) % below) as i64
            };
            let edges: Vec<_> = (0..next(14)).map(|_| (next(8), next(8))).collect();
            let mut reach = [[false; 8]; 8];
            for (from, to) in &edges {
                reach[*from as usize][*to as usize] = true;
            }
            for via in 0..8 {
                for from in 0..8 {
                    for to in 0..8 {
                        reach[from][to] |= reach[from][via] && reach[via][to];
                    }
                }
            }
            let same = |one: usize, other: usize| reach[one][other] && reach[other][one];
            let firsts: Vec<_> = (0..8usize)
                .filter(|node| same(*node, *node) && !(0..*node).any(|other| same(other, *node)))
                .map(|node| node as i64)
                .collect();
            let found = circles(&edges);
            assert_eq!(
                found.iter().map(|circle| circle[0]).collect::<Vec<_>>(),
                firsts
            );
            for circle in found {
                let next = circle.iter().cycle().skip(1);
                for (from, to) in circle.iter().zip(next) {
                    assert!(edges.contains(&(*from, *to)), "{edges:?} {circle:?}");
                }
            }
        }
    }

    #[test]
    fn a_long_chain_does_not_fill_the_stack() {
        let mut edges: Vec<_> = (0..200_000).map(|node| (node, node + 1)).collect();
        assert_eq!(circles(&edges).len(), 0);
        edges.push((200_000, 0));
        assert_eq!(circles(&edges)[0].len(), 200_001);
    }
}
