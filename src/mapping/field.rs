//! One field of a mapping: its expression compiled, its text taken from a record.

use super::MappingError;
use crate::config::scalar::ExprText;
use crate::config::{Bare, CompileContext, Wanted};
use crate::expr::{EvalError, Expression, Scope, Value, Variables, to_text};

/// What a mapping carries along while it is compiled.
pub(super) struct FieldContext<'c, 'e> {
    pub cx: &'c mut CompileContext<'e>,
    pub bare: Bare,
    pub variables: Variables,
}

impl FieldContext<'_, '_> {
    /// An optional text. `None` when it is not set, or when a mistake was noted.
    pub fn optional(&mut self, source: &Option<ExprText>) -> Option<Expression> {
        self.optional_for(Wanted::Text, source)
    }

    /// An optional field that is for something else than text.
    pub fn optional_for(
        &mut self,
        wanted: Wanted,
        source: &Option<ExprText>,
    ) -> Option<Expression> {
        source
            .as_ref()
            .and_then(|source| self.compile(wanted, source))
    }

    /// A text that must be set: an empty one is a mistake.
    pub fn required(&mut self, name: &str, source: &ExprText) -> Option<Expression> {
        self.required_for(Wanted::Text, name, source)
    }

    /// An id that must be set.
    pub fn identity(&mut self, name: &str, source: &ExprText) -> Option<Expression> {
        self.required_for(Wanted::Identity, name, source)
    }

    fn required_for(
        &mut self,
        wanted: Wanted,
        name: &str,
        source: &ExprText,
    ) -> Option<Expression> {
        if source.0.text.is_empty() {
            return self
                .cx
                .error("missing-field", source.0.span, format!("`{name}` is empty"));
        }
        self.compile(wanted, source)
    }

    /// Compiles a field that is written.
    pub fn compile(&mut self, wanted: Wanted, source: &ExprText) -> Option<Expression> {
        self.cx
            .expression_for(wanted, source, self.bare, self.variables)
    }
}

/// Whether a `skip_if` says that a record is left out; one that is not set leaves nothing out.
pub fn skips(
    field: &'static str,
    skip_if: Option<&Expression>,
    scope: &Scope<'_>,
) -> Result<bool, MappingError> {
    match skip_if {
        Some(skip_if) => skip_if
            .truth(scope)
            .map_err(MappingError::expression(field)),
        None => Ok(false),
    }
}

/// The text of an expression; `None` when it is null or empty, which both mean "not set".
pub(super) fn optional_text(
    field: &'static str,
    expression: Option<&Expression>,
    scope: &Scope<'_>,
) -> Result<Option<String>, MappingError> {
    let Some(expression) = expression else {
        return Ok(None);
    };
    let text = expression
        .text(scope)
        .map_err(MappingError::expression(field))?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// The text of an expression that identifies something: 1 to 1024 bytes.
pub fn required_id(
    field: &'static str,
    expression: &Expression,
    scope: &Scope<'_>,
) -> Result<String, MappingError> {
    let value = expression
        .value(scope)
        .map_err(MappingError::expression(field))?;
    // JSON numbers beyond 64 bits come as fractions, rounded: two ids could become one.
    if matches!(value, Value::Float(number) if number.fract() == 0.0 && number.abs() >= 2f64.powi(63))
    {
        return Err(MappingError::BadValue {
            field,
            expression: expression.source().to_owned(),
            problem: "is a number of more than 64 bits, whose last digits are lost; the system must send it as text".to_owned(),
        });
    }
    let text = to_text(&value)
        .map_err(|message| EvalError::new(expression.source(), message))
        .map_err(MappingError::expression(field))?
        .filter(|text| !text.is_empty());
    let id = text.ok_or_else(|| MappingError::Empty {
        field,
        expression: expression.source().to_owned(),
    })?;
    match id.len() {
        1..=1024 => Ok(id),
        length => Err(MappingError::TooLong { field, length }),
    }
}
