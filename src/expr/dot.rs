//! The leading-dot shorthand of SQL files: `.email` is the column `email`.
//!
//! The reference rewrites text without looking at it and so breaks `string(.a).startsWith('x')`,
//! `has(.a)` and dots inside literals. This rewriter reads tokens: a `.name` where an operand may
//! stand is a column, anywhere else it is a member; literals and comments are left alone. Every
//! expression that works there keeps its value here.

/// Words of CEL that no selection can name.
const KEYWORDS: [&str; 4] = ["true", "false", "null", "in"];

/// A rewritten expression, with the way back to the author's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Preprocessed {
    /// Plain CEL.
    pub text: String,
    /// Where each piece came from: byte in `text`, byte in the author's text, ascending.
    anchors: Vec<(usize, usize)>,
}

impl Preprocessed {
    /// The byte of the author's text that a byte of the rewritten text stems from.
    pub fn origin(&self, byte: usize) -> usize {
        let index = self
            .anchors
            .partition_point(|(at, _)| *at <= byte)
            .saturating_sub(1);
        let (at, origin) = self.anchors.get(index).copied().unwrap_or_default();
        // Within a rewritten column the whole `.name` is meant.
        let next = self
            .anchors
            .get(index + 1)
            .map_or(usize::MAX, |(_, origin)| *origin);
        (origin + (byte - at)).min(next.saturating_sub(1).max(origin))
    }
}

/// Rewrites the columns of an expression. With `has`, `has(.a)` becomes `has(cols.a)`.
pub fn preprocess(source: &str) -> Preprocessed {
    let mut out = Preprocessed {
        text: String::with_capacity(source.len() + 16),
        anchors: vec![(0, 0)],
    };
    let bytes = source.as_bytes();
    let mut at = 0;
    // True where an operand may stand: at the start, after an operator, an opening bracket …
    let mut operand = true;
    while at < bytes.len() {
        let start = at;
        let byte = bytes[at];
        match byte {
            b'\'' | b'"' => {
                at = literal_end(source, at);
                operand = false;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = source[at..].find('\n').map_or(bytes.len(), |end| at + end);
            }
            b'.' if operand && bytes.get(at + 1).is_some_and(|&next| is_word(next)) => {
                at += 1;
                while at < bytes.len() && is_word(bytes[at]) {
                    at += 1;
                }
                let name = &source[start + 1..at];
                out.anchors.push((out.text.len(), start));
                // `has()` takes a selection, not an index; a name that starts with a digit, or is a
                // word of CEL, can only be an index.
                if name.as_bytes()[0].is_ascii_digit() || KEYWORDS.contains(&name) {
                    out.text.push_str(&format!("cols['{name}']"));
                } else {
                    out.text.push_str("cols");
                    out.anchors.push((out.text.len(), start));
                    out.text.push('.');
                    out.text.push_str(name);
                }
                out.anchors.push((out.text.len(), at));
                operand = false;
                continue;
            }
            _ if is_word(byte) || byte >= 0x80 => {
                while at < bytes.len() && (is_word(bytes[at]) || bytes[at] >= 0x80) {
                    at += 1;
                }
                let word = &source[start..at];
                // A number's fraction belongs to it: `1.5`.
                if word.as_bytes()[0].is_ascii_digit() && bytes.get(at) == Some(&b'.') {
                    at += 1;
                    while at < bytes.len() && is_word(bytes[at]) {
                        at += 1;
                    }
                }
                // A raw or bytes literal: `r'\d'`, `b"x"`.
                let prefix = word.len() <= 2 && word.bytes().all(|b| b"rRbB".contains(&b));
                if prefix && matches!(bytes.get(at), Some(b'\'' | b'"')) {
                    at = literal_end_raw(source, at, word.contains(['r', 'R']));
                }
                operand = word == "in";
            }
            b')' | b']' | b'}' => {
                at += 1;
                operand = false;
            }
            byte if byte.is_ascii_whitespace() => at += 1,
            _ => {
                at += 1;
                operand = byte != b'.';
            }
        }
        out.text.push_str(&source[start..at]);
    }
    out
}

