//! Traits: below `traits` in files of databases, each a field of its own in files of APIs.

use super::Migration;
use super::sections::{Brings, Document, entry};
use super::text::{column, flow_end, is_flow};
use crate::config::{Dialect, Key, Node, NodeValue};
use crate::diagnostic::{Edit, Span};

const KINDS: &[(&str, &str)] = &[
    ("user", "user_traits"),
    ("group", "group_traits"),
    ("role", "role_traits"),
    ("app", "app_traits"),
];

/// Every trait that is written as in files of the other language.
pub(super) fn find(document: &Document<'_>) -> Vec<Migration> {
    let listings = document.listings().into_iter();
    let listings = listings.filter(|listing| listing.brings == Brings::Resources);
    let mappings = listings.flat_map(|listing| match document.dialect {
        Dialect::Sql => listing.mappings(),
        // Those under `map` move first.
        Dialect::Http => {
            let response = listing.node.get("response");
            let mapping = response.and_then(|response| response.get("resource_mapping"));
            mapping.into_iter().collect()
        }
    });
    let found = mappings.filter_map(|mapping| match document.dialect {
        Dialect::Sql => nested(document, mapping),
        Dialect::Http => flat(document, mapping),
    });
    found.collect()
}

/// `user_traits: …` → `traits: {user: …}`.
fn nested(document: &Document<'_>, mapping: &Node) -> Option<Migration> {
    let text = document.text();
    if mapping.get("traits").is_some() {
        return None;
    }
    let written = KINDS.iter().filter_map(|(kind, name)| {
        let (_, key, value) = entry(mapping, name)?;
        Some((*kind, key, value))
    });
    let mut written: Vec<_> = written.collect();
    let ((kind, key, value), true) = (written.pop()?, written.is_empty()) else {
        return None;
    };
    let edits = match value.as_map()? {
        [] => return None,
        _ if is_flow(text, value) => {
            let end = flow_end(text, value.span.start)?;
            vec![
                Edit::replace(key.span, "traits"),
                Edit::insert(value.span.start, format!("{{{kind}: ")),
                Edit::insert(end, "}"),
            ]
        }
        _ => {
            // The mapping below keeps its place, so what is new stands between it and the key.
            let between = column(text, key.span.start) + 1;
            if column(text, value.span.start) <= between || is_flow(text, mapping) {
                return None;
            }
            let indent = " ".repeat(between);
            vec![Edit::replace(key.span, format!("traits:\n{indent}{kind}"))]
        }
    };
    let reason = format!("traits stand below `traits` in files of databases: `traits.{kind}`");
    Some(document.migration(key.span, reason, edits))
}

/// `traits: {user: …}` → `user_traits: …`.
fn flat(document: &Document<'_>, mapping: &Node) -> Option<Migration> {
    let text = document.text();
    let (_, key, traits) = entry(mapping, "traits")?;
    let [(kind, value)] = traits.as_map()? else {
        return None;
    };
    let (_, name) = KINDS.iter().find(|(known, _)| *known == kind.text)?;
    if value.value == NodeValue::Null || mapping.get(name).is_some() {
        return None;
    }
    let mut edits = vec![Edit::replace(between(text, key, kind)?, *name)];
    if is_flow(text, traits) {
        let end = flow_end(text, traits.span.start)?;
        edits.push(Edit::replace(Span::new(end - 1, end), ""));
    }
    let reason = format!("files of APIs call it `{name}`");
    Some(document.migration(key.span, reason, edits))
}

/// From the beginning of one key to the end of the one right below it.
fn between(text: &str, key: &Key, below: &Key) -> Option<Span> {
    let middle = text.get(key.span.end..below.span.start)?;
    let nothing_else = middle
        .chars()
        .all(|c| c.is_whitespace() || matches!(c, ':' | '{'));
    nothing_else.then(|| Span::new(key.span.start, below.span.end))
}
