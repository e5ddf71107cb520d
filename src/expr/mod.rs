//! CEL and templates: text → compiled → value.

mod cel;
mod check;
mod convert;
mod depth;
mod dot;
mod error;
mod functions;
mod inputs;
mod key;
mod reading;
mod scope;
mod sentence;
mod simple;
mod template;
mod text;
mod time;
mod value;

pub use cel::CelProgram;
pub use check::Variables;
pub use dot::{Preprocessed, preprocess};
pub use error::{EvalError, ExprError};
pub use functions::{FunctionDoc, documented as documented_functions};
pub use inputs::Inputs;
pub use key::CelKey;
pub use scope::Scope;
pub(crate) use template::percent_encode;
pub use template::{Escape, Template, documented as documented_template_functions};
pub use text::{to_bool, to_text};
pub use time::parse_time;
pub use value::{Map, Value};

/// A field's program: what is written there, ready to run.
#[derive(Debug, Clone)]
pub enum Expression {
    /// The text itself.
    Literal(String),
    /// A CEL expression.
    Cel(CelProgram),
    /// A template.
    Template(Template),
}

impl Expression {
    /// The value of the expression for one record.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Value, EvalError> {
        match self {
            Expression::Literal(text) => Ok(Value::Text(text.clone())),
            Expression::Cel(program) => program.value(scope),
            Expression::Template(template) => template
                .render(scope.inputs(), Escape::None)
                .map(Value::Text),
        }
    }

    /// The value as text; `None` when it is null, which stands for absence.
    pub fn text(&self, scope: &Scope<'_>) -> Result<Option<String>, EvalError> {
        match self {
            Expression::Literal(text) => Ok(Some(text.clone())),
            _ => to_text(&self.value(scope)?)
                .map_err(|message| EvalError::new(self.source(), message)),
        }
    }

    /// The value as a truth value.
    pub fn truth(&self, scope: &Scope<'_>) -> Result<bool, EvalError> {
        to_bool(&self.value(scope)?).map_err(|message| EvalError::new(self.source(), message))
    }

    /// Whether the expression names a variable. May say yes for a template that has the word only in
    /// its text.
    pub fn mentions(&self, variable: &str) -> bool {
        match self {
            Expression::Literal(_) => false,
            Expression::Cel(program) => program.mentions(variable),
            Expression::Template(template) => template.source().contains(variable),
        }
    }

    /// The fields of a variable that a CEL expression reads.
    pub fn members(&self, variable: &str) -> Vec<String> {
        match self {
            Expression::Cel(program) => program.members(variable),
            Expression::Literal(_) | Expression::Template(_) => Vec::new(),
        }
    }

    /// The texts that the program may come to as they are written in it: the whole of it, or the
    /// sides of a choice such as `.off ? 'disabled' : 'enabled'`.
    pub fn possible_texts(&self) -> Vec<&str> {
        match self {
            Expression::Literal(text) => vec![text],
            Expression::Cel(program) => program.possible_texts(),
            Expression::Template(_) => Vec::new(),
        }
    }

    /// The text as its author wrote it.
    pub fn source(&self) -> &str {
        match self {
            Expression::Literal(text) => text,
            Expression::Cel(program) => program.source(),
            Expression::Template(template) => template.source(),
        }
    }
}
