//! Lines → entries, by their indentation.

use super::{Entry, Outline, Step, Style};
use crate::diagnostic::Span;

/// Reads a text line by line.
pub(super) fn scan(text: &str) -> Outline {
    let mut scanner = Scanner {
        text,
        frames: Vec::new(),
        found: Outline::default(),
    };
    let mut at = 0;
    while at < text.len() {
        let end = scanner.line_end(at);
        let start = at + scanner.indent(at);
        let is_marker = matches!(text[at..end].trim_end(), "---" | "...");
        at = match start >= end || text[start..].starts_with('#') || is_marker {
            true => scanner.next_line(at),
            false => scanner.line(at, start, end),
        };
    }
    scanner.found
}

pub(super) struct Scanner<'t> {
    pub text: &'t str,
    /// The mappings and lists that are open, the outermost first.
    frames: Vec<Frame>,
    pub found: Outline,
}

struct Frame {
    column: usize,
    is_list: bool,
    /// What the mapping or the list is the value of.
    parent: Option<usize>,
    /// Its last entry.
    last: usize,
    items: usize,
}

impl Scanner<'_> {
    /// The end of the line, without what ends it.
    pub fn line_end(&self, at: usize) -> usize {
        let line = self.text[at..].split('\n').next().unwrap_or_default();
        at + line.strip_suffix('\r').unwrap_or(line).len()
    }

    /// The beginning of the next line.
    pub fn next_line(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        rest.find('\n').map_or(self.text.len(), |end| at + end + 1)
    }

    /// How far the line that begins here is indented.
    fn indent(&self, at: usize) -> usize {
        let line = &self.text[at..self.line_end(at)];
        line.len() - line.trim_start_matches([' ', '\t']).len()
    }

    /// The end of the lines after this one that are indented deeper than a column, blank ones
    /// included where such a line follows; and the beginning of the first that is not.
    pub fn deeper(&self, at: usize, column: usize) -> (usize, usize) {
        let (mut end, mut next) = (self.line_end(at), self.next_line(at));
        let mut line = next;
        while line < self.text.len() {
            let line_end = self.line_end(line);
            let is_blank = self.text[line..line_end].trim().is_empty();
            if !is_blank && self.indent(line) <= column {
                break;
            }
            if !is_blank {
                end = line_end;
                next = self.next_line(line);
            }
            line = self.next_line(line);
        }
        (end, next)
    }

    /// Reads a line, and what belongs to it; returns where to go on.
    fn line(&mut self, line: usize, start: usize, end: usize) -> usize {
        let mut at = start;
        let mut item = None;
        loop {
            let column = at - line;
            let rest = &self.text[at..end];
            if rest == "-" || rest.starts_with("- ") {
                let index = self.item(column, at, end);
                let inside = rest[1..].trim_start();
                if inside.is_empty() || inside.starts_with('#') {
                    return self.next_line(line);
                }
                item = Some((index, column));
                at = end - inside.len();
                continue;
            }
            if let Some((key, text, after)) = key_of(self.text, at, end) {
                let parent = self.open(column, false);
                let index = self.push(parent, Step::Key(text), key, Some(column), after, end);
                self.remember(column, false, parent, index);
                return self.value(index, after, end, column);
            }
            return match item {
                Some((index, column)) => self.value(index, at, end, column),
                None => self.stray(at, end, column),
            };
        }
    }

    /// A line without a key: the value of a key above it, or a word that is being typed.
    fn stray(&mut self, at: usize, end: usize, column: usize) -> usize {
        while self
            .frames
            .last()
            .is_some_and(|frame| frame.column >= column)
        {
            self.frames.pop();
        }
        self.found.strays.push(Span::new(at, end));
        match self.frames.last() {
            Some(frame) if self.found.entries[frame.last].style == Style::Nothing => {
                let (last, column) = (frame.last, frame.column);
                self.value(last, at, end, column)
            }
            _ => self.next_line(at),
        }
    }

    fn item(&mut self, column: usize, at: usize, end: usize) -> usize {
        let parent = self.open(column, true);
        let number = match self.frames.last() {
            Some(frame) if frame.is_list && frame.column == column => frame.items,
            _ => 0,
        };
        let dash = Span::new(at, at + 1);
        let index = self.push(parent, Step::Item(number), dash, Some(column), at + 1, end);
        self.remember(column, true, parent, index);
        index
    }

    /// Closes what a line at this column ends; returns what the entry on it is a part of.
    fn open(&mut self, column: usize, is_list: bool) -> Option<usize> {
        while let Some(frame) = self.frames.last() {
            let is_over =
                frame.column > column || (frame.column == column && frame.is_list && !is_list);
            if !is_over {
                break;
            }
            self.frames.pop();
        }
        match self.frames.last() {
            Some(frame) if frame.column == column && frame.is_list == is_list => frame.parent,
            Some(frame) => Some(frame.last),
            None => None,
        }
    }

    fn remember(&mut self, column: usize, is_list: bool, parent: Option<usize>, entry: usize) {
        match self.frames.last_mut() {
            Some(frame) if frame.column == column && frame.is_list == is_list => {
                frame.last = entry;
                frame.items += 1;
            }
            _ => self.frames.push(Frame {
                column,
                is_list,
                parent,
                last: entry,
                items: 1,
            }),
        }
    }

    /// Adds an entry whose value is not read yet.
    pub fn push(
        &mut self,
        parent: Option<usize>,
        step: Step,
        key: Span,
        column: Option<usize>,
        after: usize,
        end: usize,
    ) -> usize {
        self.found.entries.push(Entry {
            parent,
            step,
            key,
            column,
            room: Span::new(after, end),
            value: Span::new(end, end),
            style: Style::Nothing,
        });
        self.found.entries.len() - 1
    }

    /// Reads the value of an entry, which begins on this line; returns where to go on.
    fn value(&mut self, of: usize, from: usize, end: usize, column: usize) -> usize {
        let mut at = from;
        loop {
            let rest = &self.text[at..end];
            let inside = rest.trim_start_matches([' ', '\t']);
            at = end - inside.len();
            match inside.chars().next() {
                None => return self.next_line(end),
                Some('#') if at > from => return self.next_line(end),
                // What an anchor or a tag stands before.
                Some('&' | '!') => {
                    let word = inside.find([' ', '\t']).unwrap_or(inside.len());
                    at += word;
                }
                Some('|' | '>') => return self.block(of, at, column),
                Some('{' | '[') => {
                    let (limit, _) = self.deeper(at, column);
                    let limit = limit.max(end);
                    let after = self.flow(of, at, limit);
                    return self.next_line(after.max(end));
                }
                Some(quote @ ('"' | '\'')) => {
                    let (limit, _) = self.deeper(at, column);
                    let close = quoted_end(self.text, at, limit.max(end), quote).unwrap_or(end);
                    self.set(of, Style::Quoted, at, close);
                    return self.next_line(close.max(end));
                }
                Some(first) => {
                    let style = match first {
                        '*' => Style::Alias,
                        _ => Style::Plain,
                    };
                    let close = self.plain_end(at, end, column);
                    self.set(of, style, at, close);
                    return self.next_line(close.max(end));
                }
            }
        }
    }

    pub fn set(&mut self, of: usize, style: Style, start: usize, end: usize) {
        let entry = &mut self.found.entries[of];
        entry.style = style;
        entry.value = Span::new(start, end);
        entry.room = Span::new(entry.room.start.min(start), entry.room.end.max(end));
    }

    fn block(&mut self, of: usize, header: usize, column: usize) -> usize {
        let (end, next) = self.deeper(header, column);
        let first = self.next_line(header);
        let body = match end > first {
            true => first + self.text[first..end].len() - self.text[first..end].trim_start().len(),
            false => end,
        };
        self.set(of, Style::Block, body.min(end), end);
        self.found.entries[of].room.start = first.min(end);
        next
    }

    /// The end of a scalar without quotes: it goes on over deeper lines that are nothing else.
    fn plain_end(&self, at: usize, end: usize, column: usize) -> usize {
        let mut last = at + without_comment(&self.text[at..end]).len();
        if last < at + self.text[at..end].trim_end().len() {
            return last;
        }
        let mut line = self.next_line(end);
        while line < self.text.len() {
            let (start, line_end) = (line + self.indent(line), self.line_end(line));
            let inside = &self.text[start.min(line_end)..line_end];
            let is_over = start - line <= column
                || inside.starts_with('#')
                || inside.starts_with("- ")
                || key_of(self.text, start, line_end).is_some();
            if !inside.is_empty() && is_over {
                break;
            }
            if !inside.is_empty() {
                last = start + without_comment(inside).len();
            }
            line = self.next_line(line);
        }
        last
    }
}

