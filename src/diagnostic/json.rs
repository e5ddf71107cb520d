//! Diagnostics for tools: the stable JSON form.

use serde::Serialize;

use super::{Diagnostic, Edit, SourceFile, Span};

/// A diagnostic as `--format json` shows it.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DiagnosticView {
    pub code: &'static str,
    pub severity: &'static str,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(flatten)]
    pub region: Option<RegionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The changes of the file that put it right: all of them, or none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fix: Vec<EditView>,
}

/// A stretch of a file, up to and without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct RegionView {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

/// A change of a file.
#[derive(Debug, Serialize)]
pub struct EditView {
    /// What goes; empty where something is only put in.
    #[serde(flatten)]
    pub region: RegionView,
    /// What comes.
    pub text: String,
}

impl RegionView {
    pub(super) fn of(file: &SourceFile, span: Span) -> Self {
        let (line, column) = file.line_column(span.start);
        let (end_line, end_column) = file.line_column(span.end);
        Self {
            line,
            column,
            end_line,
            end_column,
        }
    }
}

impl EditView {
    fn of(file: &SourceFile, edit: &Edit) -> Self {
        Self {
            region: RegionView::of(file, edit.span),
            text: edit.text.clone(),
        }
    }
}

impl From<&Diagnostic> for DiagnosticView {
    fn from(diagnostic: &Diagnostic) -> Self {
        let at = diagnostic.at.as_ref();
        let edit = |edit| at.map(|at| EditView::of(&at.file, edit));
        Self {
            code: diagnostic.code,
            severity: diagnostic.severity.name(),
            message: diagnostic.message.clone(),
            file: at.map(|at| at.file.path().display().to_string()),
            region: at.map(|at| RegionView::of(&at.file, at.span)),
            help: diagnostic.help.clone(),
            fix: diagnostic.fix.iter().filter_map(edit).collect(),
        }
    }
}
