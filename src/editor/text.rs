//! A text as editors count in it: lines, and UTF-16 units within a line.

use std::ops::Range;

use lsp_types::{Position, TextDocumentContentChangeEvent};

use crate::diagnostic::Span;

/// A text with its lines. Lines end with `\n`, `\r\n` or a lone `\r`, as the protocol says.
#[derive(Debug, Clone)]
pub struct Lines {
    text: String,
    starts: Vec<usize>,
}

impl Lines {
    /// Finds the lines of a text.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        let starts = std::iter::once(0)
            .chain(ends.map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of a line, without what ends it. `None` behind the last one.
    fn line(&self, line: usize) -> Option<Range<usize>> {
        let start = *self.starts.get(line)?;
        let end = self.starts.get(line + 1).copied();
        let inside = &self.text[start..end.unwrap_or(self.text.len())];
        let kept = match end {
            Some(_) => inside.trim_end_matches(['\n', '\r']).len(),
            None => inside.len(),
        };
        Some(start..start + kept)
    }

    /// The byte at a position. One that lies behind the end of its line is that end, one that lies
    /// inside of a character is its beginning.
    pub fn offset(&self, at: Position) -> usize {
        let Some(line) = self.line(at.line as usize) else {
            return self.text.len();
        };
        let mut units = 0;
        for (byte, character) in self.text[line.clone()].char_indices() {
            units += character.len_utf16();
            if units > at.character as usize {
                return line.start + byte;
            }
        }
        line.end
    }

    /// The position of a byte.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|&start| start <= offset) - 1;
        let before = &self.text[self.starts[line]..offset];
        Position::new(line as u32, before.encode_utf16().count() as u32)
    }

    /// The range of a span.
    pub fn range(&self, span: Span) -> lsp_types::Range {
        lsp_types::Range::new(self.position(span.start), self.position(span.end))
    }

    /// The span of a range. One that ends before it begins is empty.
    pub fn span(&self, range: lsp_types::Range) -> Span {
        Span::new(self.offset(range.start), self.offset(range.end))
    }

    /// The text after a change that somebody typed; without a range, the whole of it is new.
    pub fn changed(&self, change: TextDocumentContentChangeEvent) -> Self {
        let Some(range) = change.range else {
            return Self::new(change.text);
        };
        let span = self.span(range);
        let mut text = self.text.clone();
        text.replace_range(span.start..span.end, &change.text);
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn positions_count_utf_16_units() {
        let lines = Lines::new("a: 1\r\n🦀é: x\rb\n");
        assert_eq!(lines.offset(Position::new(1, 0)), 6);
        assert_eq!(lines.offset(Position::new(1, 1)), 6, "inside of the crab");
        assert_eq!(lines.offset(Position::new(1, 2)), 10);
        assert_eq!(lines.offset(Position::new(1, 3)), 12);
        assert_eq!(lines.position(12), Position::new(1, 3));
        assert_eq!(lines.offset(Position::new(2, 9)), 17, "the end of the line");
        assert_eq!(lines.offset(Position::new(9, 0)), 18, "the end of the text");
    }

    fn texts() -> impl Strategy<Value = String> {
        let pieces = prop_oneof![
            Just("🦀".to_owned()),
            Just("é".to_owned()),
            Just("\r\n".to_owned()),
            Just("\n".to_owned()),
            Just("\r".to_owned()),
            "[ -~]{0,6}",
        ];
        proptest::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn every_character_has_a_position_that_leads_back_to_it(text in texts()) {
            let lines = Lines::new(text.clone());
            for (byte, character) in text.char_indices() {
                let inside_of_line_end =
                    character == '\n' && byte > 0 && text.as_bytes()[byte - 1] == b'\r';
                if !inside_of_line_end {
                    prop_assert_eq!(lines.offset(lines.position(byte)), byte);
                }
            }
            prop_assert_eq!(lines.offset(lines.position(text.len())), text.len());
        }

        #[test]
        fn any_position_is_the_beginning_of_a_character(text in texts(), line in 0u32..40, character in 0u32..60) {
            let lines = Lines::new(text.clone());
            prop_assert!(text.is_char_boundary(lines.offset(Position::new(line, character))));
        }

        #[test]
        fn typing_is_what_replacing_is(text in texts(), typed in texts(), from in 0usize..99, to in 0usize..99) {
            let lines = Lines::new(text.clone());
            let boundary = |at: usize| lines.offset(lines.position(at.min(text.len())));
            let (from, to) = (boundary(from.min(to)), boundary(from.max(to)));
            let range = lines.range(Span::new(from, to));
            let changed = lines.changed(TextDocumentContentChangeEvent {
                range: Some(range),
                range_length: None,
                text: typed.clone(),
            });
            let mut expected = text.clone();
            expected.replace_range(from..to, &typed);
            prop_assert_eq!(changed.text(), expected);
        }
    }
}
