//! A graph → its strongly connected components: nodes that lead to each other, in one piece.
//!
//! Nodes are numbers from 0, so a graph of a million edges takes a few dozen megabytes, whatever its
//! nodes are called.

/// The components of a graph. Most have one node.
pub(crate) struct Components {
    nodes: Vec<u32>,
    ends: Vec<usize>,
}

const UNSEEN: u32 = u32::MAX;

impl Components {
    /// Finds the components of a graph of so many nodes; `next` gives the first, second … node that a
    /// node leads to. By Tarjan's algorithm on a stack of our own, for ways may be longer than a
    /// thread's stack is deep. Each component comes after all those that it leads to.
    pub fn of(count: usize, next_of: impl Fn(u32, usize) -> Option<u32>) -> Self {
        let mut components = Self {
            nodes: Vec::with_capacity(count),
            ends: Vec::new(),
        };
        let mut search = Search {
            order: vec![UNSEEN; count],
            low: vec![0; count],
            seen: 0,
            open: Vec::new(),
            is_open: vec![false; count],
        };
        let mut path: Vec<(u32, usize)> = Vec::new();
        for root in 0..count as u32 {
            if search.order[root as usize] == UNSEEN {
                search.enter(root);
                path.push((root, 0));
            }
            while let Some((node, next)) = path.last_mut() {
                let node = *node;
                if let Some(target) = next_of(node, *next) {
                    *next += 1;
                    if search.order[target as usize] == UNSEEN {
                        search.enter(target);
                        path.push((target, 0));
                    } else if search.is_open[target as usize] {
                        search.lower(node, search.order[target as usize]);
                    }
                    continue;
                }
                path.pop();
                if let Some((parent, _)) = path.last() {
                    search.lower(*parent, search.low[node as usize]);
                }
                if search.low[node as usize] == search.order[node as usize] {
                    components.close(&mut search, node);
                }
            }
        }
        components
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

    /// The components, each sorted.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let component = &self.nodes[start..*end];
            start = *end;
            component
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
