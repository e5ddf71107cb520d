//! The text of a file as it is written: lines, columns, brackets.

use crate::config::{Node, NodeValue};
use crate::diagnostic::{Edit, Span};

/// The beginning of the line of a byte.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The end of the line of a byte: where its line break stands.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |found| at + found)
}

/// How far a byte is from the beginning of its line.
pub(super) fn column(text: &str, at: usize) -> usize {
    at - line_start(text, at)
}

/// True for a mapping or a list in brackets.
pub(super) fn is_flow(text: &str, node: &Node) -> bool {
    let collection = matches!(node.value, NodeValue::Map(_) | NodeValue::List(_));
    collection && text[node.span.start..].starts_with(['{', '['])
}

/// True for a scalar whose text stands on lines of its own, below `|` or `>`.
pub(super) fn is_block_scalar(text: &str, node: &Node) -> bool {
    let quoted = matches!(node.value, NodeValue::Scalar { quoted: true, .. });
    quoted && !text[node.span.start..].starts_with(['"', '\''])
}

/// Where a node ends. `None` when a part of it stands elsewhere, by an alias or a merge.
pub(super) fn end(text: &str, node: &Node) -> Option<usize> {
    let begins = node.span.start;
    match &node.value {
        _ if is_flow(text, node) => flow_end(text, begins),
        NodeValue::Null | NodeValue::Scalar { .. } => Some(node.span.end),
        NodeValue::List(items) => ends(text, begins, items.last()?),
        NodeValue::Map(entries) => {
            let all_here = entries.iter().all(|(key, _)| begins <= key.span.start);
            let (key, value) = entries.last().filter(|_| all_here)?;
            match value.value {
                NodeValue::Null => Some(line_end(text, key.span.end)),
                _ => ends(text, key.span.end, value),
            }
        }
    }
}

fn ends(text: &str, after: usize, node: &Node) -> Option<usize> {
    (node.span.start >= after).then(|| end(text, node))?
}

/// One past the bracket that closes the one at `start`.
pub(super) fn flow_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, start);
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            quote @ (b'"' | b'\'') if begins_scalar(bytes, at) => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += usize::from(quote == b'"' && bytes[at] == b'\\') + 1;
                }
            }
            b'#' if at > 0 && bytes[at - 1].is_ascii_whitespace() => at = line_end(text, at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// A quote within a plain text is a letter like others.
fn begins_scalar(bytes: &[u8], at: usize) -> bool {
    let before = bytes[..at].iter().rev();
    let before = before.copied().find(|byte| !byte.is_ascii_whitespace());
    match before {
        Some(b'{' | b'[' | b',') => true,
        Some(b':') => true,
        // The second half of `'it''s'`.
        Some(quote @ (b'"' | b'\'')) => bytes[at] == quote && bytes[at - 1] == quote,
        _ => false,
    }
}

/// Edits that move lines, from the one of `from` to the one of `to`, so many columns to the right.
pub(super) fn indent(text: &str, from: usize, to: usize, by: usize) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut at = line_start(text, from);
    while at < to {
        let end = line_end(text, at);
        if !text[at..end].trim().is_empty() {
            edits.push(Edit::insert(at, " ".repeat(by)));
        }
        at = end + 1;
    }
    edits
}

/// A scalar as it can stand between brackets. `None` where it stands on lines of its own.
pub(super) fn in_brackets(text: &str, node: &Node) -> Option<String> {
    if is_block_scalar(text, node) {
        return None;
    }
    let written = &text[node.span.start..node.span.end];
    let plain = !written.starts_with(['"', '\'']);
    Some(match plain && written.contains([',', '[', ']', '{', '}']) {
        true => format!("'{}'", written.replace('\'', "''")),
        false => written.to_owned(),
    })
}

/// The edit that takes an entry out of a mapping. `None` where that would leave none, or cannot be
/// done by taking whole lines.
pub(super) fn remove(text: &str, map: &Node, index: usize) -> Option<Edit> {
    let entries = map.as_map()?;
    let (key, value) = &entries[index];
    if entries.len() < 2 {
        return None;
    }
    let end = match value.value {
        NodeValue::Null => key.span.end,
        _ if value.span.start < key.span.end => return None,
        _ => end(text, value)?,
    };
    if is_flow(text, map) {
        // With the comma before it, or, for the first one, behind it.
        let (from, to) = match index {
            0 => (key.span.start, entries[1].0.span.start),
            _ => (text[..key.span.start].rfind(',')?, end),
        };
        return Some(Edit::replace(Span::new(from, to), ""));
    }
    let start = line_start(text, key.span.start);
    let whole_lines = text[start..key.span.start].trim().is_empty();
    whole_lines.then(|| {
        let to = (line_end(text, end) + 1).min(text.len());
        Edit::replace(Span::new(start, to), "")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_end_where_they_are_closed() {
        for (text, expected) in [
            ("{a: [1, {b: 2}]} # }", "{a: [1, {b: 2}]}"),
            ("{a: '}', b: \"\\\"}\"} x", "{a: '}', b: \"\\\"}\"}"),
            ("{a: it's, b: 1} '", "{a: it's, b: 1}"),
            ("{a: 'it''s }', b: 1}", "{a: 'it''s }', b: 1}"),
            ("[a, # ]\n b]", "[a, # ]\n b]"),
        ] {
            let end = flow_end(text, 0).map(|end| &text[..end]);
            assert_eq!(end, Some(expected));
        }
        assert_eq!(flow_end("{a: [", 0), None);
    }
}
