//! The expressions that most mappings are made of, evaluated without the interpreter: a field, its
//! text, whether two of them are equal. For those, making the interpreter's variables would cost
//! more than everything else that is done with a record.

use std::borrow::Cow;

use ::cel::common::ast::{Expr, IdedExpr, operators};

use super::reading::{literal, record};
use super::{Scope, Value, to_text};

/// An expression with a shortcut to its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Simple {
    /// A text as written.
    Literal(Value),
    /// A field of the record.
    Field(String),
    /// A member of a variable, such as `resource.ID`.
    Member { variable: String, field: String },
    /// `string(…)`.
    Text(Box<Simple>),
    /// `==`, or `!=` when `same` is false.
    Equal {
        left: Box<Simple>,
        right: Box<Simple>,
        same: bool,
    },
}

impl Simple {
    /// The shortcut of an expression, when there is one.
    pub fn of(expression: &IdedExpr) -> Option<Self> {
        if let Some(text) = literal(expression) {
            return Some(Simple::Literal(Value::from(text)));
        }
        match &expression.expr {
            Expr::Select(select) if !select.test => {
                let field = select.field.clone();
                match &select.operand.expr {
                    _ if record(&select.operand).is_some() => Some(Simple::Field(field)),
                    Expr::Ident(variable) => Some(Simple::Member {
                        variable: variable.clone(),
                        field,
                    }),
                    _ => None,
                }
            }
            Expr::Call(call) if call.target.is_none() => {
                match (call.func_name.as_str(), call.args.as_slice()) {
                    ("string", [of]) => Some(Simple::Text(Box::new(Simple::of(of)?))),
                    (operators::INDEX, [of, index]) if record(of).is_some() => {
                        Some(Simple::Field(literal(index)?.to_owned()))
                    }
                    (operators::EQUALS | operators::NOT_EQUALS, [left, right]) => {
                        Some(Simple::Equal {
                            left: Box::new(Simple::of(left)?),
                            right: Box::new(Simple::of(right)?),
                            same: call.func_name == operators::EQUALS,
                        })
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The value for one record; `None` where the interpreter has to say, be it only what is wrong.
    pub fn value<'v>(&'v self, scope: &'v Scope<'_>) -> Option<Cow<'v, Value>> {
        match self {
            Simple::Literal(value) => Some(Cow::Borrowed(value)),
            Simple::Field(field) => plain(scope.record()?.get(field)?),
            Simple::Member { variable, field } => plain(scope.inputs().get(variable)?.get(field)?),
            Simple::Text(of) => match of.value(scope)? {
                text if matches!(*text, Value::Text(_)) => Some(text),
                number if matches!(*number, Value::Int(_) | Value::UInt(_)) => to_text(&number)
                    .ok()
                    .flatten()
                    .map(Value::Text)
                    .map(Cow::Owned),
                _ => None,
            },
            Simple::Equal { left, right, same } => {
                let (left, right) = (left.value(scope)?, right.value(scope)?);
                let equal = match (&*left, &*right) {
                    (Value::Text(left), Value::Text(right)) => left == right,
                    (Value::Int(left), Value::Int(right)) => left == right,
                    _ => return None,
                };
                Some(Cow::Owned(Value::Bool(equal == *same)))
            }
        }
    }
}

/// A value that passes through the interpreter as it is. Maps do not: they come out sorted.
fn plain(value: &Value) -> Option<Cow<'_, Value>> {
    match value {
        Value::List(_) | Value::Map(_) => None,
        value => Some(Cow::Borrowed(value)),
    }
}

#[cfg(test)]
mod tests {
    use crate::expr::{CelProgram, Inputs, Map, Scope, Value, Variables};

    /// Whatever the shortcut says, the interpreter says too.
    #[test]
    fn a_shortcut_leads_where_the_long_way_leads() {
        let moment = chrono::DateTime::parse_from_rfc3339("2026-03-04T05:06:07.5+02:00").unwrap();
        let record = Value::Map(Map::from_iter(
            [
                ("id", Value::Int(7)),
                ("big", Value::UInt(u64::MAX)),
                ("name", Value::from("g1")),
                ("none", Value::Null),
                ("on", Value::Bool(true)),
                ("part", Value::Float(1.5)),
                ("bytes", Value::Bytes(b"g1".to_vec())),
                ("at", Value::Timestamp(moment)),
                ("list", Value::List(vec![Value::Int(1)])),
                ("uint", Value::UInt(7)),
                ("whole", Value::Float(7.0)),
                ("nan", Value::Float(f64::NAN)),
                ("minus", Value::Float(-0.0)),
                ("huge", Value::Float(1e300)),
                (
                    "span",
                    Value::Duration(chrono::TimeDelta::milliseconds(-1500)),
                ),
                (
                    "map",
                    Value::Map(Map::from_iter([("k".to_owned(), Value::Int(1))])),
                ),
                ("item", Value::from("shadow")),
                ("resource", Value::from("shadow")),
                ("empty", Value::from("")),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        ));
        let profile = Map::from_iter([("mail".to_owned(), Value::from("g1"))]);
        let resource = Value::Map(Map::from_iter(
            [
                ("ID", Value::from("g1")),
                ("type", Value::UInt(7)),
                ("profile", Value::Map(profile)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        ));
        let inputs = Inputs::new().with("resource", resource);
        let fields = [
            "id", "big", "name", "none", "on", "part", "bytes", "at", "list", "gone", "uint",
            "whole", "nan", "minus", "huge", "span", "map", "item", "resource", "empty",
        ];
        let mut sources: Vec<String> = vec!["'text'".into(), "resource.ID".into()];
        for field in fields {
            for one in [
                format!(".{field}"),
                format!("item.{field}"),
                format!("cols['{field}']"),
                format!("string(.{field})"),
            ] {
                for sign in ["==", "!="] {
                    sources.push(format!("{one} {sign} resource.ID"));
                    sources.push(format!("{one} {sign} .id"));
                    sources.push(format!("{one} {sign} 'g1'"));
                    sources.push(format!("{one} {sign} string(.uint)"));
                    sources.push(format!("{one} {sign} ''"));
                    sources.push(format!("{one} {sign} {one}"));
                    sources.push(format!("({one} {sign} .uint) == (.id == .uint)"));
                    sources.push(format!("{one} {sign} 7"));
                    sources.push(format!("{one} {sign} resource.type"));
                    sources.push(format!("{one} {sign} resource.profile.mail"));
                }
                sources.push(one);
            }
        }
        let mut short = 0;
        for source in sources {
            let variables = Variables::of(&["cols", "item", "resource"]);
            // Some compare what is never equal.
            let Ok(program) = CelProgram::compile(&source, variables) else {
                continue;
            };
            let scope = Scope::new(&inputs, Some(&record));
            if let Some(value) = program.shortcut(&scope) {
                short += 1;
                // As they are printed, because no number that is none equals itself.
                let interpreted = format!("{:?}", program.interpret(&scope).ok());
                assert_eq!(interpreted, format!("{:?}", Some(value)), "{source}");
            }
        }
        assert!(short > 50, "only {short} expressions have a shortcut");
    }
}
