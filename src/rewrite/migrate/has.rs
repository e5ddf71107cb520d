//! `has(.x)`, which other connectors of the language refuse.

use std::sync::LazyLock;

use regex::Regex;

use super::Migration;
use super::sections::Document;
use crate::config::{Dialect, Node, NodeValue};
use crate::diagnostic::{Edit, Span};

/// Keys below which no expression stands.
const OTHERS: &[&str] = &["connect", "query", "queries", "validation_queries", "tests"];

/// Every `has` that asks for a column by its dot.
pub(super) fn find(document: &Document<'_>) -> Vec<Migration> {
    let mut found = Vec::new();
    if document.dialect == Dialect::Sql {
        below(document, document.root, &mut found);
    }
    found
}

fn below(document: &Document<'_>, node: &Node, found: &mut Vec<Migration>) {
    match &node.value {
        NodeValue::Null => {}
        NodeValue::Scalar { .. } => found.extend(scalar(document, node.span)),
        NodeValue::List(items) => items.iter().for_each(|item| below(document, item, found)),
        NodeValue::Map(entries) => {
            for (key, node) in entries {
                if !OTHERS.contains(&key.text.as_str()) {
                    below(document, node, found);
                }
            }
        }
    }
}

fn scalar(document: &Document<'_>, span: Span) -> Option<Migration> {
    static ASKS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\bhas\(\s*(\.)[A-Za-z_]\w*\s*\)").expect("a pattern"));
    let written = &document.text()[span.start..span.end];
    let dots = ASKS.captures_iter(written).filter_map(|found| found.get(1));
    let edits: Vec<_> = dots
        .map(|dot| Edit::insert(span.start + dot.start(), "cols"))
        .collect();
    let reason = "`has(.x)` works here alone: baton-sql wants `has(cols.x)`";
    (!edits.is_empty()).then(|| document.migration(span, reason, edits))
}
