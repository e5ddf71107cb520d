//! Turns blocks and expressions into their runnable form, noting diagnostics.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;

use super::bare::is_bare_word;
use super::decode::Dialect;
use super::interpolate::{self, Environment};
use super::scalar::{EnvText, ExprText, SecretText, TemplateText, Text};
use super::slips;
use crate::diagnostic::{Diagnostic, Edit, Location, Severity, SourceFile, Span};
use crate::expr::{CelProgram, ExprError, Expression, Program, Template, Variables};

/// What compiling a file carries along.
pub struct CompileContext<'e> {
    file: Arc<SourceFile>,
    /// The language of the file.
    pub dialect: Dialect,
    environment: &'e dyn Environment,
    /// How bad an unset variable is: an error before a run, a warning when only checking.
    unset_variable: Severity,
    /// Everything found so far.
    pub diagnostics: Vec<Diagnostic>,
    /// The columns that the expressions compiled so far read, for whoever knows which there are.
    pub columns: Vec<(String, Span)>,
    /// The single words that stand for themselves where text of a record is usual, for whoever knows
    /// whether a column has that name.
    pub words: Vec<(String, Text)>,
    /// The names under `vars` of the file, once they are known.
    pub vars: Option<Vec<String>>,
    /// Whether one of the programs compiled so far reads `response`.
    pub reads_response: bool,
    /// Every program that was compiled so far, for whoever counts which of them are evaluated.
    pub expressions: Vec<Expression>,
    /// The scalars that may hold a program, sound or not, and what it may use there: for editors.
    pub programs: Vec<(Span, Variables)>,
    failed: Vec<String>,
    /// Where the block that is being compiled stands, for mistakes of the block as a whole.
    pub block: Span,
    /// Places whose mistakes are only warnings, because what stands there is not needed now.
    pub excused: Vec<Span>,
}

/// Which rule an expression field follows in an HTTP file. In SQL files all follow one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bare {
    /// Bare text is literal.
    Literal,
    /// Bare text is CEL, as under the `map:` of the oldest HTTP files.
    Cel,
}

/// The variable that holds the answer of an API around its items.
const RESPONSE: &str = "response";

impl<'e> CompileContext<'e> {
    /// Starts compiling a file. `unset_variable` is the severity of `${NAME}` without a value.
    pub fn new(
        file: Arc<SourceFile>,
        dialect: Dialect,
        environment: &'e dyn Environment,
        unset_variable: Severity,
    ) -> Self {
        Self {
            file,
            dialect,
            environment,
            unset_variable,
            diagnostics: Vec::new(),
            columns: Vec::new(),
            words: Vec::new(),
            vars: None,
            reads_response: false,
            expressions: Vec::new(),
            programs: Vec::new(),
            failed: Vec::new(),
            block: Span::new(0, 0),
            excused: Vec::new(),
        }
    }

    /// Says which fields were written but could not be read: they are not called missing again.
    pub fn with_failed(mut self, failed: &[String]) -> Self {
        self.failed = failed.iter().map(|path| without_indexes(path)).collect();
        self
    }

