//! Diagnostics for the logs of GitHub Actions, which shows them beside the lines of a pull request.
//!
//! Source: GitHub Docs, "Workflow commands for GitHub Actions".

use super::json::RegionView;
use super::{Diagnostic, Severity};

/// The workflow command of a diagnostic, without a newline.
pub fn render_github(diagnostic: &Diagnostic) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(at) = &diagnostic.at {
        let region = RegionView::of(&at.file, at.span);
        properties.push(("file", at.file.path().display().to_string()));
        properties.push(("line", region.line.to_string()));
        properties.push(("endLine", region.end_line.to_string()));
        // Columns of a stretch over several lines are refused there.
        if region.line == region.end_line {
            properties.push(("col", region.column.to_string()));
            properties.push(("endColumn", region.end_column.to_string()));
        }
    }
    properties.push(("title", diagnostic.code.to_owned()));
    let properties: Vec<String> = properties
        .iter()
        .map(|(name, value)| {
            let value = data(value).replace(':', "%3A").replace(',', "%2C");
            format!("{name}={value}")
        })
        .collect();
    let help = diagnostic.help.as_deref().map(|help| format!("\n{help}"));
    let message = format!("{}{}", diagnostic.message, help.unwrap_or_default());
    format!("::{command} {}::{}", properties.join(","), data(&message))
}

/// Text in a command: a line is a command of its own.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Location, SourceFile, Span};

    #[test]
    fn nothing_in_a_message_or_a_path_begins_another_command() {
        let file = SourceFile::new("odd,na:me.yaml", "a: 1\nb: 2\n");
        let at = |start, end| Location {
            file: file.clone(),
            span: Span::new(start, end),
        };
        let one =
            Diagnostic::error("bad-url", at(5, 6), "no\n::error ::URL, 100%").help("write one");
        assert_eq!(
            render_github(&one),
            "::error file=odd%2Cna%3Ame.yaml,line=2,endLine=2,col=1,endColumn=2,title=bad-url::no%0A::error ::URL, 100%25%0Awrite one"
        );
        let over_lines = Diagnostic::note("bad-url", at(0, 6), "no");
        assert_eq!(
            render_github(&over_lines),
            "::notice file=odd%2Cna%3Ame.yaml,line=1,endLine=2,title=bad-url::no"
        );
        let nowhere = Diagnostic::unplaced("unreadable-file", "cannot read it");
        assert_eq!(
            render_github(&nowhere),
            "::error title=unreadable-file::cannot read it"
        );
    }
}
