//! Placeholders of queries: `?<name|option>`.

use lsp_types::CompletionItemKind;

use super::{Offer, Wanted};
use crate::diagnostic::Span;
use crate::editor::{names, words};

/// Names after `?<`, and options after `|`.
pub(super) fn offers(wanted: &Wanted<'_>, query: usize, written: Span) -> Vec<Offer> {
    let file = wanted.file;
    let before = &file.text()[written.start.min(wanted.at)..wanted.at];
    let Some(open) = before.rfind("?<") else {
        return Vec::new();
    };
    let inside = &before[open + 2..];
    if !inside
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '|'))
    {
        return Vec::new();
    }
    // What the closing bracket would be behind.
    let rest = &file.text()[wanted.at..];
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let close = match rest[end..].chars().next() {
        Some('>' | '|') => "",
        _ => ">",
    };
    if let Some((_, option)) = inside.split_once('|') {
        let over = Span::new(wanted.at - option.len(), wanted.at + end);
        let options = words::OPTIONS.iter().map(|(name, doc)| {
            Offer::new(*name, CompletionItemKind::KEYWORD, over)
                .writes(format!("{name}{close}"))
                .doc(Some(*doc))
        });
        return options.collect();
    }
    let over = Span::new(wanted.at - inside.len(), wanted.at + end);
    let mut known: Vec<String> = Vec::new();
    let mut offers = Vec::new();
    for (_, name, entry) in names::placeholders(file, query) {
        if known.contains(&name) {
            continue;
        }
        let found = &file.outline.entries[entry];
        let value = match found.is_scalar() && !found.named("name") {
            true => file.scalar(entry),
            false => String::new(),
        };
        offers.push(
            Offer::new(&name, CompletionItemKind::VARIABLE, over)
                .writes(format!("{name}{close}"))
                .detail(value),
        );
        known.push(name);
    }
    if is_paged(wanted, query) {
        let paging = words::PAGING.iter().map(|(name, doc)| {
            Offer::new(*name, CompletionItemKind::KEYWORD, over)
                .writes(format!("{name}{close}"))
                .detail("paging")
                .doc(Some(*doc))
        });
        offers.extend(paging);
    }
    offers
}

/// Only listings are paged.
fn is_paged(wanted: &Wanted<'_>, query: usize) -> bool {
    let file = wanted.file;
    let step = file.outline.entries[query].parent;
    file.shapes().of(step).declares("pagination")
}
