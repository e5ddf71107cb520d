//! A file that was read → its plan, and everything an author should know about it.

use super::{Plan, compile};
use crate::config::{CompileContext, Environment, Loaded};
use crate::diagnostic::{self, Diagnostic, Severity};

/// How a file is checked.
#[derive(Clone, Copy)]
pub struct Check<'e> {
    /// Where `${NAME}` is looked up.
    pub environment: &'e dyn Environment,
    /// How bad a variable without a value is: an error before a run, a warning where the file is
    /// only checked.
    pub unset_variable: Severity,
    /// Whether warnings count as errors.
    pub strict: bool,
}

/// Compiles a file. Returns the plan, when the file can run, and everything that was found, sorted.
pub fn check(loaded: Loaded, how: Check<'_>) -> (Option<Plan>, Vec<Diagnostic>) {
    let mut found = loaded.diagnostics;
    let mut plan = None;
    if let Some((dialect, config)) = &loaded.config {
        let mut cx = CompileContext::new(
            loaded.file.clone(),
            *dialect,
            how.environment,
            how.unset_variable,
        )
        .with_failed(&loaded.failed);
        plan = compile(config, &loaded.file, &mut cx);
        found.append(&mut cx.diagnostics);
    }
    if how.strict {
        for diagnostic in found
            .iter_mut()
            .filter(|found| found.severity == Severity::Warning)
        {
            diagnostic.severity = Severity::Error;
        }
    }
    diagnostic::sort(&mut found);
    if diagnostic::has_errors(&found) {
        plan = None;
    }
    (plan, found)
}
