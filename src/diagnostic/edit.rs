//! A change of a file: what a fix, a migration and an editor have in common.

use super::Span;

/// Replaces a stretch of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What goes; empty where something is only put in.
    pub span: Span,
    /// What comes.
    pub text: String,
}

impl Edit {
    /// Replaces the bytes of a span.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }

    /// Puts text in before a byte.
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(Span::new(at, at), text)
    }
}

/// The text with all edits made, whatever their order. Of two that touch the same bytes, the one that
/// begins first is made, and the other one is left out; so is one that lies outside the text.
pub fn apply_edits(text: &str, edits: &[Edit]) -> String {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.span);
    let mut edited = String::with_capacity(text.len());
    let mut done = 0;
    for edit in sorted {
        let Some(kept) = text.get(done..edit.span.start) else {
            continue;
        };
        if !text.is_char_boundary(edit.span.end) {
            continue;
        }
        edited.push_str(kept);
        edited.push_str(&edit.text);
        done = edit.span.end;
    }
    edited.push_str(&text[done..]);
    edited
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_made_in_any_order_and_never_over_each_other() {
        let edits = [
            Edit::replace(Span::new(4, 7), "two"),
            Edit::replace(Span::new(0, 3), "one"),
            Edit::replace(Span::new(5, 9), "lost"),
            Edit::insert(11, "!"),
            Edit::insert(99, "outside"),
        ];
        assert_eq!(apply_edits("uno dos tre", &edits), "one two tre!");
    }
}
