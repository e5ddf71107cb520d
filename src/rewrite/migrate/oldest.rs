//! `map` of the oldest files of APIs, in which bare text is CEL → the mapping of `response`, with
//! `cel:`.

use super::Migration;
use super::sections::{Brings, Document, Listing, entry};
use super::text::{column, end, is_flow, line_end, line_start, remove};
use crate::config::{Dialect, Node, NodeValue, is_bare_word};
use crate::diagnostic::{Edit, Span, apply_edits};

/// Fields of mappings that are no expressions.
const LITERAL: &[&str] = &["grantable_to", "immutable", "shallow", "provisioning"];

/// Every mapping that belongs into its `response`.
pub(super) fn find(document: &Document<'_>) -> Vec<Migration> {
    if document.dialect != Dialect::Http {
        return Vec::new();
    }
    let listings = document.listings().into_iter();
    listings
        .filter_map(|listing| moved(document, &listing))
        .collect()
}

fn moved(document: &Document<'_>, listing: &Listing<'_>) -> Option<Migration> {
    let text = document.text();
    let (index, key, map) = entry(listing.node, "map")?;
    let name = match listing.brings {
        Brings::Resources => "resource_mapping",
        Brings::Entitlements => "entitlement_mapping",
        Brings::Grants => "grant_mapping",
    };
    let (_, _, response) = entry(listing.node, "response")?;
    if response.get(name).is_some() || response.as_map()?.is_empty() {
        return None;
    }
    let mut edits = Vec::new();
    mark(text, map, &mut edits);
    let (map_end, response_end) = (end(text, map)?, end(text, response)?);
    let into = match (is_flow(text, map), is_flow(text, response)) {
        (true, true) => {
            let marked = within(text, Span::new(map.span.start, map_end), &edits);
            Edit::insert(response_end - 1, format!(", {name}: {marked}"))
        }
        (true, false) => {
            let marked = within(text, Span::new(map.span.start, map_end), &edits);
            let indent = " ".repeat(column(text, response.span.start));
            let at = line_end(text, response_end);
            Edit::insert(at, format!("\n{indent}{name}: {marked}"))
        }
        (false, false) => {
            let lines = Span::new(line_start(text, map.span.start), line_end(text, map_end));
            let marked = within(text, lines, &edits);
            let wanted = column(text, response.span.start) + 2;
            let marked = at_column(&marked, column(text, map.span.start), wanted);
            let indent = " ".repeat(wanted - 2);
            let at = line_end(text, response_end);
            Edit::insert(at, format!("\n{indent}{name}:\n{marked}"))
        }
        (false, true) => return None,
    };
    let reason =
        format!("mappings of APIs stand in `response.{name}`, where `cel:` marks expressions");
    let gone = remove(text, listing.node, index)?;
    Some(document.migration(key.span, reason, vec![into, gone]))
}

/// Marks every expression that is bare.
fn mark(text: &str, node: &Node, edits: &mut Vec<Edit>) {
    match &node.value {
        NodeValue::Null => {}
        NodeValue::Scalar { text: said, .. } => {
            let marked = said.starts_with("cel:") || said.starts_with("tmpl:");
            let word = is_bare_word(said) && !matches!(said.as_str(), "true" | "false");
            if !marked && !word && !said.is_empty() {
                let quoted = text[node.span.start..].starts_with(['"', '\'']);
                let at = node.span.start + usize::from(quoted);
                edits.push(Edit::insert(at, "cel:"));
            }
        }
        NodeValue::List(items) => items.iter().for_each(|item| mark(text, item, edits)),
        NodeValue::Map(entries) => {
            for (key, node) in entries {
                if !LITERAL.contains(&key.text.as_str()) {
                    mark(text, node, edits);
                }
            }
        }
    }
}

/// A stretch of the text with edits made in it.
fn within(text: &str, span: Span, edits: &[Edit]) -> String {
    let moved = edits.iter().map(|edit| {
        let start = edit.span.start - span.start;
        Edit::insert(start, edit.text.as_str())
    });
    apply_edits(&text[span.start..span.end], &moved.collect::<Vec<_>>())
}

/// Lines that began at one column, at another.
fn at_column(lines: &str, from: usize, to: usize) -> String {
    let moved = lines.lines().map(|line| match line.trim().is_empty() {
        true => String::new(),
        false => {
            let indent = line.len() - line.trim_start().len();
            let indent = (indent + to).saturating_sub(from);
            format!("{}{}", " ".repeat(indent), line.trim_start())
        }
    });
    moved.collect::<Vec<_>>().join("\n")
}