    /// True when the field at this path, or one around it, was written but could not be read.
    pub fn is_failed(&self, path: &str) -> bool {
        let path = without_indexes(path);
        self.failed.iter().any(|failed| {
            path.strip_prefix(failed.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// The file.
    pub fn file(&self) -> Arc<SourceFile> {
        self.file.clone()
    }

    /// The place of a span in the file.
    pub fn at(&self, span: Span) -> Location {
        Location {
            file: self.file.clone(),
            span,
        }
    }

    /// True for a place that may hold a secret.
    pub fn is_masked(&self, span: Span) -> bool {
        self.file.is_masked(span)
    }

    /// The folder of the file: relative paths in it start there.
    pub fn folder(&self) -> PathBuf {
        self.file
            .path()
            .parent()
            .unwrap_or(Path::new(""))
            .to_owned()
    }

    /// Notes a diagnostic.
    pub fn note(&mut self, mut diagnostic: Diagnostic) {
        let at = diagnostic.at.as_ref().map(|at| at.span);
        let excused =
            |span: &Span| at.is_some_and(|at| span.start <= at.start && at.end <= span.end);
        if diagnostic.severity == Severity::Error && self.excused.iter().any(excused) {
            diagnostic.severity = Severity::Warning;
        }
        self.diagnostics.push(diagnostic);
    }

    /// Notes an error at a span; returns `None` for the caller to return.
    pub fn error<T>(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
    ) -> Option<T> {
        let at = self.at(span);
        self.note(Diagnostic::error(code, at, message));
        None
    }

    /// Notes a warning at a span.
    pub fn warning(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: &str,
    ) {
        let at = self.at(span);
        let diagnostic = Diagnostic::warning(code, at, message);
        self.note(if help.is_empty() {
            diagnostic
        } else {
            diagnostic.help(help)
        });
    }

    /// The span of `range` within a scalar of the file.
    pub fn locate(&self, text: &Text, range: std::ops::Range<usize>) -> Span {
        text.locate(self.file.text(), range)
    }

    /// The change of the file that puts `with` in the place of a range of a scalar.
    pub fn edit(&self, text: &Text, range: std::ops::Range<usize>, with: &str) -> Option<Edit> {
        text.edit(self.file.text(), range, with)
    }

    /// The change of the file that puts `with` in the place of a scalar.
    pub fn rewrite(&self, text: &Text, with: &str) -> Option<Edit> {
        text.rewrite(self.file.text(), with)
    }

    /// Compiles an expression field by the rule of its dialect. `None` when it is empty, which
    /// means "not set", or when a mistake was noted.
    pub fn expression(
        &mut self,
        source: &ExprText,
        bare: Bare,
        variables: Variables,
    ) -> Option<Expression> {
        self.programs.push((source.0.span, variables));
        let text = &source.0.text;
        if text.is_empty() {
            return None;
        }
        if let Some(program) = text.strip_prefix("cel:") {
            return self.cel(&source.0, program, variables);
        }
        if let Some(template) = text.strip_prefix("tmpl:") {
            return self.template_at(&source.0, template, variables);
        }
        match (self.dialect, bare) {
            (Dialect::Http, Bare::Literal) => {
                self.check_literal(&source.0, variables);
                Some(literal(&source.0))
            }
            _ if is_bare_word(text) && !is_truth(text) => Some(literal(&source.0)),
            _ => self.cel(&source.0, text, variables),
        }
    }

    /// Compiles text that is literal unless `tmpl:` or `cel:` says otherwise.
    pub fn template(&mut self, source: &TemplateText, variables: Variables) -> Option<Expression> {
        self.programs.push((source.0.span, variables));
        let text = &source.0.text;
        if let Some(program) = text.strip_prefix("cel:") {
            return self.cel(&source.0, program, variables);
        }
        match text.strip_prefix("tmpl:") {
            Some(template) => self.template_at(&source.0, template, variables),
            None => {
                self.check_literal(&source.0, variables);
                Some(literal(&source.0))
            }
        }
    }

    /// Warns of literal text that was probably meant to be a program, unless a mistake was noted
    /// there already.
    fn check_literal(&mut self, source: &Text, variables: Variables) {
        let noted = |found: &Diagnostic| {
            let at = found.at.as_ref().map(|at| at.span);
            at.is_some_and(|at| source.span.start <= at.start && at.end <= source.span.end)
        };
        if let Some((message, help, meant)) =
            super::bare::meant_as_program(&source.text, self.dialect, variables)
            && !self.diagnostics.iter().any(noted)
        {
            // What may be a secret is not quoted.
            let (message, help) = match self.file.is_masked(source.span) {
                true => (
                    "this is literal text, but looks like a program".to_owned(),
                    "an expression begins with `cel:`, a template with `tmpl:`".to_owned(),
                ),
                false => (message, help),
            };
            let fix = self.rewrite(source, &meant);
            let at = self.at(source.span);
            let diagnostic = Diagnostic::warning("literal-program", at, message);
            self.note(diagnostic.help(help).fix_if(fix));
        }
    }

    /// Fills in the environment variables of a text. `None` when one is not set.
    pub fn env(&mut self, source: &EnvText) -> Option<String> {
        self.interpolate(&source.0)
    }

    /// Notes that this machine lacks what the file counts on: an error before a run, a warning when
    /// only checking, like an unset variable.
    pub fn lacking(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: &str,
    ) {
        let at = self.at(span);
        self.note(
            Diagnostic {
                severity: self.unset_variable,
                ..Diagnostic::error(code, at, message)
            }
            .help(help),
        );
    }

    /// Fills in the environment variables of a secret. A secret written as plain text is a warning
    /// and is blanked in excerpts.
    pub fn secret(&mut self, source: &SecretText) -> Option<SecretString> {
        self.plain_secret(&source.0);
        self.interpolate(&source.0).map(SecretString::from)
    }

    /// Warns of a secret that is written as plain text, and blanks it in excerpts.
    pub fn plain_secret(&mut self, text: &Text) {
        let written = text.text.as_str();
        let program = written.starts_with("cel:") || written.starts_with("tmpl:");
        // `$NAME` is told on its own.
        let meant = slips::shell_variable(written).is_some();
        if written.is_empty() || program || meant || interpolate::mentions_variable(written) {
            return;
        }
        self.file.mask(text.span);
        self.warning(
            "plain-secret",
            text.span,
            "a secret is written here as plain text",
            "write `${NAME}` and keep the value in the environment",
        );
    }

    /// Fills in the environment variables of any text of the file, each value at its place through
    /// `place`. `None` when one is not set.
    pub fn interpolate(&mut self, source: &Text) -> Option<String> {
        self.check_variables(source);
        let mut missing = false;
        let mut filled = String::new();
        for piece in interpolate::pieces(&source.text) {
            match piece {
                interpolate::Piece::Literal(text) => filled.push_str(text),
                interpolate::Piece::Variable { name, range } => match self.environment.get(name) {
                    Some(value) => filled.push_str(&value),
                    None => {
                        missing = true;
                        let at = self.at(self.locate(source, range));
                        let message = format!("the environment variable `{name}` is not set");
                        self.note(
                            Diagnostic {
                                severity: self.unset_variable,
                                ..Diagnostic::error("unset-variable", at, message)
                            }
                            .help(format!("set it before the run: `export {name}=…`")),
                        );
                    }
                },
            }
        }
        (!missing).then_some(filled)
    }

    fn cel(&mut self, whole: &Text, source: &str, variables: Variables) -> Option<Expression> {
        match CelProgram::compile(source, variables) {
            Ok(program) => {
                let offset = whole.text.len() - source.len();
                for (name, range) in program.columns() {
                    let range = range.start + offset..range.end + offset;
                    let span = self.locate(whole, range);
                    self.columns.push((name.to_owned(), span));
                }
                self.check_has(whole);
                if variables.knows("vars") {
                    let named = program.members("vars");
                    self.check_vars(whole, named.iter().map(String::as_str));
                }
                let program = Expression::new(Program::Cel(program), whole.span);
                self.reads_response |= program.mentions(RESPONSE);
                self.expressions.push(program.clone());
                Some(program)
            }
            Err(problems) => self.problems(whole, source, problems),
        }
    }

    fn template_at(
        &mut self,
        whole: &Text,
        source: &str,
        variables: Variables,
    ) -> Option<Expression> {
        match Template::compile(source, variables) {
            Ok(template) => {
                if variables.knows("vars") {
                    self.check_vars(whole, slips::named_in_template(source).into_iter());
                }
                self.reads_response |= template.source().contains(RESPONSE);
                let program = Expression::new(Program::Template(template), whole.span);
                self.expressions.push(program.clone());
                Some(program)
            }
            Err(problems) => self.problems(whole, source, problems),
        }
    }

    /// Notes the mistakes of a program that is the tail of a scalar.
    fn problems<T>(&mut self, whole: &Text, source: &str, problems: Vec<ExprError>) -> Option<T> {
        let offset = whole.text.len() - source.len();
        let word = source.trim();
        for mut problem in problems {
            // `|` ends a text with a line break.
            if problem.code == "unknown-variable" && word != source && is_bare_word(word) {
                problem.help = Some(format!(
                    "a word stands for itself only without white space around it: write `{word}`"
                ));
                problem.fix = Some((0..source.len(), word.to_owned()));
            }
            let range = problem.range.start + offset..problem.range.end + offset;
            let at = self.at(self.locate(whole, range));
            let edit = problem.fix.and_then(|(range, with)| {
                let range = range.start + offset..range.end + offset;
                whole.edit(self.file.text(), range, &with)
            });
            let diagnostic = Diagnostic::error(problem.code, at, problem.message).fix_if(edit);
            self.note(match problem.help {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            });
        }
        None
    }
}

/// A path without the indexes of list items: `grants[0].map` → `grants.map`.
fn without_indexes(path: &str) -> String {
    path.split('.')
        .map(|key| key.split('[').next().unwrap_or(key))
        .collect::<Vec<_>>()
        .join(".")
}

/// Text that stands for itself.
fn literal(source: &Text) -> Expression {
    Expression::new(Program::Literal(source.text.clone()), source.span)
}

/// `true` and `false` keep their meaning: bound to a query, they are no text.
fn is_truth(text: &str) -> bool {
    matches!(text, "true" | "false")
}
