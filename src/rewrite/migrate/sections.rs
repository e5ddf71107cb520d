//! The parts of a connector that old shapes are about.

use crate::config::{Dialect, Key, Node, NodeValue};
use crate::diagnostic::{Edit, SourceFile, Span};

use super::Migration;

/// A connector file that is brought up to date.
pub(super) struct Document<'d> {
    pub file: &'d SourceFile,
    pub root: &'d Node,
    pub dialect: Dialect,
}

/// What a listing brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brings {
    Resources,
    Entitlements,
    Grants,
}

/// A `list`, or an entry of `entitlements` or `grants`.
pub(super) struct Listing<'d> {
    pub brings: Brings,
    pub node: &'d Node,
}

impl<'d> Document<'d> {
    pub fn text(&self) -> &'d str {
        self.file.text()
    }

    /// The resource types.
    pub fn types(&self) -> impl Iterator<Item = &'d Node> + use<'d> {
        let types = self.root.get("resource_types").and_then(Node::as_map);
        types.unwrap_or_default().iter().map(|(_, node)| node)
    }

    /// Everything that lists.
    pub fn listings(&self) -> Vec<Listing<'d>> {
        let mut found = Vec::new();
        let sections = [
            ("list", Brings::Resources),
            ("entitlements", Brings::Entitlements),
            ("grants", Brings::Grants),
        ];
        for of_type in self.types() {
            for (key, brings) in sections {
                let section = of_type.get(key).into_iter();
                let entries = section.flat_map(one_or_many);
                found.extend(entries.map(|node| Listing { brings, node }));
            }
        }
        found
    }

    pub fn migration(&self, at: Span, reason: impl Into<String>, edits: Vec<Edit>) -> Migration {
        Migration {
            line: self.file.line_column(at.start).0,
            reason: reason.into(),
            edits,
        }
    }
}

impl<'d> Listing<'d> {
    /// Its mappings, under whatever name.
    pub fn mappings(&self) -> Vec<&'d Node> {
        let response = self.node.get("response");
        let in_response = match self.brings {
            Brings::Resources => "resource_mapping",
            Brings::Entitlements => "entitlement_mapping",
            Brings::Grants => "grant_mapping",
        };
        let own = ["map", "mapping"].map(|key| self.node.get(key));
        let own = own.into_iter().flatten();
        let all = own.chain(response.and_then(|response| response.get(in_response)));
        all.flat_map(one_or_many).collect()
    }
}

/// One node, or those of a list.
pub(super) fn one_or_many(node: &Node) -> &[Node] {
    match &node.value {
        NodeValue::List(items) => items,
        NodeValue::Null => &[],
        _ => std::slice::from_ref(node),
    }
}

/// The entry of a mapping, with its key and its place.
pub(super) fn entry<'d>(map: &'d Node, name: &str) -> Option<(usize, &'d Key, &'d Node)> {
    let entries = map.as_map()?.iter().enumerate();
    let mut named = entries.filter(|(_, (key, _))| key.text == name);
    named.next().map(|(index, (key, node))| (index, key, node))
}
