//! A YAML text, whatever state it is in → its entries, and where the cursor stands among them.
//!
//! Whoever types breaks the file at every other keystroke, and a parser that is right about YAML then
//! has nothing to say. This one goes by indentation and takes what it finds.

mod cursor;
mod flow;
mod scan;
#[cfg(test)]
mod tests;

pub(super) use cursor::Place;

use crate::diagnostic::Span;

/// A step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Step {
    /// Under a key.
    Key(String),
    /// An item of a list.
    Item(usize),
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Not at all, or on the lines below.
    Nothing,
    /// A scalar without quotes.
    Plain,
    /// A scalar in quotes.
    Quoted,
    /// The lines after `|` or `>`.
    Block,
    /// `{…}`.
    FlowMap,
    /// `[…]`.
    FlowList,
    /// `*name`.
    Alias,
}

/// A key, or an item of a list, with its value.
#[derive(Debug)]
pub(super) struct Entry {
    /// The entry whose value it is part of; `None` at the top.
    pub parent: Option<usize>,
    /// Its key.
    pub step: Step,
    /// Where the key stands, or the dash of the item.
    pub key: Span,
    /// The bytes before it on its line; `None` inside of `{…}` and `[…]`.
    pub column: Option<usize>,
    /// Where the value may be written.
    pub room: Span,
    /// Where it is: with its quotes; of a block, the lines.
    pub value: Span,
    /// How it is.
    pub style: Style,
}

/// The entries of a text, parents before children.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// The entries, in the order in which they stand.
    pub entries: Vec<Entry>,
    /// Lines that are neither a key nor an item: words that are being typed.
    pub strays: Vec<Span>,
}

impl Outline {
    /// Reads a text.
    pub fn of(text: &str) -> Self {
        scan::scan(text)
    }

    /// The entries right below one, or at the top.
    pub fn children(&self, of: Option<usize>) -> impl Iterator<Item = (usize, &Entry)> {
        let all = self.entries.iter().enumerate();
        all.filter(move |(_, entry)| entry.parent == of)
    }

    /// The entry under a key of one.
    pub fn child(&self, of: Option<usize>, key: &str) -> Option<usize> {
        let mut children = self.children(of);
        children
            .find(|(_, entry)| entry.named(key))
            .map(|(index, _)| index)
    }

    /// The entry at the end of a way of keys.
    pub fn find(&self, way: &[&str]) -> Option<usize> {
        let mut at = None;
        for key in way {
            at = Some(self.child(at, key)?);
        }
        at
    }

    /// The entry and those around it, the innermost first.
    pub fn ancestors(&self, of: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(of), |at| self.entries[*at].parent)
    }

    /// The way to an entry, from the top.
    pub fn path(&self, of: usize) -> Vec<Step> {
        let mut path: Vec<Step> = self
            .ancestors(of)
            .map(|at| self.entries[at].step.clone())
            .collect();
        path.reverse();
        path
    }

    /// The key of an entry, or of the nearest one around it that has one.
    pub fn key(&self, of: usize) -> &str {
        let keys = self
            .ancestors(of)
            .find_map(|at| match &self.entries[at].step {
                Step::Key(key) => Some(key.as_str()),
                Step::Item(_) => None,
            });
        keys.unwrap_or_default()
    }

    /// The innermost entry whose value is a scalar around a place.
    pub fn scalar_at(&self, at: Span) -> Option<usize> {
        let inside = |entry: &Entry| {
            entry.is_scalar() && entry.value.start <= at.start && at.end <= entry.value.end
        };
        let before = self.entries.partition_point(|it| it.key.start <= at.start);
        self.entries[..before].iter().rposition(inside)
    }

    /// The scalar of an entry as it is meant: without quotes, and blocks without what indents them.
    /// Empty for everything else.
    pub fn text(&self, of: usize, source: &str) -> String {
        let entry = &self.entries[of];
        let written = &source[entry.value.start..entry.value.end];
        match entry.style {
            Style::Plain => written.to_owned(),
            Style::Quoted => unquoted(written),
            Style::Block => {
                let lines: Vec<&str> = written.lines().map(str::trim).collect();
                lines.join("\n")
            }
            _ => String::new(),
        }
    }
}

impl Entry {
    /// True for the entry of a key.
    pub fn named(&self, key: &str) -> bool {
        matches!(&self.step, Step::Key(own) if own == key)
    }

    /// True when the value is text.
    pub fn is_scalar(&self) -> bool {
        matches!(self.style, Style::Plain | Style::Quoted | Style::Block)
    }
}

/// The text between quotes. Of escapes, only those are undone that texts of connectors have.
fn unquoted(written: &str) -> String {
    let Some(quote) = written.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        return written.to_owned();
    };
    let inside = &written[1..];
    let inside = inside.strip_suffix(quote).unwrap_or(inside);
    match quote {
        '\'' => inside.replace("''", "'"),
        _ => inside.replace("\\\"", "\"").replace("\\\\", "\\"),
    }
}
