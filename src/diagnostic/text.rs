//! Diagnostics for people: the line in question, underlined, with the way out.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Severity};

/// Renders one diagnostic, ending without a newline. `colour` adds ANSI escapes.
pub fn render_text(diagnostic: &Diagnostic, colour: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code);
    let mut group = Group::with_title(title);
    let excerpt;
    if let Some(at) = &diagnostic.at {
        let (line, column) = at.line_column();
        let whole = at.file.excerpt(line);
        let path = at.file.path().to_string_lossy().into_owned();
        let length = at.span.end - at.span.start;
        let shown = window(&whole, column);
        let before = whole[..shown.start].chars().count();
        let is_whole = shown == (0..whole.len());
        excerpt = whole[shown].to_owned();
        let range = underline(&excerpt, column - before, length);
        let mut snippet = Snippet::source(excerpt.as_str())
            .line_start(line)
            .annotation(AnnotationKind::Primary.span(range));
        match is_whole {
            true => snippet = snippet.path(path),
            // The column of the place is not that of what is shown.
            false => group = group.element(Origin::path(path).line(line).char_column(column)),
        }
        group = group.element(snippet);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

/// Lines up to here are shown whole.
const WIDEST: usize = 400;

/// The part of a line that is shown: all of it, or what stands around a column of a line that no
/// person wrote.
fn window(line: &str, column: usize) -> std::ops::Range<usize> {
    if line.len() <= WIDEST {
        return 0..line.len();
    }
    let byte = |at: usize| line.char_indices().nth(at).map_or(line.len(), |(at, _)| at);
    let first = column.saturating_sub(WIDEST / 4);
    byte(first)..byte(first + WIDEST / 2)
}

/// The bytes of one line to underline: a span over several lines ends with its first line.
fn underline(line: &str, column: usize, length: usize) -> std::ops::Range<usize> {
    let start = line
        .char_indices()
        .nth(column - 1)
        .map_or(line.len(), |(at, _)| at);
    let mut end = (start + length).min(line.len());
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Location, SourceFile, Span};

    #[test]
    fn of_a_line_that_nobody_wrote_a_part_is_shown() {
        let text = format!("a: [{}]\n", "'é', ".repeat(2_000));
        let at = Location {
            file: SourceFile::new("acme.yaml", text.as_str()),
            span: Span::new(6_000, 6_002),
        };
        let shown = render_text(&Diagnostic::error("bad-url", at.clone(), "no"), false);
        assert!(shown.contains(&format!("{at}\n")), "{shown}");
        assert!(
            shown.lines().all(|line| line.chars().count() < 300),
            "{shown}"
        );
        assert!(shown.contains('^'), "{shown}");
    }
}
