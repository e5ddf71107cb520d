//! One field of a mapping: its expression compiled, its text taken from a record.

use super::MappingError;
use crate::config::scalar::ExprText;
use crate::config::{Bare, CompileContext};
use crate::expr::{Expression, Scope, Variables};

/// What a mapping carries along while it is compiled.
pub(super) struct FieldContext<'c, 'e> {
    pub cx: &'c mut CompileContext<'e>,
    pub bare: Bare,
    pub variables: Variables,
}

impl FieldContext<'_, '_> {
    /// An optional field. `None` when it is not set, or when a mistake was noted.
    pub fn optional(&mut self, source: &Option<ExprText>) -> Option<Expression> {
        source
            .as_ref()
            .and_then(|source| self.cx.expression(source, self.bare, self.variables))
    }

    /// A field that must be set: an empty text is a mistake.
    pub fn required(&mut self, name: &str, source: &ExprText) -> Option<Expression> {
        if source.0.text.is_empty() {
            return self
                .cx
                .error("missing-field", source.0.span, format!("`{name}` is empty"));
        }
        self.cx.expression(source, self.bare, self.variables)
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
pub(super) fn required_id(
    field: &'static str,
    expression: &Expression,
    scope: &Scope<'_>,
) -> Result<String, MappingError> {
    let text = optional_text(field, Some(expression), scope)?;
    let id = text.ok_or_else(|| MappingError::Empty {
        field,
        expression: expression.source().to_owned(),
    })?;
    match id.len() {
        1..=1024 => Ok(id),
        length => Err(MappingError::TooLong { field, length }),
    }
}
