//! What changed between two texts, for people.

use similar::TextDiff;

/// The unified diff of a file; empty where nothing changed.
pub fn unified(name: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let (old, new) = (format!("a/{name}"), format!("b/{name}"));
    diff.unified_diff()
        .context_radius(3)
        .header(&old, &new)
        .to_string()
}
