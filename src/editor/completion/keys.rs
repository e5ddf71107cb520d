//! Keys: those that the language has there and that are not written yet, and those that the author's
//! own words suggest.

use lsp_types::CompletionItemKind;

use super::Offer;
use crate::diagnostic::Span;
use crate::editor::file::File;
use crate::editor::names;
use crate::editor::outline::Style;
use crate::editor::shape::{Field, Opening};
use crate::editor::words;

/// Keys of the mapping of `parent`; `entry` is the one whose key the cursor is in.
pub(super) fn offers(
    file: &File,
    parent: Option<usize>,
    written: Span,
    entry: Option<usize>,
) -> Vec<Offer> {
    let is_flow = parent.is_some_and(|parent| file.outline.entries[parent].style == Style::FlowMap);
    let is_new = !file.text()[written.end..]
        .trim_start_matches(' ')
        .starts_with(':');
    let siblings: Vec<&str> = file
        .outline
        .children(parent)
        .filter(|(index, _)| Some(*index) != entry)
        .filter_map(|(_, sibling)| match &sibling.step {
            crate::editor::outline::Step::Key(key) => Some(key.as_str()),
            crate::editor::outline::Step::Item(_) => None,
        })
        .collect();
    let indent = super::indentation(&file.outline, parent, file.text(), written.start) + 2;
    let tail = |opening: Opening| match (is_new, is_flow, opening) {
        (false, _, _) => String::new(),
        (true, true, _) | (true, false, Opening::Scalar) => ": ".to_owned(),
        (true, false, Opening::Map) => format!(":\n{}", " ".repeat(indent)),
        (true, false, Opening::List) => format!(":\n{}- ", " ".repeat(indent)),
    };
    let fields = file.shapes().fields(parent);
    let is_there = |field: &Field| siblings.contains(&field.name);
    let mut offers: Vec<Offer> = fields
        .iter()
        .filter(|field| !is_there(field))
        .map(|field| {
            let detail = match (field.required, field.older) {
                (true, _) => "required",
                (false, true) => "older name",
                (false, false) => "",
            };
            Offer::new(field.name, CompletionItemKind::FIELD, written)
                .writes(format!("{}{}", field.name, tail(field.shape.opening())))
                .detail(detail)
                .doc(field.shape.doc)
                .older(field.older)
        })
        .collect();
    if fields.is_empty() {
        offers.extend(suggested(file, parent, written, &siblings, &tail));
    }
    offers
}

/// Keys that the author chooses, where something that is written already needs them.
fn suggested(
    file: &File,
    parent: Option<usize>,
    written: Span,
    siblings: &[&str],
    tail: &dyn Fn(Opening) -> String,
) -> Vec<Offer> {
    let Some(parent) = parent else {
        return Vec::new();
    };
    let around = &file.outline.entries[parent];
    if !around.named("vars") {
        return Vec::new();
    }
    // The placeholders of the queries that these values are for.
    let mut found: Vec<String> = Vec::new();
    for (index, entry) in file.outline.entries.iter().enumerate() {
        let is_near = file
            .outline
            .ancestors(index)
            .any(|at| Some(at) == around.parent);
        if !entry.is_scalar() || !is_near || around.parent.is_none() {
            continue;
        }
        for (at, _) in file.text()[entry.value.start..entry.value.end].match_indices("?<") {
            let rest = &file.text()[entry.value.start + at + 2..entry.value.end];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            let name = rest[..end.unwrap_or(rest.len())].to_owned();
            let is_paging = words::PAGING.iter().any(|(known, _)| *known == name);
            let is_elsewhere = names::placeholders(file, index)
                .iter()
                .any(|(_, known, _)| *known == name);
            let is_known = is_paging || is_elsewhere || siblings.contains(&name.as_str());
            if !name.is_empty() && !is_known && !found.contains(&name) {
                found.push(name);
            }
        }
    }
    let offers = found.into_iter().map(|name| {
        let text = format!("{name}{}", tail(Opening::Scalar));
        Offer::new(name, CompletionItemKind::VARIABLE, written)
            .writes(text)
            .detail("a placeholder without a value")
    });
    offers.collect()
}
