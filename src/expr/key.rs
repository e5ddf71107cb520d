//! The part of a condition that must equal the resource's id.

use std::sync::Arc;

use ::cel::common::ast::{Expr, IdedExpr, operators};

use super::cel::CelProgram;
use super::simple::Simple;
use super::{EvalError, Scope, Value};

/// A part of an expression, evaluated alone.
#[derive(Clone)]
pub struct CelKey {
    whole: CelProgram,
    key: Arc<IdedExpr>,
    simple: Option<Simple>,
}

impl CelKey {
    /// Finds the part in a condition that is true for every resource but one, as in
    /// `string(.slug) != resource.ID || .is_owner != 1`.
    pub fn find(program: &CelProgram) -> Option<Self> {
        let key = required_id(program.expression())?.clone();
        Some(Self {
            whole: program.clone(),
            simple: Simple::of(&key),
            key: Arc::new(key),
        })
    }

    /// The text of the part; `None` when it is something else than text, which equals no id.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Option<String>, EvalError> {
        let short = self.simple.as_ref().and_then(|simple| simple.value(scope));
        let value = match short {
            Some(value) => value.into_owned(),
            None => self.whole.resolve(&self.key, scope).map_err(|error| {
                EvalError::new(self.whole.source(), super::sentence::sentence(&error))
            })?,
        };
        Ok(match value {
            Value::Text(text) => Some(text),
            _ => None,
        })
    }
}

impl std::fmt::Debug for CelKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CelKey(in {:?})", self.whole.source())
    }
}

/// Finds `x != resource.ID` or `!(x == resource.ID)` among the alternatives of a condition.
fn required_id(condition: &IdedExpr) -> Option<&IdedExpr> {
    let Expr::Call(call) = &condition.expr else {
        return None;
    };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::LOGICAL_OR, alternatives) => alternatives.iter().find_map(required_id),
        (operators::NOT_EQUALS, [left, right]) => compared_with_id(left, right),
        (
            operators::LOGICAL_NOT,
            [
                IdedExpr {
                    expr: Expr::Call(inner),
                    ..
                },
            ],
        ) => match (inner.func_name.as_str(), inner.args.as_slice()) {
            (operators::EQUALS, [left, right]) => compared_with_id(left, right),
            _ => None,
        },
        _ => None,
    }
}

fn compared_with_id<'e>(left: &'e IdedExpr, right: &'e IdedExpr) -> Option<&'e IdedExpr> {
    let key = match (is_resource_id(left), is_resource_id(right)) {
        (true, false) => right,
        (false, true) => left,
        _ => return None,
    };
    (!key.references().has_variable("resource")).then_some(key)
}

fn is_resource_id(expression: &IdedExpr) -> bool {
    let Expr::Select(select) = &expression.expr else {
        return false;
    };
    let of_resource = matches!(&select.operand.expr, Expr::Ident(name) if name == "resource");
    of_resource && !select.test && matches!(select.field.as_str(), "ID" | "id")
}
