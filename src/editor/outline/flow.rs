//! `{…}` and `[…]`, closed or not.

use super::scan::{Scanner, quoted_end};
use super::{Step, Style};
use crate::diagnostic::Span;

/// Deeper ones are passed over: nobody writes them, and the stack is finite.
const DEEPEST: usize = 64;

impl Scanner<'_> {
    /// Reads the flow collection that begins here, as the value of an entry; returns the byte after
    /// it. One that is not closed ends at `limit`.
    pub fn flow(&mut self, of: usize, at: usize, limit: usize) -> usize {
        self.collection(of, at, limit, 0)
    }

    fn collection(&mut self, of: usize, start: usize, limit: usize, depth: usize) -> usize {
        let is_map = self.text[start..].starts_with('{');
        let (style, close) = match is_map {
            true => (Style::FlowMap, '}'),
            false => (Style::FlowList, ']'),
        };
        self.set(of, style, start, limit);
        let (mut at, mut items) = (start + 1, 0);
        let end = loop {
            let Some(next) = self.text[at..limit].chars().next() else {
                break limit;
            };
            match next {
                _ if next == close => break at + 1,
                '#' => at = self.line_end(at).min(limit).max(at + 1),
                _ if next == ',' || next.is_whitespace() || matches!(next, '}' | ']') => {
                    at += next.len_utf8();
                }
                _ if depth >= DEEPEST => at += next.len_utf8(),
                _ if is_map => at = self.pair(of, at, limit, depth),
                _ => {
                    let here = Span::new(at, at);
                    let item = self.push(Some(of), Step::Item(items), here, None, at, at);
                    items += 1;
                    at = self.flow_value(item, at, limit, depth);
                }
            }
        };
        self.set(of, style, start, end);
        end
    }

    fn pair(&mut self, of: usize, at: usize, limit: usize, depth: usize) -> usize {
        let end = self.flow_scalar(at, limit);
        let written = self.text[at..end].trim_end();
        let key = Span::new(at, at + written.len());
        let text = super::unquoted(written);
        let rest = &self.text[end..limit];
        let colon = end + rest.len() - rest.trim_start().len();
        let after = match self.text[colon..limit].starts_with(':') {
            true => colon + 1,
            false => {
                self.push(Some(of), Step::Key(text), key, None, end, end);
                return end.max(at + 1);
            }
        };
        let entry = self.push(Some(of), Step::Key(text), key, None, after, after);
        let inside = &self.text[after..limit];
        let value = after + inside.len() - inside.trim_start().len();
        match self.text[value..limit].chars().next() {
            None | Some(',' | '}' | ']') => {
                self.found.entries[entry].room = Span::new(after, value);
                self.found.entries[entry].value = Span::new(value, value);
                value
            }
            Some(_) => self.flow_value(entry, value, limit, depth),
        }
    }

    fn flow_value(&mut self, of: usize, at: usize, limit: usize, depth: usize) -> usize {
        match self.text[at..limit].chars().next() {
            Some('{' | '[') => self.collection(of, at, limit, depth + 1),
            first => {
                let end = self
                    .flow_scalar(at, limit)
                    .max(at + first.map_or(0, char::len_utf8));
                let written = self.text[at..end].trim_end().len();
                let style = match first {
                    Some('"' | '\'') => Style::Quoted,
                    Some('*') => Style::Alias,
                    _ => Style::Plain,
                };
                self.set(of, style, at, at + written);
                end
            }
        }
    }

    /// The end of a scalar in a flow collection: at what separates it from the next one.
    fn flow_scalar(&self, at: usize, limit: usize) -> usize {
        let rest = &self.text[at..limit];
        if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
            let line = self.line_end(at).min(limit);
            return quoted_end(self.text, at, limit, quote).unwrap_or(line);
        }
        let is_end = |(found, character): &(usize, char)| match character {
            ',' | '{' | '}' | '[' | ']' | '\n' => true,
            ':' => {
                let next = rest[found + 1..].chars().next();
                next.is_none_or(|next| next.is_whitespace() || matches!(next, ',' | '}' | ']'))
            }
            _ => false,
        };
        let end = rest.char_indices().find(is_end);
        end.map_or(limit, |(found, _)| at + found)
    }
}
