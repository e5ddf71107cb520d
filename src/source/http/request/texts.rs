//! The texts of a request: literal, template or CEL, compiled and rendered.

use reqwest::header::HeaderName;

use crate::config::CompileContext;
use crate::config::decode::Named;
use crate::config::scalar::TemplateText;
use crate::diagnostic::{Diagnostic, Severity};
use crate::expr::{Escape, EvalError, Expression, Inputs, Program, Scope, Variables};

/// Compiles a text of a request. In literal text `${NAME}` stands for an environment variable.
pub(in crate::source::http) fn literal_or_program(
    source: &TemplateText,
    variables: Variables,
    cx: &mut CompileContext,
) -> Option<Expression> {
    let compiled = cx.template(source, variables)?;
    if compiled.literal().is_none() {
        return Some(compiled);
    }
    // A variable that is not set was noted; what is compiled in its place is never sent.
    let text = cx.interpolate(&source.0).unwrap_or_default();
    Some(Expression::new(Program::Literal(text), compiled.place()))
}

/// The text of an expression for one record; `None` when it is null.
pub(in crate::source::http) fn render(
    expression: &Expression,
    inputs: &Inputs,
    escape: Escape,
) -> Result<Option<String>, EvalError> {
    match expression.literal() {
        // It may hold a value of the environment: nobody who looks on sees it.
        Some(text) => Ok(Some(text.to_owned())),
        None => expression.escaped_text(&Scope::new(inputs, None), escape),
    }
}

/// Names of headers, checked where they are written.
pub(in crate::source::http) fn header_names(
    headers: &Named<TemplateText>,
    cx: &mut CompileContext,
) -> bool {
    let before = cx.diagnostics.len();
    for (name, _) in headers.iter() {
        if HeaderName::from_bytes(name.text.as_bytes()).is_err() {
            let at = cx.at(name.span);
            let meant = name.text.trim().replace(' ', "-");
            let fix = HeaderName::from_bytes(meant.as_bytes())
                .ok()
                .and_then(|_| name.rename(at.file.text(), &meant));
            let help = match &fix {
                Some(_) => format!("did you mean `{meant}`?"),
                None => "a name has letters, digits and hyphens, as in `X-Api-Version`".to_owned(),
            };
            let message = format!("`{}` is not the name of a header", name.text);
            cx.note(
                Diagnostic::error("bad-header", at, message)
                    .help(help)
                    .fix_if(fix),
            );
        }
    }
    cx.diagnostics[before..]
        .iter()
        .all(|found| found.severity != Severity::Error)
}
