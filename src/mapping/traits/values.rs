//! The values that traits are made of: lists, words of closed sets, moments, truth values.

use chrono::{DateTime, Utc};

use crate::config::Wanted;
use crate::config::scalar::ExprText;
use crate::expr::{Expression, Scope, parse_time};
use crate::mapping::field::{FieldContext, optional_text};
use crate::mapping::words::Words;
use crate::mapping::{MappingError, Remarks};
use crate::model::ResourceId;

pub(super) fn compile_all(sources: &[ExprText], fields: &mut FieldContext) -> Vec<Expression> {
    let mut compiled = Vec::new();
    for source in sources {
        if source.0.text.is_empty() {
            fields.cx.warning(
                "empty-expression",
                source.0.span,
                "this entry is empty: it is left out",
                "",
            );
        } else {
            compiled.extend(fields.compile(Wanted::Text, source));
        }
    }
    compiled
}

pub(super) fn texts(
    field: &'static str,
    expressions: &[Expression],
    scope: &Scope<'_>,
) -> Result<Vec<String>, MappingError> {
    let all = expressions
        .iter()
        .map(|expression| optional_text(field, Some(expression), scope));
    Ok(all
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

/// A word of a closed set; `otherwise` with a remark when the system uses another.
pub(super) fn word<T>(
    field: &'static str,
    expression: Option<&Expression>,
    scope: &Scope<'_>,
    id: &ResourceId,
    remarks: &mut Remarks,
    set: &Words<T>,
    otherwise: T,
) -> Result<Option<T>, MappingError> {
    let Some(written) = optional_text(field, expression, scope)? else {
        return Ok(None);
    };
    Ok(Some(set.meaning(&written).unwrap_or_else(|| {
        remarks.add(
            "unknown-word",
            format!(
                "`{field}` of `{id}` is `{}`, a word it cannot have: map it",
                shorten(&written)
            ),
        );
        otherwise
    })))
}

/// A moment; left out with a remark when it is none.
pub(super) fn time(
    field: &'static str,
    expression: Option<&Expression>,
    scope: &Scope<'_>,
    id: &ResourceId,
    remarks: &mut Remarks,
) -> Result<Option<DateTime<Utc>>, MappingError> {
    let Some(expression) = expression else {
        return Ok(None);
    };
    let value = expression
        .value(scope)
        .map_err(MappingError::expression(field))?;
    Ok(parse_time(&value).unwrap_or_else(|problem| {
        remarks.add(
            "bad-date",
            format!("`{field}` of `{id}` is left out: {problem}"),
        );
        None
    }))
}

/// A truth value; `None` when it is null.
pub(super) fn truth(
    field: &'static str,
    expression: Option<&Expression>,
    scope: &Scope<'_>,
) -> Result<Option<bool>, MappingError> {
    let Some(expression) = expression else {
        return Ok(None);
    };
    match expression
        .text(scope)
        .map_err(MappingError::expression(field))?
    {
        Some(text) if !text.is_empty() => expression
            .truth(scope)
            .map(Some)
            .map_err(MappingError::expression(field)),
        _ => Ok(None),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
