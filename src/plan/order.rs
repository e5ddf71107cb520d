//! The order in which types are listed: what a type depends on comes first.

use std::collections::BTreeMap;

use crate::config::resource_type::ResourceTypeConfig;
use crate::config::{CompileContext, Key};
use crate::diagnostic::Diagnostic;

/// The parent of each child type: its own `parent_type`, or the type that names it in
/// `child_types`.
pub(super) fn parents<'c>(
    types: &[(&'c Key, &'c ResourceTypeConfig)],
) -> BTreeMap<&'c str, &'c str> {
    let mut parents = BTreeMap::new();
    for (key, config) in types {
        for child in &config.child_types {
            parents.insert(child.text.as_str(), key.text.as_str());
        }
    }
    for (key, config) in types {
        if let Some(parent) = &config.parent_type {
            parents.insert(key.text.as_str(), parent.text.as_str());
        }
    }
    parents
}

/// Sorts type indexes so that parents and dependencies come first; ties keep the order of the ids,
/// so that the same file always runs in the same order. Cycles are noted, naming the way around.
pub(super) fn order(
    types: &[(&Key, &ResourceTypeConfig)],
    parents: &BTreeMap<&str, &str>,
    cx: &mut CompileContext,
) -> Option<Vec<usize>> {
    let index_of: BTreeMap<&str, usize> = types
        .iter()
        .enumerate()
        .map(|(index, (key, _))| (key.text.as_str(), index))
        .collect();
    let mut visit = Visit {
        types,
        parents,
        index_of: &index_of,
        state: vec![State::New; types.len()],
        order: Vec::new(),
    };
    for index in index_of.values() {
        if let Err(mut way) = visit.visit(*index) {
            way.reverse();
            let (key, _) = types[index_of[way[0].as_str()]];
            let at = cx.at(key.span);
            let message = format!(
                "resource types wait for each other: `{}`",
                way.join("` → `")
            );
            cx.note(
                Diagnostic::error("type-cycle", at, message)
                    .help("remove one `parent_type` or `depends_on` of the circle"),
            );
            return None;
        }
    }
    Some(visit.order)
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

struct Visit<'v> {
    types: &'v [(&'v Key, &'v ResourceTypeConfig)],
    parents: &'v BTreeMap<&'v str, &'v str>,
    index_of: &'v BTreeMap<&'v str, usize>,
    state: Vec<State>,
    order: Vec<usize>,
}

impl Visit<'_> {
    /// Depth first. The error is the circle, from its end to its start.
    fn visit(&mut self, index: usize) -> Result<(), Vec<String>> {
        let (key, config) = self.types[index];
        match self.state[index] {
            State::Done => return Ok(()),
            State::Open => return Err(vec![key.text.clone()]),
            State::New => self.state[index] = State::Open,
        }
        let parent = self.parents.get(key.text.as_str()).copied();
        let needs = parent
            .into_iter()
            .chain(config.depends_on.iter().map(|name| name.text.as_str()));
        for need in needs.filter_map(|name| self.index_of.get(name).copied()) {
            self.visit(need).map_err(|mut way| {
                // Stop growing once the circle is closed.
                if way.len() < 2 || way.first() != way.last() {
                    way.push(key.text.clone());
                }
                way
            })?;
        }
        self.state[index] = State::Done;
        self.order.push(index);
        Ok(())
    }
}
