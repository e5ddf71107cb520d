//! A change of a file: what a fix, a migration and an editor have in common.

use super::{Diagnostic, Span};

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

/// The fixes that can be made together, with the diagnostics that they are of. A fix is made whole: of
/// two that touch each other, the second one has to wait until the file was looked at again.
pub fn fixes(found: &[Diagnostic]) -> (Vec<&Diagnostic>, Vec<Edit>) {
    let mut fixed = Vec::new();
    let mut edits: Vec<Edit> = Vec::new();
    for diagnostic in found.iter().filter(|diagnostic| !diagnostic.fix.is_empty()) {
        let touches = |edit: &Edit, other: &Edit| {
            edit.span.start <= other.span.end && other.span.start <= edit.span.end
        };
        let is_free = |edit: &Edit| !edits.iter().any(|other| touches(edit, other));
        if diagnostic.fix.iter().all(is_free) {
            fixed.push(diagnostic);
            edits.extend(diagnostic.fix.iter().cloned());
        }
    }
    (fixed, edits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Location, SourceFile};

    #[test]
    fn a_fix_is_made_whole_or_waits() {
        let file = SourceFile::new("a.yaml", "one two three");
        let of = |code, edits: &[Edit]| {
            let at = Location {
                file: file.clone(),
                span: Span::default(),
            };
            edits
                .iter()
                .fold(Diagnostic::error(code, at, "no"), |it, edit| {
                    it.fix(edit.clone())
                })
        };
        let found = [
            of("bad-url", &[Edit::replace(Span::new(0, 3), "1")]),
            of("no-fix", &[]),
            of("bad-port", &[Edit::insert(13, "!"), Edit::insert(3, "?")]),
            of("bad-path", &[Edit::replace(Span::new(8, 13), "3")]),
        ];
        let (fixed, edits) = fixes(&found);
        let codes: Vec<_> = fixed.iter().map(|diagnostic| diagnostic.code).collect();
        assert_eq!(codes, ["bad-url", "bad-path"]);
        assert_eq!(apply_edits(file.text(), &edits), "1 two 3");
    }

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
