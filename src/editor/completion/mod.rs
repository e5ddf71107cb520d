//! An open file and the cursor in it → what may be written there.

mod keys;
mod programs;
mod queries;
mod values;

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, InsertTextFormat,
    MarkupContent, MarkupKind, TextEdit,
};

use super::file::{File, Language};
use super::outline::{Outline, Place};
use super::records::Previews;
use super::survey::Known;
use crate::diagnostic::Span;

/// What a completion goes by.
pub(super) struct Wanted<'f> {
    /// The file as it is now.
    pub file: &'f File,
    /// The byte that the cursor stands before.
    pub at: usize,
    /// The records of previews.
    pub previews: &'f Previews,
    /// The variables of programs when the file was last sound.
    pub remembered: &'f Known,
}

/// Everything that may be written at the cursor, the likeliest first.
pub(super) fn complete(wanted: &Wanted<'_>) -> Vec<CompletionItem> {
    let file = wanted.file;
    let place = Place::find(&file.outline, file.text(), wanted.at);
    let mut offers = match place {
        Place::Nothing => Vec::new(),
        Place::Key {
            parent,
            written,
            entry,
        } => keys::offers(file, parent, written, entry),
        Place::Value { entry, written } => match file.language(entry).0 {
            Language::Sql => queries::offers(wanted, entry, written),
            language => {
                let mut offers = values::offers(file, entry, written, language, wanted.at);
                offers.extend(programs::offers(wanted, entry, written));
                // The first key of an item of a list.
                if values::is_new_item(file, entry) {
                    offers.extend(keys::offers(file, Some(entry), written, None));
                }
                offers
            }
        },
    };
    for (index, offer) in offers.iter_mut().enumerate() {
        offer.item.sort_text = Some(format!("{index:04}"));
    }
    offers
        .into_iter()
        .map(|offer| offer.finished(file, wanted.at))
        .collect()
}

/// One thing that may be written.
pub(super) struct Offer {
    item: CompletionItem,
    /// What it takes the place of.
    over: Span,
    text: String,
}

impl Offer {
    /// A word in place of what is written of it.
    pub fn new(label: impl Into<String>, kind: CompletionItemKind, over: Span) -> Self {
        let label = label.into();
        Self {
            text: label.clone(),
            item: CompletionItem {
                label,
                kind: Some(kind),
                ..CompletionItem::default()
            },
            over,
        }
    }

    /// Writes something else than the label.
    pub fn writes(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// Puts brackets around it: a list of one.
    pub fn into_list(mut self) -> Self {
        self.text = format!("[{}]", self.text);
        self
    }

    /// Says a few words beside the label.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        self.item.detail = (!detail.is_empty()).then_some(detail);
        self
    }

    /// Says what it is.
    pub fn doc(mut self, doc: Option<impl Into<String>>) -> Self {
        self.item.documentation = doc.map(|doc| {
            Documentation::MarkupContent(MarkupContent {
                kind: MarkupKind::Markdown,
                value: doc.into(),
            })
        });
        self
    }

    /// Marks what is still understood, and not to be written any more.
    pub fn older(mut self, is_older: bool) -> Self {
        if is_older {
            self.item.tags = Some(vec![lsp_types::CompletionItemTag::DEPRECATED]);
        }
        self
    }

    fn finished(self, file: &File, at: usize) -> CompletionItem {
        // An editor filters by what stands before the cursor, from where the edit begins.
        let over = Span::new(self.over.start.min(at), self.over.end.max(at));
        let range = file.lines.range(over);
        CompletionItem {
            filter_text: Some(self.item.label.clone()),
            insert_text_format: Some(InsertTextFormat::PLAIN_TEXT),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit {
                range,
                new_text: self.text,
            })),
            ..self.item
        }
    }
}

/// The bytes before the cursor's line, for what is written on the lines below it.
fn indentation(outline: &Outline, parent: Option<usize>, text: &str, at: usize) -> usize {
    let siblings = outline.children(parent);
    let column = siblings.filter_map(|(_, entry)| entry.column).next();
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    column.unwrap_or(at - line)
}
