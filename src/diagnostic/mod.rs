//! What an author can fix, and where → text for people, JSON, SARIF and commands for tools.

pub mod codes;
mod edit;
pub mod explained;
mod github;
mod json;
mod names;
mod sarif;
mod source_file;
mod text;

pub use edit::{Edit, apply_edits, fixes};
pub use github::render_github;
pub use json::{DiagnosticView, EditView, RegionView};
pub use names::{list, nearest, related};
pub use sarif::sarif;
pub use source_file::{Location, SourceFile, Span};
pub use text::render_text;

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be run.
    Error,
    /// The file runs, but something in it does not do what it seems to.
    Warning,
    /// Worth knowing; nothing is wrong.
    Note,
}

impl Severity {
    /// The word shown to people and tools.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// One thing the author of a file can fix.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// Stable name of the rule, for example `unknown-field`. Documented in `docs/diagnostics.md`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence: lower case, no full stop, the author's words in backticks.
    pub message: String,
    /// Where it is; `None` when it concerns no place in a file.
    pub at: Option<Location>,
    /// The way out, when there is a clear one.
    pub help: Option<String>,
    /// The change of the file that would put it right, when one surely would; otherwise empty.
    pub fix: Vec<Edit>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static str, at: Location, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: brief(message.into()),
            at: Some(at),
            help: None,
            fix: Vec::new(),
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, at: Location, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, at, message)
        }
    }

    /// A note at a place.
    pub fn note(code: &'static str, at: Location, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Note,
            ..Self::error(code, at, message)
        }
    }

    /// An error that concerns a file as a whole, or no file.
    pub fn unplaced(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: brief(message.into()),
            at: None,
            help: None,
            fix: Vec::new(),
        }
    }

    /// Adds the way out.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(brief(help.into()));
        self
    }

    /// Adds a change of the file that puts it right.
    pub fn fix(mut self, edit: Edit) -> Self {
        self.fix.push(edit);
        self
    }

    /// Adds a change of the file, where there is one that surely puts it right.
    pub fn fix_if(mut self, edit: impl IntoIterator<Item = Edit>) -> Self {
        self.fix.extend(edit);
        self
    }
}

/// Longer sentences quote something that no person wrote: its beginning and its end are enough.
const LONGEST: usize = 1_000;

fn brief(sentence: String) -> String {
    if sentence.chars().nth(LONGEST).is_none() {
        return sentence;
    }
    let letters: Vec<char> = sentence.chars().collect();
    let (start, end) = (&letters[..LONGEST / 2], &letters[letters.len() - 200..]);
    start.iter().chain(&[' ', '…', ' ']).chain(end).collect()
}

/// Takes secrets that are written in the file out of what is said about it: a message quotes what was
/// written, and did not always know what that is.
pub fn hide_secrets(diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics {
        if let Some(at) = &diagnostic.at {
            diagnostic.message = at.file.without_secrets(&diagnostic.message);
            let help = diagnostic.help.take();
            diagnostic.help = help.map(|help| at.file.without_secrets(&help));
        }
    }
}

/// Sorts diagnostics by place, then by severity, and drops exact repetitions.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| {
            (
                d.at.as_ref()
                    .map(|at| (at.file.path().to_owned(), at.span.start)),
                d.severity,
            )
        };
        key(a).cmp(&key(b)).then_with(|| a.code.cmp(b.code))
    });
    diagnostics.dedup();
}

/// True when any of them stops the file from running.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity == Severity::Error)
}
