//! CEL and templates: text → compiled → value.

mod cel;
mod check;
mod choices;
mod convert;
mod depth;
mod dot;
mod error;
mod functions;
mod inputs;
mod key;
mod kind;
mod reading;
mod scope;
mod sentence;
mod simple;
mod slip;
mod standard;
mod template;
mod text;
mod time;
mod typing;
mod value;
mod watch;

pub use cel::{CelProgram, possible_texts};
pub use check::Variables;
pub(crate) use check::members_of;
pub use choices::Choice;
pub(crate) use depth::with_room;
pub use dot::{Preprocessed, columns_asked_for, preprocess};
pub use error::{EvalError, ExprError};
pub use functions::{
    FunctionDoc, documented as documented_functions, standard_functions, standard_methods,
};
pub use inputs::Inputs;
pub use key::CelKey;
pub use kind::Kind;
pub use scope::Scope;
pub(crate) use template::percent_encode;
pub use template::{Escape, Template, documented as documented_template_functions};
pub use text::{to_bool, to_text};
pub use time::parse_time;
pub use value::{Map, Value};
pub use watch::Watch;

use crate::diagnostic::Span;

/// What is written in a field, ready to run, and where it is written.
#[derive(Debug, Clone)]
pub struct Expression {
    program: Program,
    place: Span,
}

/// The program of a field.
#[derive(Debug, Clone)]
pub enum Program {
    /// The text itself.
    Literal(String),
    /// A CEL expression.
    Cel(CelProgram),
    /// A template.
    Template(Template),
}

impl Expression {
    /// A program that is written at `place`: the whole scalar of the file.
    pub fn new(program: Program, place: Span) -> Self {
        Self { program, place }
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The scalar of the file that it is written in.
    pub fn place(&self) -> Span {
        self.place
    }

    /// The text itself, when it is literal.
    pub fn literal(&self) -> Option<&str> {
        match &self.program {
            Program::Literal(text) => Some(text),
            Program::Cel(_) | Program::Template(_) => None,
        }
    }

    /// The value of the expression for one record.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Value, EvalError> {
        self.escaped_value(scope, Escape::None)
    }

    /// The value, in which a template writes what it inserts as `escape` says.
    fn escaped_value(&self, scope: &Scope<'_>, escape: Escape) -> Result<Value, EvalError> {
        let value = match &self.program {
            Program::Literal(text) => Ok(Value::Text(text.clone())),
            Program::Cel(program) => program.value(scope),
            Program::Template(template) => template.render(scope, escape).map(Value::Text),
        };
        if let Some(watch) = scope.inputs().watch() {
            watch.evaluated(self, scope, value.as_ref());
        }
        value
    }

    /// The value as text; `None` when it is null, which stands for absence.
    pub fn text(&self, scope: &Scope<'_>) -> Result<Option<String>, EvalError> {
        self.escaped_text(scope, Escape::None)
    }

    /// The value as text, in which a template writes what it inserts as `escape` says.
    pub fn escaped_text(
        &self,
        scope: &Scope<'_>,
        escape: Escape,
    ) -> Result<Option<String>, EvalError> {
        match self.escaped_value(scope, escape)? {
            Value::Text(text) => Ok(Some(text)),
            value => to_text(&value).map_err(|message| EvalError::new(self.source(), message)),
        }
    }

    /// The value as a truth value.
    pub fn truth(&self, scope: &Scope<'_>) -> Result<bool, EvalError> {
        to_bool(&self.value(scope)?).map_err(|message| EvalError::new(self.source(), message))
    }

    /// Whether the expression names a variable. May say yes for a template that has the word only in
    /// its text.
    pub fn mentions(&self, variable: &str) -> bool {
        match &self.program {
            Program::Literal(_) => false,
            Program::Cel(program) => program.mentions(variable),
            Program::Template(template) => template.source().contains(variable),
        }
    }

    /// The fields of a variable that a CEL expression reads.
    pub fn members(&self, variable: &str) -> Vec<String> {
        match &self.program {
            Program::Cel(program) => program.members(variable),
            Program::Literal(_) | Program::Template(_) => Vec::new(),
        }
    }

    /// The texts that the program may come to as they are written in it: the whole of it, or the
    /// sides of a choice such as `.off ? 'disabled' : 'enabled'`.
    pub fn possible_texts(&self) -> Vec<&str> {
        match &self.program {
            Program::Literal(text) => vec![text],
            Program::Cel(program) => program.possible_texts(),
            Program::Template(_) => Vec::new(),
        }
    }

    /// The value as it is written, when it is the same for every record.
    pub fn constant(&self) -> Option<&str> {
        match &self.program {
            Program::Literal(text) => Some(text),
            Program::Cel(program) if program.is_constant() => Some(program.source()),
            Program::Cel(_) | Program::Template(_) => None,
        }
    }

    /// The kinds of value that the program may come to: one, or those of the sides of a choice.
    pub fn kinds(&self) -> Vec<Kind> {
        match &self.program {
            Program::Literal(_) | Program::Template(_) => vec![Kind::Text],
            Program::Cel(program) => program.kinds(),
        }
    }

    /// The text as its author wrote it.
    pub fn source(&self) -> &str {
        match &self.program {
            Program::Literal(text) => text,
            Program::Cel(program) => program.source(),
            Program::Template(template) => template.source(),
        }
    }
}
