//! Diagnostics for tools: the stable JSON form.

use serde::Serialize;

use super::Diagnostic;

/// A diagnostic as `--format json` shows it.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DiagnosticView {
    pub code: &'static str,
    pub severity: &'static str,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// From 1, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl From<&Diagnostic> for DiagnosticView {
    fn from(diagnostic: &Diagnostic) -> Self {
        let start = diagnostic.at.as_ref().map(|at| at.line_column());
        let end = diagnostic
            .at
            .as_ref()
            .map(|at| at.file.line_column(at.span.end));
        Self {
            code: diagnostic.code,
            severity: diagnostic.severity.name(),
            message: diagnostic.message.clone(),
            file: diagnostic
                .at
                .as_ref()
                .map(|at| at.file.path().display().to_string()),
            line: start.map(|(line, _)| line),
            column: start.map(|(_, column)| column),
            end_line: end.map(|(line, _)| line),
            end_column: end.map(|(_, column)| column),
            help: diagnostic.help.clone(),
        }
    }
}
