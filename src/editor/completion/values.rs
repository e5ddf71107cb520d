//! Values of closed sets, kinds, and names that mean something elsewhere in the file.

use lsp_types::CompletionItemKind;

use super::Offer;
use crate::config::Dialect;
use crate::diagnostic::Span;
use crate::editor::file::{File, Language};
use crate::editor::names::{self, ENTITLEMENT_FIELDS, TYPE_FIELDS};
use crate::editor::outline::{Step, Style};
use crate::editor::shape::Opening;
use crate::source::sql::documented_dialects;

/// Words for the value of an entry.
pub(super) fn offers(
    file: &File,
    entry: usize,
    written: Span,
    language: Language,
    at: usize,
) -> Vec<Offer> {
    let offers = words(file, entry, written, language, at);
    let found = &file.outline.entries[entry];
    let is_empty = matches!(found.step, Step::Key(_)) && found.style == Style::Nothing;
    match is_empty && file.shapes().of(Some(entry)).opening() == Opening::List {
        true => offers.into_iter().map(Offer::into_list).collect(),
        false => offers,
    }
}

fn words(file: &File, entry: usize, written: Span, language: Language, at: usize) -> Vec<Offer> {
    let raw = &file.text()[written.start..at.max(written.start)];
    let is_bare = !raw.starts_with(['"', '\'']) || language == Language::Plain;
    let over = match raw.starts_with(['"', '\'']) {
        true => names::inside_quotes(file, entry),
        false => written,
    };
    let shape = file.shapes().single(entry);
    let words: Vec<(&str, Option<&str>)> = match kinds(file, entry) {
        Some(kinds) => kinds
            .into_iter()
            .map(|(name, doc)| (name, Some(doc)))
            .collect(),
        None => shape
            .words()
            .into_iter()
            .map(|word| (word.text, word.doc))
            .collect(),
    };
    let words = words
        .into_iter()
        .map(|(word, doc)| Offer::new(word, CompletionItemKind::ENUM_MEMBER, over).doc(doc));
    let mut offers: Vec<Offer> = words.collect();
    let key = file.outline.key(entry);
    let (quoted, inside) = within_text(raw, language);
    let over = match quoted {
        true => Span::new(at - inside, at),
        false => over,
    };
    if !is_bare && !quoted {
        return offers;
    }
    let is_word = raw
        .chars()
        .all(|c| c.is_alphanumeric() || "_-\"'".contains(c))
        || quoted;
    if TYPE_FIELDS.contains(&key) && is_word {
        let listed = siblings(file, entry);
        let types = names::resource_types(file).into_iter();
        let types = types.filter(|(name, _)| !listed.contains(name));
        offers.extend(types.map(|(name, found)| {
            let label = file.outline.child(Some(found), "name");
            let label = label.map(|label| file.scalar(label)).unwrap_or_default();
            Offer::new(name, CompletionItemKind::CLASS, over).detail(label)
        }));
    }
    if ENTITLEMENT_FIELDS.contains(&key)
        && is_word
        && let Some(of) = file.resource_type(entry)
    {
        let ids = names::static_entitlements(file, &of).into_iter();
        offers.extend(ids.map(|(id, found)| {
            let item = file.outline.entries[found].parent;
            let label = file.outline.child(item, "display_name");
            let label = label.map(|label| file.scalar(label)).unwrap_or_default();
            Offer::new(id, CompletionItemKind::ENUM_MEMBER, over).detail(label)
        }));
    }
    let around = file.outline.entries[entry].parent;
    let is_scheme = key == "scheme" && around.is_some_and(|at| file.outline.key(at) == "connect");
    if is_scheme && file.dialect != Some(Dialect::Http) {
        let dialects = documented_dialects().into_iter();
        offers.extend(dialects.map(|dialect| {
            Offer::new(dialect.scheme, CompletionItemKind::ENUM_MEMBER, over)
                .doc(Some(dialect.description))
        }));
    }
    if offers.is_empty() && is_word {
        let examples = shape.examples.into_iter();
        offers.extend(
            examples.map(|text| {
                Offer::new(text, CompletionItemKind::VALUE, over).detail("for example")
            }),
        );
    }
    offers
}

/// True for an item of a list of mappings that has no key yet.
pub(super) fn is_new_item(file: &File, entry: usize) -> bool {
    let found = &file.outline.entries[entry];
    matches!(found.step, Step::Item(_)) && matches!(found.style, Style::Nothing | Style::Plain)
}

/// Whether the cursor is in a text of an expression, and how many bytes of the text stand before it.
fn within_text(raw: &str, language: Language) -> (bool, usize) {
    if language != Language::Cel {
        return (false, 0);
    }
    // The quotes of the scalar itself do not count.
    let program = match raw.chars().next() {
        Some('"') => &raw[1..],
        _ => raw,
    };
    let mut open = None;
    for (at, character) in program.char_indices() {
        match open {
            Some((quote, _)) if quote == character => open = None,
            None if matches!(character, '\'' | '"') => open = Some((character, at)),
            _ => {}
        }
    }
    match open {
        Some((_, start)) => (true, program.len() - start - 1),
        None => (false, 0),
    }
}

/// What each kind is for, where the value selects one.
fn kinds(file: &File, entry: usize) -> Option<Vec<(&'static str, &'static str)>> {
    let found = &file.outline.entries[entry];
    let Step::Key(key) = &found.step else {
        return None;
    };
    let docs = file.shapes().tagged(found.parent, key);
    (!docs.is_empty()).then_some(docs)
}

/// What a list has besides an item.
fn siblings(file: &File, entry: usize) -> Vec<String> {
    let found = &file.outline.entries[entry];
    let list = match (&found.step, found.style) {
        (_, Style::FlowList) => Some(entry),
        (Step::Item(_), _) => found.parent,
        _ => None,
    };
    let Some(list) = list else { return Vec::new() };
    let items = file.outline.children(Some(list));
    let others = items.filter(|(index, _)| *index != entry);
    others.map(|(index, _)| file.scalar(index)).collect()
}
