//! A byte of a text → what is being written there.

use super::{Entry, Outline, Step, Style};
use crate::diagnostic::Span;

/// What is written at the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::editor) enum Place {
    /// A key of the mapping that is the value of `parent`.
    Key {
        /// Whose mapping; `None` is the file's.
        parent: Option<usize>,
        /// What is written of it.
        written: Span,
        /// The entry, when its colon is there.
        entry: Option<usize>,
    },
    /// The value of an entry; it may be empty.
    Value {
        /// The entry.
        entry: usize,
        /// What is written of it, around the cursor: of a flow list with nothing there, nothing.
        written: Span,
    },
    /// A comment.
    Nothing,
}

impl Place {
    /// Finds out what is written at a byte.
    pub fn find(outline: &Outline, text: &str, at: usize) -> Self {
        Finder { outline, text, at }.place()
    }
}

struct Finder<'o> {
    outline: &'o Outline,
    text: &'o str,
    at: usize,
}

impl Finder<'_> {
    fn place(&self) -> Place {
        self.on_something()
            .or_else(|| self.in_flow())
            .unwrap_or_else(|| self.between())
    }

    fn touches(&self, span: Span) -> bool {
        span.start <= self.at && self.at <= span.end
    }

    /// A key, a scalar or a word that the cursor touches.
    fn on_something(&self) -> Option<Place> {
        let line = self.line_start();
        let block = self.entries().find(|(_, entry)| {
            let column = self.at - line;
            entry.style == Style::Block
                && entry.room.start <= self.at
                && (self.at <= entry.value.end
                    || (self.text[entry.value.end..self.at].trim().is_empty()
                        && column > entry.column.unwrap_or_default()))
        });
        if let Some((entry, found)) = block {
            let written = found.value;
            return Some(Place::Value { entry, written });
        }
        if self.text[line..self.at].trim_start().starts_with('#') {
            return Some(Place::Nothing);
        }
        let stray = self
            .outline
            .strays
            .iter()
            .find(|stray| self.touches(**stray));
        if let Some(stray) = stray {
            // A single word is about to become a key; a sentence is the value of the key above.
            let word = self.text[stray.start..stray.end].trim_end();
            if word.chars().all(|c| c.is_alphanumeric() || c == '_') {
                let parent = self.container(stray.start - line, stray.start);
                let written = *stray;
                let is_list = parent.is_some_and(|parent| {
                    let mut children = self.outline.children(Some(parent));
                    children.any(|(_, entry)| matches!(entry.step, Step::Item(_)))
                });
                if !is_list {
                    return Some(Place::Key {
                        parent,
                        written,
                        entry: None,
                    });
                }
            }
        }
        self.entries().find_map(|(index, entry)| {
            if entry.is_scalar() && self.touches(entry.value) {
                return Some(Place::Value {
                    entry: index,
                    written: entry.value,
                });
            }
            match entry.step {
                Step::Key(_) if self.touches(entry.key) => Some(Place::Key {
                    parent: entry.parent,
                    written: entry.key,
                    entry: Some(index),
                }),
                _ => None,
            }
        })
    }

    /// A gap in `{…}` or `[…]`.
    fn in_flow(&self) -> Option<Place> {
        let is_open = |entry: &Entry| !self.text[..entry.value.end].ends_with(['}', ']']);
        let (index, around) = self.entries().find(|(_, entry)| {
            matches!(entry.style, Style::FlowMap | Style::FlowList)
                && entry.value.start < self.at
                && (self.at < entry.value.end || (self.at == entry.value.end && is_open(entry)))
        })?;
        let here = Span::new(self.at, self.at);
        let before = self.text[around.value.start..self.at].trim_end();
        if before.ends_with(':') {
            let last = self
                .entries()
                .find(|(_, entry)| entry.parent == Some(index) && entry.room.start <= self.at)?;
            return Some(Place::Value {
                entry: last.0,
                written: here,
            });
        }
        Some(match around.style {
            Style::FlowMap => Place::Key {
                parent: Some(index),
                written: here,
                entry: None,
            },
            _ => Place::Value {
                entry: index,
                written: here,
            },
        })
    }

    /// Behind a colon or a dash without a value, or on a line of its own.
    fn between(&self) -> Place {
        let line = self.line_start();
        let here = Span::new(self.at, self.at);
        let on_line = self.entries().find(|(_, entry)| {
            entry.key.start >= line && entry.room.start <= self.at && entry.key.start < self.at
        });
        match on_line {
            Some((entry, found)) if found.style == Style::Nothing => {
                return Place::Value {
                    entry,
                    written: here,
                };
            }
            Some(_) => return Place::Nothing,
            None => {}
        }
        let word = self.text[line..self.at].trim_start();
        Place::Key {
            parent: self.container(self.at - line, self.at - word.len()),
            written: Span::new(self.at - word.len(), self.at),
            entry: None,
        }
    }

    /// Whose mapping a key at this column belongs to, by what stands above it.
    fn container(&self, column: usize, before: usize) -> Option<usize> {
        let above = self
            .outline
            .entries
            .iter()
            .rposition(|entry| entry.key.start < before && entry.column.is_some())?;
        for index in self.outline.ancestors(above) {
            let entry = &self.outline.entries[index];
            let Some(own) = entry.column else { continue };
            if own < column {
                return Some(index);
            }
            if own == column && matches!(entry.step, Step::Key(_)) {
                return entry.parent;
            }
        }
        None
    }

    /// The entries, the last one first: children come before their parents.
    fn entries(&self) -> impl Iterator<Item = (usize, &Entry)> {
        self.outline.entries.iter().enumerate().rev()
    }

    fn line_start(&self) -> usize {
        self.text[..self.at].rfind('\n').map_or(0, |end| end + 1)
    }
}