/// Text before a comment, without white space at its end.
fn without_comment(text: &str) -> &str {
    text.split(" #").next().unwrap_or(text).trim_end()
}

/// The byte after the quote that closes a scalar.
pub(super) fn quoted_end(text: &str, at: usize, limit: usize, quote: char) -> Option<usize> {
    let mut inside = text[at + 1..limit].char_indices().peekable();
    while let Some((found, character)) = inside.next() {
        match character {
            '\\' if quote == '"' => {
                inside.next();
            }
            _ if character == quote => match inside.peek() {
                Some((_, next)) if quote == '\'' && *next == '\'' => {
                    inside.next();
                }
                _ => return Some(at + 1 + found + 1),
            },
            _ => {}
        }
    }
    None
}

/// The key that begins here: where it stands, its text, and the byte after its colon.
fn key_of(text: &str, at: usize, end: usize) -> Option<(Span, String, usize)> {
    let rest = &text[at..end];
    let first = rest.chars().next()?;
    if matches!(first, '"' | '\'') {
        let close = quoted_end(text, at, end, first)?;
        let after = &text[close..end];
        let colon = close + after.len() - after.trim_start().len();
        let is_key = text[colon..end].starts_with(':');
        let key = super::unquoted(&text[at..close]);
        return is_key.then(|| (Span::new(at, close), key, colon + 1));
    }
    if "#{}[],&*!|>%@`".contains(first) {
        return None;
    }
    let colons = rest.match_indices(':').map(|(colon, _)| colon);
    let colon = colons
        .filter(|colon| rest[colon + 1..].starts_with([' ', '\t']) || colon + 1 == rest.len())
        .find(|colon| !rest[..*colon].contains(" #"))?;
    let key = rest[..colon].trim_end();
    (!key.is_empty() && !key.contains(" #")).then(|| {
        (
            Span::new(at, at + key.len()),
            key.to_owned(),
            at + colon + 1,
        )
    })
}
