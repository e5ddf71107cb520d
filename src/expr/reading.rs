//! What can be told from a program without running it: the fields it reads, the texts it can come to.

use ::cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue};

/// The name under which a program reads a field of the record: `cols` for `.x`, `cols.x` and
/// `cols['x']`, `item` for `item.x`. `None` when it does not read the field.
pub(super) fn root_of_field(expression: &IdedExpr, field: &str) -> Option<&'static str> {
    let here = match &expression.expr {
        Expr::Select(select) if select.field == field => record(&select.operand),
        Expr::Call(call) => match call.args.as_slice() {
            [of, index] if call.func_name == "_[_]" && literal(index) == Some(field) => record(of),
            _ => None,
        },
        _ => None,
    };
    here.or_else(|| {
        parts(expression)
            .into_iter()
            .find_map(|part| root_of_field(part, field))
    })
}

/// The texts that a program may come to as they are written in it: itself, when it is a literal,
/// and both sides of a choice.
pub(super) fn possible_texts(expression: &IdedExpr) -> Vec<&str> {
    match &expression.expr {
        Expr::Call(call) if call.func_name == "_?_:_" => {
            call.args.iter().skip(1).flat_map(possible_texts).collect()
        }
        _ => literal(expression).into_iter().collect(),
    }
}

/// The fields of a variable that a program reads, once each. Asking with `has` reads nothing.
pub(super) fn members(expression: &IdedExpr, variable: &str) -> Vec<String> {
    let is_variable = |of: &IdedExpr| matches!(&of.expr, Expr::Ident(name) if name == variable);
    let mut found: Vec<String> = match &expression.expr {
        Expr::Select(select) if is_variable(&select.operand) && !select.test => {
            vec![select.field.clone()]
        }
        Expr::Call(call) => match call.args.as_slice() {
            [of, index] if call.func_name == "_[_]" && is_variable(of) => {
                literal(index).map(str::to_owned).into_iter().collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    for part in parts(expression) {
        for name in members(part, variable) {
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

/// The name of the record, when the expression is just that.
pub(super) fn record(expression: &IdedExpr) -> Option<&'static str> {
    match &expression.expr {
        Expr::Ident(name) => ["cols", "item"].into_iter().find(|root| root == name),
        _ => None,
    }
}

/// The text of a literal.
pub(super) fn literal(expression: &IdedExpr) -> Option<&str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// The expressions that one is made of.
pub(super) fn parts(expression: &IdedExpr) -> Vec<&IdedExpr> {
    match &expression.expr {
        Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) => Vec::new(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect(),
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map
            .entries
            .iter()
            .flat_map(|found| of_entry(&found.expr))
            .collect(),
        Expr::Struct(fields) => fields
            .entries
            .iter()
            .flat_map(|found| of_entry(&found.expr))
            .collect(),
        Expr::Comprehension(comprehension) => vec![
            &comprehension.iter_range,
            &comprehension.accu_init,
            &comprehension.loop_cond,
            &comprehension.loop_step,
            &comprehension.result,
        ],
    }
}

fn of_entry(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

/// The columns of a row that a program reads without asking first whether they are there.
pub(super) fn columns(expression: &IdedExpr) -> Vec<&str> {
    let (mut read, mut asked) = (Vec::new(), Vec::new());
    let whole = collect(expression, &mut read, &mut asked);
    // What is done with the row as a whole may ask for any column.
    match whole {
        true => Vec::new(),
        false => {
            read.retain(|name| !asked.contains(name));
            read
        }
    }
}

/// Collects the columns that are read and those that `has()` asks for; true when the row is used as a
/// whole.
fn collect<'e>(
    expression: &'e IdedExpr,
    read: &mut Vec<&'e str>,
    asked: &mut Vec<&'e str>,
) -> bool {
    match &expression.expr {
        Expr::Ident(_) => return record(expression).is_some(),
        Expr::Select(select) if record(&select.operand).is_some() => {
            match select.test {
                true => asked.push(&select.field),
                false => read.push(&select.field),
            }
            return false;
        }
        Expr::Call(call) => {
            if let [of, index] = call.args.as_slice()
                && call.func_name == "_[_]"
                && record(of).is_some()
                && let Some(name) = literal(index)
            {
                read.push(name);
                return false;
            }
        }
        _ => {}
    }
    parts(expression)
        .into_iter()
        .any(|part| collect(part, read, asked))
}
