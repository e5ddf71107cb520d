//! A graph → the order in which to walk it: sources before what they bring, cycles in one piece.

use super::graph::Graph;

/// Entitlements that can be walked one group after the other. Those of one group bring each other;
/// most groups have one member.
pub(super) struct Walk {
    nodes: Vec<u32>,
    ends: Vec<usize>,
}

const UNSEEN: u32 = u32::MAX;

impl Walk {
    /// Finds the groups: the strongly connected components, by Tarjan's algorithm on a stack of our
    /// own, for groups in groups may be nested deeper than a thread's stack. Walked against the
    /// edges, it ends each component after all those that lead to it.
    pub fn of(graph: &Graph) -> Self {
        let mut walk = Self {
            nodes: Vec::with_capacity(graph.len()),
            ends: Vec::new(),
        };
        let mut search = Search {
            order: vec![UNSEEN; graph.len()],
            low: vec![0; graph.len()],
            seen: 0,
            open: Vec::new(),
            is_open: vec![false; graph.len()],
        };
        let mut path: Vec<(u32, usize)> = Vec::new();
        for root in 0..graph.len() as u32 {
            if search.order[root as usize] == UNSEEN {
                search.enter(root);
                path.push((root, 0));
            }
            while let Some((node, next)) = path.last_mut() {
                let node = *node;
                if let Some(edge) = graph.edges_to(node).get(*next) {
                    *next += 1;
                    let source = edge.source;
                    if search.order[source as usize] == UNSEEN {
                        search.enter(source);
                        path.push((source, 0));
                    } else if search.is_open[source as usize] {
                        search.lower(node, search.order[source as usize]);
                    }
                    continue;
                }
                path.pop();
                if let Some((parent, _)) = path.last() {
                    search.lower(*parent, search.low[node as usize]);
                }
                if search.low[node as usize] == search.order[node as usize] {
                    walk.close(&mut search, node);
                }
            }
        }
        walk
    }

    /// Takes the component that was entered at `node`.
    fn close(&mut self, search: &mut Search, node: u32) {
        let start = self.nodes.len();
        while let Some(member) = search.open.pop() {
            search.is_open[member as usize] = false;
            self.nodes.push(member);
            if member == node {
                break;
            }
        }
        self.nodes[start..].sort_unstable();
        self.ends.push(self.nodes.len());
    }

    /// The groups, each sorted.
    pub fn groups(&self) -> impl Iterator<Item = &[u32]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let group = &self.nodes[start..*end];
            start = *end;
            group
        })
    }
}

/// Where the search stands.
struct Search {
    /// When each node was entered.
    order: Vec<u32>,
    /// The earliest open node that is known to be reached from each.
    low: Vec<u32>,
    seen: u32,
    /// Entered nodes whose component is not closed yet.
    open: Vec<u32>,
    is_open: Vec<bool>,
}

impl Search {
    fn enter(&mut self, node: u32) {
        self.order[node as usize] = self.seen;
        self.low[node as usize] = self.seen;
        self.seen += 1;
        self.open.push(node);
        self.is_open[node as usize] = true;
    }

    fn lower(&mut self, node: u32, to: u32) {
        let low = &mut self.low[node as usize];
        *low = (*low).min(to);
    }
}