/// Where `.name` stands in `has(.name)`.
pub fn columns_asked_for(source: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let bytes = source.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if matches!(bytes[at], b'\'' | b'"') {
            at = literal_end(source, at);
            continue;
        }
        let starts = source[at..].starts_with("has(") && (at == 0 || !is_word(bytes[at - 1]));
        if !starts {
            at += 1;
            while at < bytes.len() && !source.is_char_boundary(at) {
                at += 1;
            }
            continue;
        }
        at += "has(".len();
        while bytes.get(at) == Some(&b' ') {
            at += 1;
        }
        if bytes.get(at) == Some(&b'.') {
            let length = bytes[at + 1..].iter().take_while(|b| is_word(**b)).count();
            let end = at + 1 + length;
            // A field of a column is asked for as it should be.
            if length > 0 && !matches!(bytes.get(end), Some(b'.' | b'[')) {
                found.push(at..end);
            }
        }
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn literal_end(source: &str, start: usize) -> usize {
    literal_end_raw(source, start, false)
}

/// One past the end of the literal that starts with a quote at `start`; the end of the text when
/// it is not closed.
pub(super) fn literal_end_raw(source: &str, start: usize, raw: bool) -> usize {
    let bytes = source.as_bytes();
    let quote = &source[start..start + 1];
    let triple = quote.repeat(3);
    let (fence, mut at) = match source[start..].starts_with(&triple) {
        true => (triple.as_str(), start + 3),
        false => (quote, start + 1),
    };
    while at < bytes.len() {
        if source[at..].starts_with(fence) {
            return at + fence.len();
        }
        at += if bytes[at] == b'\\' && !raw { 2 } else { 1 };
        while at < bytes.len() && !source.is_char_boundary(at) {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::preprocess;

    #[test]
    fn columns_stand_where_operands_stand() {
        let cases = [
            (".role == 'x'", "cols.role == 'x'"),
            ("!.t", "!cols.t"),
            ("-.i", "-cols.i"),
            ("(.a)", "(cols.a)"),
            ("[.a]", "[cols.a]"),
            (".a+.b", "cols.a+cols.b"),
            (".a\n+ .b", "cols.a\n+ cols.b"),
            (".a.b", "cols.a.b"),
            (".s.contains('x')", "cols.s.contains('x')"),
            ("cols.s.startsWith('A')", "cols.s.startsWith('A')"),
            (".lst[0]", "cols.lst[0]"),
            (".m['k']", "cols.m['k']"),
            (
                "string(.a).startsWith('x')",
                "string(cols.a).startsWith('x')",
            ),
            ("cols['a'].size()", "cols['a'].size()"),
            ("'abc'.size()", "'abc'.size()"),
            ("[1].map(x, x)", "[1].map(x, x)"),
            ("{'a':1}.a", "{'a':1}.a"),
            (".5", "cols['5']"),
            (".null == .in", "cols['null'] == cols['in']"),
            ("-.5", "-cols['5']"),
            ("1.5", "1.5"),
            ("'user@corp.com'", "'user@corp.com'"),
            ("'a .s b'", "'a .s b'"),
            ("'.s'", "'.s'"),
            ("\"x .name y\"", "\"x .name y\""),
            (".col-x", "cols.col-x"),
            ("has(.a)", "has(cols.a)"),
            (".a // the .note", "cols.a // the .note"),
            ("'x' in .tags", "'x' in cols.tags"),
            (".c ? .a : .b", "cols.c ? cols.a : cols.b"),
            ("r'\\' + .a", "r'\\' + cols.a"),
            ("'it\\'s .x' + .a", "'it\\'s .x' + cols.a"),
            ("'''.a''' + .b", "'''.a''' + cols.b"),
            ("resource . ID", "resource . ID"),
        ];
        for (source, expected) in cases {
            assert_eq!(preprocess(source).text, expected, "{source}");
        }
    }

    #[test]
    fn positions_lead_back_to_the_authors_text() {
        let rewritten = preprocess(".a + nope(.bb)");
        let at = rewritten.text.find("nope").expect("kept");
        assert_eq!(rewritten.origin(at), 5);
        let at = rewritten.text.find("bb").expect("kept");
        assert_eq!(
            &".a + nope(.bb)"[rewritten.origin(at)..rewritten.origin(at) + 1],
            "b"
        );
    }
}
