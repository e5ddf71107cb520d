//! A place in a connector file → its path there: `resource_types.user.list.map.id`.

use std::sync::Arc;

use crate::config::{Node, NodeValue, Path, parse_tree};
use crate::diagnostic::{SourceFile, Span};

/// The paths of a file's scalars.
#[derive(Debug)]
pub struct Places(Vec<(Span, String)>);

impl Places {
    /// Reads the paths of a file. Of one that cannot be read, there are none.
    pub fn of(file: &Arc<SourceFile>) -> Self {
        let mut places = Vec::new();
        if let Some(root) = parse_tree(file, &mut Vec::new()) {
            below(&root, &mut Path::default(), &mut places);
        }
        Self(places)
    }

    /// The path of a scalar. What an alias shares stands at several: the one below `near` is taken,
    /// where there is one.
    pub fn path(&self, span: Span, near: &str) -> Option<&str> {
        let mut all = self.0.iter().filter(|(place, _)| *place == span);
        let first = all.clone().next();
        let found = all.find(|(_, path)| path.starts_with(near)).or(first);
        found.map(|(_, path)| path.as_str())
    }
}

fn below(node: &Node, path: &mut Path, places: &mut Vec<(Span, String)>) {
    match &node.value {
        NodeValue::Null => {}
        NodeValue::Scalar { .. } => places.push((node.span, path.to_string())),
        NodeValue::List(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(format!("[{index}]"));
                below(item, path, places);
                path.pop();
            }
        }
        NodeValue::Map(entries) => {
            for (key, value) in entries {
                path.push(key.text.as_str());
                below(value, path, places);
                path.pop();
            }
        }
    }
}
