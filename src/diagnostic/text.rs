//! Diagnostics for people: the line in question, underlined, with the way out.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

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
        excerpt = at.file.excerpt(line);
        let range = underline(&excerpt, column, at.span.end - at.span.start);
        group = group.element(
            Snippet::source(excerpt.as_str())
                .path(at.file.path().to_string_lossy().into_owned())
                .line_start(line)
                .annotation(AnnotationKind::Primary.span(range)),
        );
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
