//! A file → what is in it, as a tree to jump around in.

use lsp_types::{DocumentSymbol, SymbolKind};

use super::file::File;
use super::outline::{Entry, Step, Style};
use crate::diagnostic::Span;

/// Deeper than this, a tree says less than the file.
const DEEPEST: usize = 6;

/// The sections of a file, its resource types, their listings and entitlements, actions and tests.
pub(super) fn symbols(file: &File) -> Vec<DocumentSymbol> {
    below(file, None, 0)
}

fn below(file: &File, parent: Option<usize>, depth: usize) -> Vec<DocumentSymbol> {
    if depth >= DEEPEST {
        return Vec::new();
    }
    let children = file.outline.children(parent);
    children
        .filter_map(|(index, entry)| symbol(file, index, entry, depth))
        .collect()
}

fn symbol(file: &File, index: usize, entry: &Entry, depth: usize) -> Option<DocumentSymbol> {
    let named = |key: &str| {
        let found = file.outline.child(Some(index), key)?;
        Some(file.scalar(found)).filter(|text| !text.is_empty())
    };
    let name = match &entry.step {
        Step::Key(key) => key.clone(),
        Step::Item(number) => named("id")
            .or_else(|| named("name"))
            .or_else(|| named("entitlement_id"))
            .unwrap_or_else(|| format!("[{number}]")),
    };
    let is_below = |key: &str| {
        entry
            .parent
            .is_some_and(|at| file.outline.entries[at].named(key))
    };
    let kind = match &entry.step {
        _ if is_below("resource_types") => SymbolKind::CLASS,
        _ if is_below("actions") => SymbolKind::FUNCTION,
        _ if is_below("tests") => SymbolKind::EVENT,
        _ if is_below("static_entitlements") => SymbolKind::ENUM_MEMBER,
        _ if is_below("vars") => SymbolKind::VARIABLE,
        Step::Item(_) => SymbolKind::ARRAY,
        Step::Key(_) if depth == 0 => SymbolKind::MODULE,
        Step::Key(_) => SymbolKind::FIELD,
    };
    let children = below(file, Some(index), depth + 1);
    // Plain values would make the tree as long as the file.
    let is_value = children.is_empty() && entry.style != Style::Nothing;
    if is_value && depth > 0 && !is_below("vars") && !is_below("static_entitlements") {
        return None;
    }
    let end = end(file, index);
    let start = file.lines.position(entry.key.start);
    let range = lsp_types::Range::new(start, file.lines.position(end));
    #[expect(deprecated, reason = "the field cannot be left out")]
    Some(DocumentSymbol {
        name: if name.is_empty() {
            "\"\"".to_owned()
        } else {
            name
        },
        detail: named("display_name")
            .or_else(|| named("name"))
            .filter(|_| depth > 0),
        kind,
        tags: None,
        deprecated: None,
        range,
        selection_range: file
            .lines
            .range(Span::new(entry.key.start, entry.key.end.min(end))),
        children: (!children.is_empty()).then_some(children),
    })
}

/// The end of an entry, with everything under it.
fn end(file: &File, of: usize) -> usize {
    let last = file.outline.entries[of + 1..].iter().enumerate();
    let last = last
        .take_while(|(offset, _)| file.outline.ancestors(of + 1 + offset).any(|at| at == of))
        .last();
    let last = last.map_or(of, |(offset, _)| of + 1 + offset);
    let entry = &file.outline.entries[last];
    entry.value.end.max(entry.key.end)
}
